"""Direct access to a service's database, without the service's own code."""

# ruff: noqa: S608 - the statements are ours, and so are the values in them

from contextlib import AbstractContextManager

from tests.support import databases
from tests.support.databases import Row, Session
from tests.support.harness import Service


def session(url: str) -> AbstractContextManager[Session]:
    """Connect to the database of a Tortoise URL."""
    return databases.of_url(url).session(url)


def query(service: Service, statement: str) -> list[Row]:
    """Run one statement in the service's database and return its rows."""
    with session(service.database_url) as database:
        return database.execute(statement)


def count(service: Service, table: str, condition: str = "1 = 1") -> int:
    """Count rows."""
    return int(query(service, f"SELECT count(*) FROM {table} WHERE {condition}")[0][0])


def tables(service: Service) -> list[str]:
    """Return the names of all tables."""
    return [name for (name,) in query(service, service.database_kind.list_tables)]


def columns(service: Service, table: str) -> set[str]:
    """Return the names of a table's columns."""
    found = query(service, service.database_kind.list_columns.format(table=table))
    return {str(name) for (name,) in found}


def schema(service: Service) -> list[list[Row]]:
    """Return the catalogue of the database: tables, columns, indexes and constraints."""
    return [query(service, statement) for statement in service.database_kind.describe_schema]


def dump(service: Service) -> str:
    """Return every value of every table as text."""
    return "\n".join(
        repr(row) for table in tables(service) for row in query(service, f"SELECT * FROM {table}")
    )


def server_version(url: str) -> str:
    """Return the version that the server reports."""
    with session(url) as database:
        version = str(database.execute(databases.of_url(url).ask_version)[0][0])
    return version.partition(" on ")[0].partition(" (")[0]
