"""The name of the service for people."""
