"""Continuous integration: checks of each push."""
