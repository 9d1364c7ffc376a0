"""What the service can do. Knows nothing of HTTP."""
