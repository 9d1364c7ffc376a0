"""Migrations of people, roles and tokens."""
