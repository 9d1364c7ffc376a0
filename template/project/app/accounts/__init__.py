"""Accounts: users, ways to sign in, roles and permissions.

In the order in which they can be read:

- `models`, `schemas`, `settings`: the tables, what requests contain, the secret key and rate limit;
- `tokens`, `passwords`, `roles`, `users`: opaque tokens, hashes, permissions, rules of accounts;
- `caller`, `attempts`: who sends a request, and the rate limit;
- `authentication`: how each kind of credential is checked, with the modules beside it that each
  imports: the settings and the tokens of this way to sign in;
- `access`: caller and permissions as dependencies of routes;
- `routes`, which `api` joins, with the modules that each imports; `notices` of changes to owners;
  `permissions` and `commands`.

What one way to sign in needs is there for all: the tables have its columns. `Caller.scopes`,
`Caller.session` and `keep_session` keep their defaults where no credential has scopes, or a new
password revokes every session.
"""
