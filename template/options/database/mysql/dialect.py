"""MySQL and MariaDB through asyncmy: the URL, the errors, the lock for migrations."""

import re
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any
from urllib.parse import parse_qsl, unquote, urlsplit

import asyncmy
from asyncmy import errors
from pydantic import BaseModel, Field, ValidationInfo, field_validator
from tortoise.backends.mysql.client import MySQLClient
from tortoise.backends.mysql.schema_generator import MySQLSchemaGenerator
from tortoise.exceptions import DBConnectionError, IntegrityError, OperationalError

EXAMPLE_URL = "mysql://user:password@127.0.0.1:3306/database"
VERSION_QUERY = "SELECT version() AS version"
TABLES_QUERY = (
    "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE()"
)
LOCK_WAIT_SECONDS = 60
LOCK_TIMEOUT_SECONDS = 5
COLLATION = "utf8mb4_bin"
STRICT = "CONCAT_WS(',', NULLIF(@@sql_mode, ''), 'STRICT_TRANS_TABLES')"
"""The server's mode, but that it refuses what a column cannot hold, and invents or cuts nothing."""

# Error numbers: https://dev.mysql.com/doc/mysql-errors/8.0/en/, MariaDB's from 1900 on.
DATABASE_EXISTS, UNKNOWN_DATABASE = 1007, 1049
ACCESS_DENIED = {1044, 1045, 1698}
LOCK_WAIT_TIMEOUT, DEADLOCK = 1205, 1213
DUPLICATE_ENTRY = 1062
TOO_MANY_CONNECTIONS, SHUTDOWN_IN_PROGRESS, CONNECTION_KILLED = 1040, 1053, 1927
NO_SOCKET, NO_CONNECTION, SERVER_GONE, SERVER_LOST = 2002, 2003, 2006, 2013
UNAVAILABLE_CODES = {
    UNKNOWN_DATABASE,
    *ACCESS_DENIED,
    LOCK_WAIT_TIMEOUT,
    DEADLOCK,
    TOO_MANY_CONNECTIONS,
    SHUTDOWN_IN_PROGRESS,
    CONNECTION_KILLED,
    NO_SOCKET,
    NO_CONNECTION,
    SERVER_GONE,
    SERVER_LOST,
}

UNAVAILABLE: tuple[type[Exception], ...] = (
    DBConnectionError,
    OperationalError,
    errors.OperationalError,
    errors.InterfaceError,
    ConnectionError,
    EOFError,
    socket.gaierror,
    TimeoutError,
)
"""Errors of the driver while the server is unreachable, restarting or overloaded."""

DRIVER_ERROR = errors.MySQLError
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
    if isinstance(error, OperationalError | errors.OperationalError):
        return isinstance(error, DBConnectionError) or _code(error) in UNAVAILABLE_CODES
    return isinstance(error, UNAVAILABLE)


def must_retry(error: Exception) -> bool:
    """Return whether the server rolled the transaction back, so that it can be retried."""
    return _code(error) == DEADLOCK


def is_lock_timeout(error: Exception) -> bool:
    """Return whether a statement waited too long for a lock that another session holds."""
    return _code(error) == LOCK_WAIT_TIMEOUT


def taken_columns(error: IntegrityError) -> list[str]:
    """Return the column of a violated unique constraint; none for other constraints.

    The message ends with the name of the key: `table.key` or, in MariaDB, `key`. A key is named
    like its column, except primary keys and keys of several columns, which Tortoise names.
    """
    if _code(error) != DUPLICATE_ENTRY:
        return []
    keys = re.findall(r"'(?:[^'.]*\.)?([^'.]*)'[^']*$", error.args[0].args[1])
    return [key for key in keys if not key.startswith(("uid_", "PRIMARY"))]


