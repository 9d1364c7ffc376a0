"""The first days of an owner."""
