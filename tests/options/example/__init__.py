"""The example that a new service contains besides accounts."""
