"""What the tests know of MySQL."""
