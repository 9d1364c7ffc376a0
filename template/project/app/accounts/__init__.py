"""Accounts: users, ways to sign in, roles and permissions."""
