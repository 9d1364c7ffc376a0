"""Migrations of your tables, written by `just make-migration NAME`."""
