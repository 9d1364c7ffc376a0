"""Tools of development; the running service imports none of them."""
