"""Databases that services can be rendered for, each with the statements that tests need.

Their names are the choices of the question. The rest is in `tests/options/database/<name>/`, which
is imported on demand, since drivers are slow to import.
"""

import importlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol
from urllib.parse import urlsplit

from tests.variants.space import Space

NAMES = Space.of(Path(__file__).parents[2]).questions["database"].choices
PACKAGES = "tests.options.database"

Row = tuple[Any, ...]


class Session(Protocol):
    """One connection. Statements are committed one by one unless BEGIN was executed."""

    def execute(self, statement: str) -> list[Row]:
        """Run a statement and return its rows."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A database server: its address, and statements that only a server needs."""

    url: str
    """Its Tortoise URL, without the name of a database."""
    administration: str
    """The name of a database that is always there."""
    list_databases: str
    drop_database: str
    """Drops `{name}`, if it is there, also while others use it."""
    lock_table: tuple[str, ...]
    """Keep everybody from reading `{table}` until the session ends."""
    count_waiting: str
    """Counts the transactions in this database that wait for a lock."""
    count_transactions: str
    """Counts the open transactions of other sessions in this database."""
    refresh_counts: tuple[str, ...] = ()
    """Statements to run before `count_waiting` and `count_transactions`, which may be cached."""
    lock_function: str
    """The SQL function with which a service takes the lock of its migrations."""
    administrator: str
    """The user in `url`."""
    plain_user: str
    """A user without the rights of an administrator, and its part of a URL."""
    create_plain_user: tuple[str, ...]
    create_user: str
    """Creates the user `{name}`, with its name as password and without rights."""
    make_read_only: tuple[str, ...]
    """Make the server refuse the writes of plain users."""
    make_writable: tuple[str, ...]
    delay_deadlocks: tuple[str, ...] = ()
    """Make other transactions than this one the victim of a deadlock, where that can be set."""

    @property
    def administration_url(self) -> str:
        """The URL at which databases are listed, created and dropped."""
        return f"{self.url}/{self.administration}"


@dataclass(frozen=True, kw_only=True)
class Database:
    """A database: its sessions, its statements, and its differences from others."""

    name: str
    """The answer to the question, and the scheme of its URLs."""
    session: Callable[[str], AbstractContextManager[Session]]
    """Connects to a URL with a plain driver."""
    drivers: tuple[str, ...]
    """Prefixes of the names of its drivers' modules, which no message should contain."""
    server: Server | None = None
    """Its server, unless its databases are files."""
    file: str = ""
    """The name of the file in the service's folder, if it has no server."""

    ask_version: str
    list_tables: str
    describe_schema: tuple[str, ...]
    """Select the whole catalogue: tables, columns, indexes and constraints."""
    list_columns: str
    """Selects the names of the columns of `{table}`."""
    list_indexes: str
    """Selects a text for each index of `{table}` that contains its first column."""
    refuse_writes: tuple[str, ...]
    """Make each `{event}` fail, such as `INSERT ON tokens`."""
    allow_writes: str
    """Reverts `refuse_writes` on `{table}`."""
    hold_lock: tuple[str, ...]
    """Keep others from changing the columns of `{table}`, until COMMIT."""
    count_others: str
    """Counts the other sessions of this database, where sessions may outlive their process."""
    sleep: str
    """Takes some seconds."""
    is_sleeping: Callable[[str], bool]
    """Return whether a migration has changed the table of notes, and sleeps."""
    patience: tuple[str, str]
    """A text of a service's `urls.py` that sets its lock timeout, and one with a shorter one."""

    quote: str = '"'
    """The character around a name that is a reserved word of SQL."""
    knows_time_zones: bool = True
    """Timestamps in statements may have a time zone."""
    checks_types: bool = True
    """Values that do not fit their column are refused, such as a long text."""
    undoes_scripts: bool = False
    """Scripts are rolled back when their process is killed."""

    def url(self, name: str, folder: Path) -> str:
        """Return the URL of a database with this name, in the folder if it is a file."""
        return f"{self.server.url}/{name}" if self.server else f"{self.name}://{folder / name}"

    def service_url(self, name: str, folder: Path) -> str:
        """Return the URL of the database of a service with this name and folder."""
        return self.url(self.file or name, folder)

    def names(self) -> list[str]:
        """Return the names of all databases on the server; none if they are files."""
        if self.server is None:
            return []
        with self.session(self.server.administration_url) as session:
            return [str(name) for (name,) in session.execute(self.server.list_databases)]

    def drop(self, name: str) -> None:
        """Drop a database on the server, if it is there."""
        if self.server:
            with self.session(self.server.administration_url) as session:
                session.execute(self.server.drop_database.format(name=name))


@cache
def named(name: str) -> Database:
    """Return the database that is an answer to the question.

    Raises:
        LookupError: The tests do not know it.
    """
    found: Database = part(name).DATABASE
    return found


def of_url(url: str) -> Database:
    """Return the database that a URL leads to."""
    return named(urlsplit(url).scheme)


def name_of(url: str) -> str:
    """Return the name of the database that a URL leads to."""
    return urlsplit(url).path.removeprefix("/")


def server(name: str) -> Server:
    """Return the server of a database.

    Raises:
        LookupError: It has none, or the tests do not know it.
    """
    found = named(name).server
    if found is None:
        raise LookupError(f"The databases of {name} are files, without a server")
    return found


def with_servers() -> Iterator[Database]:
    """Yield the databases that are servers."""
    return (database for database in map(named, NAMES) if database.server)


def part(name: str, module: str = "") -> ModuleType:
    """Import the package of a database, or a module of it.

    Raises:
        LookupError: There is none; the sentence says where to put it.
    """
    package = f"{PACKAGES}.{name}"
    wanted = f"{package}.{module}" if module else package
    try:
        return importlib.import_module(wanted)
    except ModuleNotFoundError as error:
        if error.name == package:
            message = f"The tests know no database {name}; add tests/options/database/{name}/"
        elif error.name == wanted:
            path = f"{wanted.replace('.', '/')}.py"
            message = f"The tests know no {module.replace('_', ' ')} of {name}; add {path}"
        else:
            raise
        raise LookupError(message) from error
