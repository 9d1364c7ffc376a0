"""Facts about each database that the tests need, one package per database."""
