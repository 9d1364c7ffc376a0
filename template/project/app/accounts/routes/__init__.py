"""Routes of accounts: users and roles, and each way to sign in."""
