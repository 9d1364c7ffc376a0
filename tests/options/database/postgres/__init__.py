"""What the tests know of PostgreSQL."""
