"""The short name of the service for machines."""
