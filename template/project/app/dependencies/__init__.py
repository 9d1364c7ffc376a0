"""What routes ask for: the caller, a page, an id."""