def credentials(url: str) -> dict[str, Any]:
    """Parse the URL into keyword arguments of `asyncmy.connect`.

    Raises:
        ValueError: The URL is not one of MySQL; the message says what to write.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or 3306
    except ValueError:
        parts, port = urlsplit(""), 0
    options = dict(parse_qsl(parts.query))
    database = unquote(parts.path.removeprefix("/"))
    encrypted = options.pop("ssl", "false")
    is_understood = encrypted in {"true", "false"} and not options
    if parts.scheme != "mysql" or not database or not parts.hostname or not is_understood:
        raise ValueError(f"write a URL such as {EXAMPLE_URL}, with ?ssl=true appended for TLS")
    arguments: dict[str, Any] = {
        "host": parts.hostname,
        "port": port,
        "user": unquote(parts.username or "root"),
        "password": unquote(parts.password or ""),
        "database": database,
    }
    if encrypted == "true":
        arguments["ssl"] = ssl.create_default_context()
    return arguments


def connection(url: str, size: PoolSettings) -> dict[str, Any]:
    """Return Tortoise's configuration of the connection pool."""
    pool = {
        "minsize": size.db_pool_min,
        "maxsize": size.db_pool_max,
        "pool_recycle": 300,
        "connect_timeout": 5,
        "read_timeout": 30,
        "charset": "utf8mb4",
        "init_command": (
            f"SET time_zone = '+00:00', collation_connection = '{COLLATION}', sql_mode = {STRICT}"
        ),
    }
    return {"engine": __name__, "credentials": credentials(url) | pool}


def migration_connection(connection: dict[str, Any]) -> dict[str, Any]:
    """Return the pool of migrations: statements have no timeout, waits for locks a short one."""
    credentials = connection["credentials"]
    waits = f"lock_wait_timeout = {LOCK_TIMEOUT_SECONDS}"
    settings = f"{credentials['init_command']}, {waits}, innodb_{waits}"
    return connection | {
        "credentials": credentials | {"read_timeout": None, "init_command": settings}
    }


class ExactTables(MySQLSchemaGenerator):
    """Creates tables that distinguish `é` from `e` and all emoji, as other databases do."""

    def _table_generate_extra(self, table: str) -> str:
        return f"{super()._table_generate_extra(table)} COLLATE {COLLATION}"


class ExactClient(MySQLClient):
    """Tortoise's client, with another schema generator."""

    schema_generator = ExactTables


client_class = ExactClient  # Tortoise looks for this name in the module that `engine` names


async def create_database(url: str) -> None:
    """Create the database unless it exists.

    Raises:
        PermissionError: The user lacks the right; the message contains the statement to run.
    """
    arguments = credentials(url)
    name = _quoted(arguments["database"])
    statement = f"CREATE DATABASE {name} CHARACTER SET utf8mb4"
    try:
        connection = await asyncmy.connect(**arguments, connect_timeout=5)
    except errors.MySQLError as error:
        if error.args[0] != UNKNOWN_DATABASE:
            raise
    else:
        connection.close()
        return
    try:
        await _execute_elsewhere(arguments, statement)
    except errors.MySQLError as error:
        if error.args[0] in ACCESS_DENIED:
            raise PermissionError(
                f"This user may not create databases. Let an administrator run: {statement};"
            ) from error
        if error.args[0] != DATABASE_EXISTS:
            raise


async def drop_database(url: str) -> None:
    """Drop the database with all its rows, if it exists."""
    arguments = credentials(url)
    statement = f"DROP DATABASE IF EXISTS {_quoted(arguments['database'])}"
    await _execute_elsewhere(arguments, statement)


@asynccontextmanager
async def migration_lock(url: str) -> AsyncIterator[None]:
    """Hold the migration lock: one process migrates while the others wait.

    A separate session holds it, so it is released even if the process dies.

    Raises:
        TimeoutError: Another process has held the lock for a minute.
    """
    arguments = credentials(url)
    connection = await asyncmy.connect(**arguments, connect_timeout=5)
    try:
        async with connection.cursor() as cursor:
            name = f"migrate:{arguments['database']}"[:64]
            await cursor.execute("SELECT GET_LOCK(%s, %s)", (name, LOCK_WAIT_SECONDS))
            (is_held,) = await cursor.fetchone()
            if is_held != 1:
                raise TimeoutError(
                    f"Another process has been migrating for {LOCK_WAIT_SECONDS} seconds"
                )
            yield
    finally:
        connection.close()


async def _execute_elsewhere(arguments: dict[str, Any], statement: str) -> None:
    rest = {name: value for name, value in arguments.items() if name != "database"}
    connection = await asyncmy.connect(**rest, connect_timeout=5)
    try:
        async with connection.cursor() as cursor:
            await cursor.execute(statement)
    finally:
        connection.close()


def _code(error: Exception) -> object:
    """Return the server's error number, also where Tortoise wraps the driver's exception."""
    first = error.args[0] if error.args else None
    return first.args[0] if isinstance(first, Exception) and first.args else first


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
