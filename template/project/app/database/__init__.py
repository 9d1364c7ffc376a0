"""The database: its driver, the connection, migrations, queries. Knows no part."""
