"""PostgreSQL through asyncpg: its URL, its errors, its lock for migrations."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Annotated, Any
from urllib.parse import parse_qsl, unquote, urlsplit

import asyncpg  # type: ignore[import-untyped]  # it ships no types
from pydantic import BaseModel, Field, ValidationInfo, field_validator
from tortoise.exceptions import DBConnectionError, IntegrityError

EXAMPLE_URL = "postgres://user:password@127.0.0.1:5432/database"
VERSION_QUERY = "SELECT version() AS version"
TABLES_QUERY = (
    "SELECT tablename AS name FROM pg_tables WHERE schemaname = ANY(current_schemas(false))"
)
LOCK_WAIT_SECONDS = 60
LOCK_POLL_SECONDS = 0.2
LOCK_TIMEOUT_SECONDS = 5
LOCK_KEY = 7_215_043_101

UNAVAILABLE: tuple[type[Exception], ...] = (
    DBConnectionError,
    asyncpg.PostgresConnectionError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    ConnectionError,
    socket.gaierror,
    TimeoutError,
)
"""Errors of the driver while the server is unreachable, restarting or overloaded."""

DRIVER_ERROR = asyncpg.PostgresError
"""Error of the driver when the server refuses a statement."""


class PoolSettings(BaseModel):
    """Minimum and maximum size of the connection pool of each worker process."""

    db_pool_min: Annotated[int, Field(ge=1)] = 1
    db_pool_max: Annotated[int, Field(ge=2)] = 10

    @field_validator("db_pool_max")
    @classmethod
    def maximum_is_at_least_minimum(cls, largest: int, fields: ValidationInfo) -> int:
        """Refuse a maximum below the minimum."""
        if largest < fields.data.get("db_pool_min", 1):
            raise ValueError("allow at least as many as DB_POOL_MIN")
        return largest


def is_unavailable(error: Exception) -> bool:
    """Return whether the server cannot answer, in contrast to a wrong statement."""
    refused_argument = isinstance(error, asyncpg.InterfaceError) and isinstance(error, ValueError)
    return isinstance(error, UNAVAILABLE) and not refused_argument


def must_retry(error: Exception) -> bool:
    """Return whether the transaction was rolled back and can be retried (40001, 40P01)."""
    return isinstance(error, asyncpg.TransactionRollbackError)


def is_lock_timeout(error: Exception) -> bool:
    """Return whether a statement waited too long for a lock that another session holds (55P03)."""
    return isinstance(error, asyncpg.LockNotAvailableError)


def taken_columns(error: IntegrityError) -> list[str]:
    """Return the columns of a violated unique constraint; none for other constraints."""
    cause = error.args[0]
    detail = cause.detail if isinstance(cause, asyncpg.UniqueViolationError) else None
    # `Key (a, b)=(1, 2) already exists.`, in the server's language, the columns before the values
    key = re.match(r"[^(]*\((.+?)\)=\(", detail or "")
    return [name.strip('"') for name in key[1].split(", ")] if key else []


def credentials(url: str) -> dict[str, Any]:
    """Parse the URL into keyword arguments of `asyncpg.connect`.

    Raises:
        ValueError: The URL is not one of PostgreSQL; the message says what to write.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or 5432
    except ValueError:
        parts, port = urlsplit(""), 0
    options = dict(parse_qsl(parts.query))
    database = unquote(parts.path.removeprefix("/"))
    known = {"host", "sslmode"}
    if parts.scheme not in {"postgres", "postgresql"} or not database or set(options) - known:
        raise ValueError(f"write a URL such as {EXAMPLE_URL}")
    arguments = {
        "host": options.get("host") or parts.hostname,
        "port": port,
        "user": unquote(parts.username or "postgres"),
        "password": unquote(parts.password) if parts.password else None,
        "database": database,
        "ssl": options.get("sslmode"),
    }
    return {name: value for name, value in arguments.items() if value is not None}


def connection(url: str, size: PoolSettings) -> dict[str, Any]:
    """Return Tortoise's configuration of the connection pool."""
    pool = {
        "minsize": size.db_pool_min,
        "maxsize": size.db_pool_max,
        "timeout": 5,
        "command_timeout": 30,
        "max_inactive_connection_lifetime": 60,
    }
    return {"engine": "tortoise.backends.asyncpg", "credentials": credentials(url) | pool}


def migration_connection(connection: dict[str, Any]) -> dict[str, Any]:
    """Return the pool of migrations: statements have no timeout, waits for locks a short one."""
    settings = {"lock_timeout": f"{LOCK_TIMEOUT_SECONDS}s"}
    waits = {"command_timeout": None, "server_settings": settings}
    return connection | {"credentials": connection["credentials"] | waits}


async def create_database(url: str) -> None:
    """Create the database unless it exists.

    Raises:
        PermissionError: The role lacks the right; the message contains the statement to run.
    """
    arguments = credentials(url)
    try:
        connection = await asyncpg.connect(**arguments, timeout=5)
    except asyncpg.InvalidCatalogNameError:
        statement = f"CREATE DATABASE {_quoted(arguments['database'])}"
    else:
        await connection.close()
        return
    try:
        with suppress(asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):  # a race
            await _execute_elsewhere(arguments, statement)
    except asyncpg.InsufficientPrivilegeError as error:
        raise PermissionError(
            f"This role may not create databases. Ask an administrator to run: {statement};"
        ) from error


async def drop_database(url: str) -> None:
    """Drop the database with all its rows, if it exists."""
    arguments = credentials(url)
    statement = f"DROP DATABASE IF EXISTS {_quoted(arguments['database'])} WITH (FORCE)"
    await _execute_elsewhere(arguments, statement)


@asynccontextmanager
async def migration_lock(url: str) -> AsyncIterator[None]:
    """Hold the migration lock: one process migrates while the others wait.

    A separate session holds it, so it is released even if the process dies. Waiting processes
    poll: a blocked statement would be a transaction for which CREATE INDEX CONCURRENTLY waits.

    Raises:
        TimeoutError: Another process has held the lock for a minute.
    """
    connection = await asyncpg.connect(**credentials(url), timeout=5)
    try:
        for _ in range(round(LOCK_WAIT_SECONDS / LOCK_POLL_SECONDS)):
            if await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK_KEY):
                break
            await asyncio.sleep(LOCK_POLL_SECONDS)
        else:
            raise TimeoutError(
                f"Another process has been migrating for {LOCK_WAIT_SECONDS} seconds"
            )
        yield
    finally:
        await connection.close()


async def _execute_elsewhere(arguments: dict[str, Any], statement: str) -> None:
    connection = await asyncpg.connect(**arguments | {"database": "postgres"}, timeout=5)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
