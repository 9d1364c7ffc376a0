"""Routes of each way to sign in."""
