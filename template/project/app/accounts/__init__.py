"""Accounts: users, ways to sign in, roles and permissions.

To read them: `models` are the tables, `users` and `roles` the rules, `passwords` the hashes and
`login` the check of a password with its limit of attempts. `authentication` finds the caller of a
request by its credential, `access` makes caller and permissions dependencies of routes, `routes`
are the routes. `tokens` are secrets that the database stores as hashes.
"""
