"""Sessions of the sqlite3 module."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.support.databases import Row, Session


class _SQLite:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def execute(self, statement: str) -> list[Row]:
        return self.connection.execute(statement).fetchall()


def path(url: str) -> Path:
    """Return the file of a URL."""
    return Path(url.removeprefix("sqlite://"))


@contextmanager
def session(url: str) -> Iterator[Session]:
    """Open a file."""
    with closing(sqlite3.connect(path(url), isolation_level=None, timeout=30)) as connection:
        yield _SQLite(connection)


def is_busy(url: str) -> bool:
    """Return whether another process locks the file for long, or has half applied a migration.

    A half-applied migration has added one of `half_1` and `half_2` to the table of notes.
    """
    if _is_locked(url):
        return True
    with session(url) as file:
        found = {row[1] for row in file.execute("PRAGMA table_info(notes)")}
    return ("half_1" in found) != ("half_2" in found)


def _is_locked(url: str) -> bool:
    with closing(sqlite3.connect(path(url), isolation_level=None, timeout=0.3)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
    return False
