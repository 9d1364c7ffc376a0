"""Creation and deletion of SQLite files, and the lock of migrations."""

import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from app.database.urls import ServerSettings, credentials

LOCK_WAIT_SECONDS = 60


async def create_database(url: str) -> None:
    """Create the file's folder; SQLite creates the file when it is opened."""
    Path(credentials(url)["file_path"]).parent.mkdir(parents=True, exist_ok=True)


def create_file(path: str) -> None:
    """Create an empty file that its owner alone can read, unless there is one.

    SQLite gives the files beside it the same mode.
    """
    with suppress(OSError):  # there is one, or SQLite says why it cannot be created
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))


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
    create_file(path)
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


async def grant(_settings: ServerSettings) -> None:
    """Do nothing: a file has no roles."""
