"""The changes, by subject."""
