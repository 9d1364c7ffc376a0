"""Errors of MySQL and MariaDB through asyncmy, and two queries of their own."""

import re
import socket

from asyncmy import errors
from tortoise.exceptions import DBConnectionError, IntegrityError, OperationalError

VERSION_QUERY = "SELECT version() AS version"
TABLES_QUERY = (
    "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE()"
)

# Error numbers: https://dev.mysql.com/doc/mysql-errors/8.0/en/, MariaDB's from 1900 on.
UNKNOWN_DATABASE = 1049
ACCESS_DENIED = {1044, 1045, 1698}
LOCK_WAIT_TIMEOUT, DEADLOCK = 1205, 1213
DUPLICATE_ENTRY = 1062
TOO_MANY_CONNECTIONS, SHUTDOWN_IN_PROGRESS, CONNECTION_KILLED = 1040, 1053, 1927
NO_SOCKET, NO_CONNECTION, SERVER_GONE, SERVER_LOST = 2002, 2003, 2006, 2013
STATEMENT_TIMEOUTS = {1969, 3024}
REFUSED_WRITES = {
    *(3, 28, 1021, 1114),  # the disk is full, or its quota
    *(1290, 1792, 1836),  # the server, the transaction or InnoDB is read-only
}
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
    *STATEMENT_TIMEOUTS,
    *REFUSED_WRITES,
}

UNREACHABLE: tuple[type[Exception], ...] = (ConnectionError, socket.gaierror, TimeoutError)
"""Errors of a command that connects by itself; those of requests are translated."""

UNAVAILABLE: tuple[type[Exception], ...] = (
    DBConnectionError,
    OperationalError,
    errors.OperationalError,
    errors.InterfaceError,
    EOFError,
    *UNREACHABLE,
)
"""Errors of the driver while the server is unreachable, restarting, overloaded or read-only."""

DRIVER_ERROR = errors.MySQLError
"""Error of the driver when the server refuses a statement."""


def is_unavailable(error: Exception) -> bool:
    """Return whether the server cannot answer, in contrast to a wrong statement."""
    if isinstance(error, OperationalError | errors.OperationalError):
        return isinstance(error, DBConnectionError) or _code(error) in UNAVAILABLE_CODES
    return isinstance(error, UNAVAILABLE)


def is_refused_write(error: Exception) -> bool:
    """Return whether the database is read-only, or its disk full."""
    return _code(error) in REFUSED_WRITES


def is_access_denied(error: Exception) -> bool:
    """Return whether the server does not know the user, or refuses its password."""
    return _code(error) in ACCESS_DENIED


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


def _code(error: Exception) -> object:
    """Return the server's error number, also where Tortoise wraps the driver's exception."""
    first = error.args[0] if error.args else None
    return first.args[0] if isinstance(first, Exception) and first.args else first
