"""Notes: the example, and the pattern of a part."""
