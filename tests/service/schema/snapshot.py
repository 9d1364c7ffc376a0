"""The rows of a database at one moment, and their differences at a later one."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from uuid import UUID

from tortoise.models import Model

from tests.service.schema.case import Options
from tests.service.schema.catalogue import Catalogue
from tests.service.schema.dialects import Records
from tests.service.schema.rows import models
from tests.service.schema.trial_databases import TrialDatabase

Objects = dict[str, dict[Any, dict[str, Any]]]
"""Values as the service's models return them, by table and primary key."""
ANYTHING = object()
"""The expectation of a value that a case leaves open."""


@dataclass
class Snapshot:
    """Tables and rows at one moment."""

    catalogue: Catalogue
    raw: dict[str, Records] = field(default_factory=dict)
    """The rows of each table as the driver returns them."""
    counters: dict[str, int] = field(default_factory=dict)
    """The number that each table's next row gets."""
    objects: Objects = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)
    """Sentences about tables that the models cannot read."""

    def same_rows(self, other: "Snapshot") -> bool:
        """Return whether the other one has the same rows."""
        return {name: _bag(rows) for name, rows in self.raw.items()} == {
            name: _bag(rows) for name, rows in other.raw.items()
        }


Place = tuple[str, str]
"""A table and a column."""


@dataclass(frozen=True)
class Moves:
    """The tables and columns that a change keeps, with their names before and after."""

    tables: Mapping[str, str]
    columns: Mapping[Place, Place]

    def reversed(self) -> "Moves":
        """Return the same with the names exchanged, for an undo."""
        return Moves(
            {new: old for old, new in self.tables.items()},
            {new: old for old, new in self.columns.items()},
        )


def surviving(before: Catalogue, after: Catalogue, options: Options) -> Moves:
    """Return the tables and columns that a change keeps, renamed or not."""
    tables, columns = {}, {}
    for table, description in before.items():
        name = options.tables.get(table, table)
        if name not in after or (table not in options.tables and name in options.tables.values()):
            continue
        tables[table] = name
        renames = {
            column: new
            for place, new in options.columns.items()
            for owner, _, column in [place.rpartition(".")]
            if owner == table
        }
        for column in description.columns:
            later = renames.get(column, column)
            is_taken = column not in renames and later in renames.values()
            if later in after[name].columns and not is_taken:
                columns[table, column] = (name, later)
    return Moves(tables, columns)


async def read_raw(database: TrialDatabase) -> Snapshot:
    """Read tables and rows without the models."""
    catalogue = await database.catalogue()
    rows, counters = await database.contents([*catalogue])
    return Snapshot(catalogue, rows, counters)


async def read_objects(snapshot: Snapshot, *, without: Collection[str] = ()) -> None:
    """Add the rows as the models of the open Tortoise context read them.

    Args:
        snapshot: The snapshot that they are added to.
        without: Columns to leave out.
    """
    for model in models().values():
        meta = model._meta  # noqa: SLF001 - Tortoise has no public list
        table = f"{meta.schema}.{meta.db_table}" if meta.schema else meta.db_table
        try:
            projection = {
                name: column
                for name, column in meta.fields_db_projection.items()
                if f"{table}.{column}" not in without
            }
            snapshot.objects[table] = await _objects(model, projection)
        except Exception as error:  # noqa: BLE001 - whatever a driver raises is the finding
            snapshot.unreadable.append(f"{table} cannot be read: {error!r}")


async def _objects(model: type[Model], projection: Mapping[str, str]) -> dict[Any, dict[str, Any]]:
    primary = model._meta.pk_attr  # noqa: SLF001
    return {
        _plain(values[primary]): {
            column: _plain(values[name]) for name, column in projection.items()
        }
        for values in await model.all().values(*{primary, *projection})
    }


def _plain(value: Any) -> Any:  # noqa: ANN401 - of any type
    """Return a plain value, which equals the same value of another class, such as a driver's."""
    match value:
        case Enum():
            return value.value
        case UUID():
            return UUID(int=value.int)
        case _:
            return value


