"""Errors of PostgreSQL through asyncpg, and two queries of its own."""

import re
import socket

import asyncpg  # type: ignore[import-untyped]  # it ships no types
from tortoise.exceptions import DBConnectionError, IntegrityError, TransactionManagementError

VERSION_QUERY = "SELECT version() AS version"
TABLES_QUERY = (
    "SELECT tablename AS name FROM pg_tables WHERE schemaname = ANY(current_schemas(false))"
)

UNREACHABLE: tuple[type[Exception], ...] = (ConnectionError, socket.gaierror, TimeoutError)
"""Errors of a command that connects by itself; those of requests are translated."""

UNAVAILABLE: tuple[type[Exception], ...] = (
    DBConnectionError,
    TransactionManagementError,
    asyncpg.PostgresConnectionError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.LockNotAvailableError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    *UNREACHABLE,
)
"""Errors of the driver while the server is unreachable, restarting, overloaded or read-only."""

DRIVER_ERROR = asyncpg.PostgresError
"""Error of the driver when the server refuses a statement."""


def is_unavailable(error: Exception) -> bool:
    """Return whether the server cannot answer, in contrast to a wrong statement."""
    if isinstance(error, TransactionManagementError):  # Tortoise's name for these
        is_idle = isinstance(_cause(error), asyncpg.IdleInTransactionSessionTimeoutError)
        return is_idle or is_refused_write(error)
    refused_argument = isinstance(error, asyncpg.InterfaceError) and isinstance(error, ValueError)
    return isinstance(error, UNAVAILABLE) and not refused_argument


def is_refused_write(error: Exception) -> bool:
    """Return whether the database is read-only (25006), or its disk full (53100)."""
    refusals = asyncpg.ReadOnlySQLTransactionError | asyncpg.DiskFullError
    return isinstance(_cause(error), refusals)


def is_access_denied(error: Exception) -> bool:
    """Return whether the server does not know the role, or refuses its password."""
    return isinstance(error, asyncpg.InvalidAuthorizationSpecificationError)


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


def _cause(error: Exception) -> object:
    """Return the error of the driver, also where Tortoise wraps it."""
    if isinstance(error, TransactionManagementError):
        return next(iter(error.args), None)
    return error
