"""A module that services are started with; its folder is in their path."""
