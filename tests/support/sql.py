"""A look into a service's database past the service, with the plain drivers."""

# ruff: noqa: S608 - the statements are ours, and so are the values in them

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol
from urllib.parse import urlsplit

import asyncmy
import asyncpg

from tests.support.harness import Service

Row = tuple[Any, ...]


class Session(Protocol):
    """One connection. Statements are committed one by one unless BEGIN was executed."""

    def execute(self, statement: str) -> list[Row]:
        """Run a statement and return its rows."""


@contextmanager
def session(url: str) -> Iterator[Session]:
    """Connect to the database of a Tortoise URL."""
    kind = urlsplit(url).scheme
    connect = {"sqlite": _sqlite, "postgres": _postgres, "mysql": _mysql}[kind]
    with connect(url) as connected:
        yield connected


def query(service: Service, statement: str) -> list[Row]:
    """Run one statement in the service's database and return its rows."""
    with session(service.database_url) as database:
        return database.execute(statement)


def count(service: Service, table: str, condition: str = "1 = 1") -> int:
    """Count rows."""
    return int(query(service, f"SELECT count(*) FROM {table} WHERE {condition}")[0][0])


def tables(service: Service) -> list[str]:
    """Return the names of all tables."""
    return [name for (name,) in query(service, _TABLES[service.database])]


def schema(service: Service) -> list[list[Row]]:
    """Return what the database says of its tables, columns, indexes and constraints."""
    return [query(service, statement) for statement in _SCHEMA[service.database]]


def dump(service: Service) -> str:
    """Return every value of every table as text."""
    return "\n".join(
        repr(row) for table in tables(service) for row in query(service, f"SELECT * FROM {table}")
    )


def server_version(url: str) -> str:
    """Return what the server calls itself."""
    statement = "SELECT version()"
    if url.startswith("sqlite"):
        statement = "SELECT 'SQLite ' || sqlite_version()"
    with session(url) as database:
        version = str(database.execute(statement)[0][0])
    return version.partition(" on ")[0].partition(" (")[0]


_SCHEMA = {
    "sqlite": (
        """SELECT type, name, tbl_name, sql FROM sqlite_master
        WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name""",
    ),
    "postgres": (
        """SELECT table_name, column_name, data_type, character_maximum_length, is_nullable,
        column_default FROM information_schema.columns WHERE table_schema = 'public'
        ORDER BY table_name, column_name""",
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY indexname",
        """SELECT conname, pg_get_constraintdef(oid) AS definition FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace ORDER BY conname""",
    ),
    "mysql": (
        """SELECT table_name, column_name, column_type, is_nullable, column_default, column_key
        FROM information_schema.columns WHERE table_schema = DATABASE()
        ORDER BY table_name, column_name""",
        """SELECT table_name, index_name, column_name, non_unique FROM information_schema.statistics
        WHERE table_schema = DATABASE() ORDER BY table_name, index_name, seq_in_index""",
        """SELECT table_name, constraint_name, delete_rule
        FROM information_schema.referential_constraints WHERE constraint_schema = DATABASE()
        ORDER BY table_name, constraint_name""",
    ),
}
_TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
    "postgres": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
    "mysql": "SELECT table_name FROM information_schema.tables WHERE table_schema = database()",
}


class _SQLite:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def execute(self, statement: str) -> list[Row]:
        return self.connection.execute(statement).fetchall()


@contextmanager
def _sqlite(url: str) -> Iterator[Session]:
    path = url.removeprefix("sqlite://")
    connection = sqlite3.connect(path, isolation_level=None, timeout=30)
    try:
        yield _SQLite(connection)
    finally:
        connection.close()


class _Remote:
    """Drives an asynchronous driver from plain code."""

    def __init__(self, run: Callable[[str], Awaitable[list[Row]]], runner: asyncio.Runner) -> None:
        self.run = run
        self.runner = runner

    def execute(self, statement: str) -> list[Row]:
        async def work() -> list[Row]:
            return await self.run(statement)

        return self.runner.run(work())


@contextmanager
def _postgres(url: str) -> Iterator[Session]:
    with asyncio.Runner() as runner:
        connection = runner.run(asyncpg.connect(url, timeout=10))

        async def run(statement: str) -> list[Row]:
            return [tuple(row) for row in await connection.fetch(statement)]

        try:
            yield _Remote(run, runner)
        finally:
            runner.run(connection.close(timeout=5))


@contextmanager
def _mysql(url: str) -> Iterator[Session]:
    parts = urlsplit(url)
    arguments: dict[str, Any] = {
        "host": parts.hostname,
        "port": parts.port or 3306,
        "user": parts.username or "root",
        "password": parts.password or "",
        "database": parts.path.removeprefix("/"),
        "charset": "utf8mb4",
        "autocommit": True,
    }
    with asyncio.Runner() as runner:

        async def connect() -> Any:  # noqa: ANN401 - the driver has no types
            return await asyncmy.connect(**arguments)

        connection = runner.run(connect())

        async def run(statement: str) -> list[Row]:
            async with connection.cursor() as cursor:
                await cursor.execute(statement)
                return list(await cursor.fetchall()) if cursor.description else []

        try:
            yield _Remote(run, runner)
        finally:
            connection.close()
