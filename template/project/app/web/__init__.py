"""What surrounds every request. Knows no part of the service."""
