"""Errors of SQLite through aiosqlite, and two queries of its own."""

import sqlite3

from tortoise.exceptions import DBConnectionError, IntegrityError, OperationalError

VERSION_QUERY = "SELECT 'SQLite ' || sqlite_version() AS version"
TABLES_QUERY = "SELECT name FROM sqlite_master WHERE type = 'table'"
REFUSED_WRITES = ("is full", "readonly", "disk I/O error")
REASONS = ("is locked", "is busy", "unable to open", "not a database", *REFUSED_WRITES)

UNREACHABLE: tuple[type[Exception], ...] = ()
"""Errors of a command that connects by itself: a file has none of its own."""

UNAVAILABLE: tuple[type[Exception], ...] = (
    DBConnectionError,
    OperationalError,
    sqlite3.DatabaseError,
)
"""Errors of the driver while the file is locked, read-only or no database, or its disk full."""

DRIVER_ERROR = sqlite3.Error
"""Error of the driver when SQLite refuses a statement."""


def is_unavailable(error: Exception) -> bool:
    """Return whether the file cannot be used, in contrast to a wrong statement."""
    if isinstance(error, DBConnectionError):
        return True
    return isinstance(error, UNAVAILABLE) and any(reason in str(error) for reason in REASONS)


def is_refused_write(error: Exception) -> bool:
    """Return whether the file is read-only, or its disk full."""
    return isinstance(error, UNAVAILABLE) and any(text in str(error) for text in REFUSED_WRITES)


def is_access_denied(_error: Exception) -> bool:
    """Return False: a file has no password."""
    return False


def must_retry(error: Exception) -> bool:
    """Return whether another process holds the lock, so that the transaction can be retried."""
    return isinstance(error, UNAVAILABLE) and "is locked" in str(error)


def is_lock_timeout(error: Exception) -> bool:
    """Return whether a statement waited too long for the lock of another process."""
    return must_retry(error)


def taken_columns(error: IntegrityError) -> list[str]:
    """Return the columns of a violated unique constraint; none for other constraints."""
    text = str(error)
    prefix = "UNIQUE constraint failed: "
    if not text.startswith(prefix) or text.startswith(f"{prefix}index "):
        return []
    return [name.rpartition(".")[2] for name in text.removeprefix(prefix).split(", ")]
