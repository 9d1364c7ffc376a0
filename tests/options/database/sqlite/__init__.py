"""What the tests know of SQLite."""
