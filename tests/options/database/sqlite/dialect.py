"""SQLite in the trial of migrations."""

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any
from unittest import mock

from tortoise.fields import BooleanField, DecimalField

from tests.options.database.sqlite import catalogue
from tests.options.database.sqlite.differences import DIFFERENCES
from tests.options.database.sqlite.session import path
from tests.options.database.sqlite.zoo import models
from tests.service.schema.dialects import Contents, Dialect, standard_bytes, standard_text


async def remove(url: str) -> None:
    """Remove the file, and those that SQLite puts beside it."""
    file = path(url)
    for each in file.parent.glob(f"{file.name}*"):
        each.unlink()


async def execute(url: str, statements: Iterable[str]) -> None:
    """Execute statements one after the other."""
    with closing(sqlite3.connect(path(url), isolation_level=None)) as session:
        for statement in statements:
            session.execute(statement)


def delete_rows(tables: Sequence[str]) -> list[str]:
    """Return statements that delete rows; SQLite checks no foreign key by default."""
    return [f'DELETE FROM "{name}"' for name in tables]  # noqa: S608 - our own names


async def read_contents(url: str, tables: Collection[str]) -> Contents:
    """Read the rows of tables, and the counters of those with AUTOINCREMENT."""
    with closing(sqlite3.connect(path(url))) as session:
        session.row_factory = sqlite3.Row
        rows = {
            name: [dict(row) for row in session.execute(f'SELECT * FROM "{name}"')]  # noqa: S608 - a name from the catalogue
            for name in tables
        }
        has_counters = session.execute(
            "SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'"
        ).fetchone()
        counters = session.execute("SELECT * FROM sqlite_sequence") if has_counters else ()
        return rows, {name: last + 1 for name, last in counters if name in tables}


class _Decimal(DecimalField._db_sqlite):  # noqa: SLF001
    """The declared type of a decimal, in the place where Tortoise looks for it."""

    def __init__(self, field: DecimalField[Any]) -> None:
        self.field = field

    @property
    def SQL_TYPE(self) -> str:  # type: ignore[override]
        return f"DECIMAL_TEXT({self.field.max_digits},{self.field.decimal_places})"


@contextmanager
def declared_types() -> Iterator[None]:
    """Let declared types distinguish decimals and booleans from texts and numbers."""
    with (
        mock.patch.object(DecimalField, "_db_sqlite", _Decimal),
        mock.patch.object(BooleanField._db_sqlite, "SQL_TYPE", "BOOLEAN"),  # noqa: SLF001
    ):
        yield


DIALECT = Dialect(
    read_catalogue=catalogue.read,
    read_contents=read_contents,
    empty=remove,
    drop=remove,
    execute=execute,
    delete_rows=delete_rows,
    literals={bytes: standard_bytes, str: standard_text},
    differences=DIFFERENCES,
    zoo=models,
    declared_types=declared_types,
    stores_times=False,
)
