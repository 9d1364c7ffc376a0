"""SQLite through aiosqlite: its URL, its errors, its lock for migrations."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from tortoise.exceptions import DBConnectionError, IntegrityError, OperationalError

from app import ROOT

EXAMPLE_URL = "sqlite://db.sqlite3"
VERSION_QUERY = "SELECT 'SQLite ' || sqlite_version() AS version"
TABLES_QUERY = "SELECT name FROM sqlite_master WHERE type = 'table'"
LOCK_WAIT_SECONDS = 60
BUSY_WAIT_MS = 5000
REASONS = ("is locked", "is busy", "unable to open", "disk I/O error", "is full", "not a database")

UNAVAILABLE: tuple[type[Exception], ...] = (
    DBConnectionError,
    OperationalError,
    sqlite3.DatabaseError,
)
"""Errors of the driver while the file is locked, or is not an SQLite database."""

DRIVER_ERROR = sqlite3.Error
"""Error of the driver when SQLite refuses a statement."""


class PoolSettings(BaseModel):
    """A file has no pool of connections."""


def is_unavailable(error: Exception) -> bool:
    """Return whether the file is locked or unreadable, in contrast to a wrong statement."""
    return isinstance(error, UNAVAILABLE) and any(reason in str(error) for reason in REASONS)


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


def credentials(url: str) -> dict[str, Any]:
    """Parse the file's path from the URL: `sqlite:///absolute`, or relative to the project.

    Raises:
        ValueError: The URL names no file; the message says what to write.
    """
    path = url.removeprefix("sqlite://")
    if not url.startswith("sqlite://") or not path or "?" in path:
        raise ValueError(f"write a URL such as {EXAMPLE_URL}")
    return {"file_path": str(ROOT / path)}


def connection(url: str, _pool: PoolSettings) -> dict[str, Any]:
    """Return the connection: write-ahead log, busy timeout; Tortoise turns foreign keys on."""
    pragmas = {"journal_mode": "WAL", "synchronous": "NORMAL", "busy_timeout": BUSY_WAIT_MS}
    return {"engine": "tortoise.backends.sqlite", "credentials": credentials(url) | pragmas}


def migration_connection(connection: dict[str, Any]) -> dict[str, Any]:
    """Return the connection of migrations, which is that of the service."""
    return connection


async def create_database(url: str) -> None:
    """Create the file's folder; SQLite creates the file when it is opened."""
    Path(credentials(url)["file_path"]).parent.mkdir(parents=True, exist_ok=True)


async def drop_database(url: str) -> None:
    """Delete the file with all its rows, and the files that SQLite keeps beside it."""
    path = Path(credentials(url)["file_path"])
    for suffix in ("", "-wal", "-shm", "-migrating"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


@asynccontextmanager
async def migration_lock(url: str) -> AsyncIterator[None]:
    """Hold the migration lock: one process migrates while the others wait.

    It is the lock of a second, empty SQLite file: the operating system releases it
    when the process dies, on every platform.

    Raises:
        TimeoutError: Another process has held the lock for a minute.
    """
    path = credentials(url)["file_path"] + "-migrating"
    lock = sqlite3.connect(path, timeout=LOCK_WAIT_SECONDS)
    try:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise TimeoutError(
                f"Another process has been migrating for {LOCK_WAIT_SECONDS} seconds"
            ) from error
        yield
    finally:
        lock.close()
