"""Facts about a database that the trial of migrations needs.

It is in `tests/options/database/<name>/dialect.py`.
"""

import sys
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cache
from typing import Any

from tests.service.schema.catalogue import Catalogue
from tests.support import databases

FILLED = "filled"
"""The role, and so the end of the name, of the database under test."""
Records = list[dict[str, Any]]
Contents = tuple[dict[str, Records], dict[str, int]]
"""Rows as the driver returns them, and the number of the next row, both by table."""


@dataclass(frozen=True)
class Difference:
    """Two ways to make tables, and the words that describe the difference between them."""

    first: Sequence[str]
    second: Sequence[str]
    words: str


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """Functions that read, fill and empty a database, and its differences from others."""

    read_catalogue: Callable[[str], Awaitable[Catalogue]]
    """Reads the tables of the database at a URL."""
    read_contents: Callable[[str, Collection[str]], Awaitable[Contents]]
    """Reads the rows and counters of tables at a URL."""
    empty: Callable[[str], Awaitable[None]]
    """Drops all tables of the database, or creates it."""
    drop: Callable[[str], Awaitable[None]]
    """Drops the database, if it exists."""
    execute: Callable[[str, Iterable[str]], Awaitable[None]]
    """Executes statements one after the other, in one session."""
    delete_rows: Callable[[Sequence[str]], list[str]]
    """Returns the statements that delete all rows of tables that refer to one another."""
    literals: Mapping[type, Callable[[Any, Any], str]]
    """Functions that write values as its SQL, where Tortoise writes them wrongly."""
    differences: Mapping[str, Difference]
    """Tables that only this database can tell apart."""
    zoo: Callable[[], Iterator[str]]
    """Returns models that only it can hold."""

    declared_types: Callable[[], AbstractContextManager[None]] = nullcontext
    """Lets Tortoise declare the types that the planner declares, where they differ."""
    shards: int = 1
    """The parts of about a minute into which the trial is cut."""
    circular_script: Callable[[str], str] = str
    """Rewrites a script in which tables refer to later ones so that the database accepts it."""
    stores_times: bool = True
    """Marks a database in which Tortoise can store a time of the day."""
    describes_all_characters: bool = True
    """Marks a database whose catalogue can hold any character in a default."""
    has_partial_indexes: bool = True
    longest_indexed: int = sys.maxsize
    """The length of the longest text that can be indexed together with others."""


def standard_text(value: object, _: object = None) -> str:
    """Return the literal of a text where a backslash has no special meaning, as in standard SQL."""
    return "'" + str(value).replace("'", "''") + "'"


def standard_bytes(value: bytes, _: object = None) -> str:
    """Return the literal of bytes, as in standard SQL; Tortoise has none."""
    return f"x'{value.hex()}'"


@cache
def named(database: str) -> Dialect:
    """Return the dialect of a database.

    Raises:
        LookupError: The tests do not know it.
    """
    found: Dialect = databases.part(database, "dialect").DIALECT
    return found
