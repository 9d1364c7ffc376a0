"""What machines call the service."""
