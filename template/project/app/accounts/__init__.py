"""Accounts: users, ways to sign in, roles and permissions.

In the order in which they can be read:

- `models`, `schemas`, `settings`: the tables, what requests may contain, and the secret key;
- `tokens`, `passwords`, `roles`, `users`: stored secrets, hashes, permissions and accounts;
- `caller`, `attempts`: who sends a request, and rate limits;
- `authentication`: how each kind of credential is checked, with the modules that it imports;
- `access`: caller and permissions as dependencies of routes;
- `routes`, which `api` joins, and `commands`.
"""
