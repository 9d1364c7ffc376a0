"""What clients, operators and bad days do to a running service."""