def raw_changes(
    before: Snapshot, after: Snapshot, moves: Moves, expected: Mapping[str, Any]
) -> Iterator[str]:
    """Describe rows that changed though their columns kept their types.

    Args:
        before: The rows that were there.
        after: The rows that are there now.
        moves: What outlived the time between.
        expected: The columns, by their names in `after`, that may hold something else.
    """
    for table, name in moves.tables.items():
        if name not in after.catalogue:
            continue  # which the comparison of tables says
        kept = {
            column: later
            for (owner, column), (_, later) in moves.columns.items()
            if owner == table and f"{name}.{later}" not in expected
            if _type(before, table, column) == _type(after, name, later)
        }
        was = _bag([{to: row[old] for old, to in kept.items()} for row in before.raw[table]])
        is_ = _bag([{to: row[to] for to in kept.values()} for row in after.raw[name]])
        if was.total() != is_.total():
            yield f"{name} has {is_.total()} rows, not {was.total()}"
        elif was != is_:
            yield from _changed_columns(before.raw[table], after.raw[name], name, kept)
        counter, now = before.counters.get(table), after.counters.get(name)
        if counter is not None and now is not None and counter != now:
            yield f"the counter of {name} went from {counter} to {now}"


def _changed_columns(
    old: Records, new: Records, table: str, kept: Mapping[str, str]
) -> Iterator[str]:
    """Name the columns in which as many rows differ."""
    is_found = False
    for column, later in kept.items():
        was = Counter(repr(row[column]) for row in old)
        is_ = Counter(repr(row[later]) for row in new)
        if was != is_:
            is_found = True
            yield f"{table}.{later} holds {[*(is_ - was)]}, not {[*(was - is_)]}"[:300]
    if not is_found:
        yield f"the values of {table} are in other rows"


def _type(snapshot: Snapshot, table: str, column: str) -> str:
    found = snapshot.catalogue[table].columns.get(column)
    return found.type if found else f"none in {id(snapshot)}"


def _bag(rows: Records) -> Counter[str]:
    return Counter(repr(sorted(row.items())) for row in rows)


def object_changes(  # noqa: PLR0913 - what may differ
    before: Snapshot,
    after: Snapshot,
    moves: Moves,
    expected: Mapping[str, Any],
    *,
    keys: Mapping[str, Mapping[Any, Any]] | None = None,
    allows_more: bool = False,
) -> Iterator[str]:
    """Describe values that the models read differently than expected.

    Args:
        before: The rows that were there.
        after: The rows that are there now.
        moves: What outlived the time between.
        expected: What a column, by its name in `after`, should hold where that is not what it
            held before, or where it is new and not NULL: one value, a `ByRow`, or a function of
            the old value.
        keys: What became of the primary keys of a table, where they changed.
        allows_more: Whether rows may have come in between.
    """
    yield from after.unreadable
    back = moves.reversed().columns
    for table, name in moves.tables.items():
        old_rows, new_rows = before.objects.get(table), after.objects.get(name)
        if old_rows is None or new_rows is None:
            continue  # there is no model for the table
        if became := (keys or {}).get(name):
            old_rows = {became[number]: row for number, row in old_rows.items()}
        if missing := old_rows.keys() - new_rows.keys():
            yield f"{name} has lost the rows {sorted(missing, key=str)}"
        if not allows_more and (more := new_rows.keys() - old_rows.keys()):
            yield f"{name} has rows from nowhere: {sorted(more, key=str)}"
        for number in [number for number in old_rows if number in new_rows]:
            for column, value in new_rows[number].items():
                old = old_rows[number].get(back.get((name, column), ("", ""))[1])
                should = _expected(expected.get(f"{name}.{column}", old), number, old)
                if should is not ANYTHING and not _equal(value, should):
                    yield f"{name}.{column} of row {number} is {value!r}, not {should!r}"


def _expected(rule: Any, number: Any, old: Any) -> Any:  # noqa: ANN401 - of any type
    if isinstance(rule, ByRow):
        return rule.values.get(number, old)
    return rule(old) if callable(rule) else rule


def _equal(value: Any, should: Any) -> bool:  # noqa: ANN401 - of any type
    if isinstance(should, Like):
        return should.holds(value)
    return type(value) is type(should) and bool(value == should)


@dataclass(frozen=True)
class ByRow:
    """The value that a column should hold, by primary key; in other rows what it held before."""

    values: Mapping[Any, Any]


@dataclass(frozen=True)
class Like:
    """A value that databases spell in several ways."""

    words: str
    holds: Callable[[Any], bool]

    def __repr__(self) -> str:
        """Describe it."""
        return self.words
