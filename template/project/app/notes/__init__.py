"""Notes: the example of a part, to be copied."""
