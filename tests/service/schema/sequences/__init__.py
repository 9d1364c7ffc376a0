"""Random changes of random models, applied one after the other, and undone."""
