"""What routes ask for, such as the caller."""
