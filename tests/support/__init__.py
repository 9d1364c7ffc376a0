"""What several kinds of tests use; no tests."""
