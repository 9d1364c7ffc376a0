"""The database: driver, connection, migrations, queries. Independent of all parts."""
