"""Rendered services that run."""
