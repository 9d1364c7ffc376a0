"""What people call the service."""
