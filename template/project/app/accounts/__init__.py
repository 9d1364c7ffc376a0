"""Accounts: users, ways to sign in, roles and permissions.

In the order in which they can be read:

- `models`, `schemas`, `settings`: the tables, what requests contain, the secret key and rate limit;
- `tokens`, `passwords`, `roles`, `users`: opaque tokens, hashes, permissions, rules of accounts;
- `caller`, `attempts`: who sends a request, and the rate limit;
- `authentication`: how each kind of credential is checked, with the tokens and settings of each;
- `access`: caller and permissions as dependencies of routes;
- `routes`, which `api` joins, and `commands`, with the rest of the modules for one or the other.
"""
