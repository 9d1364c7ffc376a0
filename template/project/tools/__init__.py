"""Development tools; the running service imports none of them."""
