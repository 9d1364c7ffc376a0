"""Random changes of random models, one after the other, and all the way back."""
