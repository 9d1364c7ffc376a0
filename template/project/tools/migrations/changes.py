"""Differences between two schemas, in words, and the steps from one to the other."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from tools.migrations.catalogue import Catalogue, Column, Key, Table


@dataclass(frozen=True)
class Change:
    """One difference: a table, column or key to add, drop or change."""

    table: str
    old: Table | Column | Key | None
    new: Table | Column | Key | None

    @property
    def loses(self) -> tuple[str, str | None] | None:
        """The table and column whose values are lost; None as column means the whole table."""
        if self.new is None and isinstance(self.old, Table):
            return self.table, None
        if not isinstance(self.old, Column) or _is_generated(self.old):
            return None
        is_replaced = isinstance(self.new, Column) and _is_generated(self.new)
        return (self.table, self.old.name) if self.new is None or is_replaced else None

    def __str__(self) -> str:
        """Return the change in words: `add tasks.due date null`."""
        verb = "change" if self.old and self.new else "drop" if self.old else "add"
        thing = self.new or self.old
        if isinstance(thing, Column):
            old = self.old.definition if isinstance(self.old, Column) else ""
            new = self.new.definition if isinstance(self.new, Column) else ""
            change = " → ".join(dict.fromkeys(filter(None, [old, new])))
            if old == new:
                change = _unsaid(self.old, thing)
            return f"{verb} {self.table}.{thing.name} {change}"
        if isinstance(thing, Key):
            if isinstance(self.old, Key) and isinstance(self.new, Key):
                if self.old.definition == self.new.definition:
                    names = (each.name or each.given_name for each in (self.old, self.new))
                    return f"rename {thing.kind} {' → '.join(names)}"
                return f"change {self.table} {self.old} → {self.new}"
            return f"{verb} {self.table} {thing}"
        assert thing is not None
        if isinstance(self.old, Table) and isinstance(self.new, Table):
            pairs = {"": (self.old.options, self.new.options)}
            pairs["comment "] = (repr(self.old.comment), repr(self.new.comment))
            differ = [f"{what}{old} → {new}" for what, (old, new) in pairs.items() if old != new]
            return f"{verb} {thing} {', '.join(differ)}"
        return f"{verb} {thing} ({', '.join(thing.columns)})"


def _is_generated(column: Column) -> bool:
    return "generated always" in column.extra.lower()


def _unsaid(old: Table | Column | Key | None, new: Column) -> str:
    """Describe the difference between columns of the same definition."""
    if isinstance(old, Column) and old.extra != new.extra:
        return f"{old.extra} → {new.extra}".lower()
    return f"comment → {new.comment!r}"


def differences(old: Catalogue, new: Catalogue) -> list[Change]:
    """Return the changes that turn the old schema into the new one."""
    changes: list[Change] = []
    for name in [*new, *(name for name in old if name not in new)]:
        if name in old and name in new:
            changes += _within(old[name], new[name])
        else:
            changes.append(Change(name, old.get(name), new.get(name)))
    return changes


def _within(old: Table, new: Table) -> Iterator[Change]:
    if (old.options, old.comment) != (new.options, new.comment):
        yield Change(new.name, old, new)
    for name in dict.fromkeys([*new.columns, *old.columns]):
        before, after = old.columns.get(name), new.columns.get(name)
        if before != after:
            yield Change(new.name, before, after)
    gone = [key for key in dict.fromkeys(old.keys) if key not in new.keys]
    for key in dict.fromkeys(new.keys):
        if key in old.keys:
            continue
        twin = next((each for each in gone if _differ_by_name(each, key)), None)
        twin = twin or next((each for each in gone if _differ_by_definition(each, key)), None)
        if twin:
            gone.remove(twin)
        yield Change(new.name, twin, key)
    yield from (Change(new.name, key, None) for key in gone)


def _differ_by_name(one: Key, other: Key) -> bool:
    return (one.kind, one.columns, one.definition) == (other.kind, other.columns, other.definition)


def _differ_by_definition(one: Key, other: Key) -> bool:
    return bool(other.name) and (one.kind, one.name) == (other.kind, other.name)


@dataclass(frozen=True)
class Rename:
    """A new name for a table or, if `column` is set, for a column."""

    table: str
    new: str
    column: str = ""

    def __str__(self) -> str:
        """Return the rename in words."""
        if self.column:
            return f"rename {self.table}.{self.column} → {self.new}"
        return f"rename table {self.table} → {self.new}"


@dataclass(frozen=True)
class Step:
    """A change that the database makes with one operation."""

    table: str
    old: Table | Column | Key | None
    new: Table | Column | Key | None
    value: str | None = None
    """SQL of the value for rows without one, in a new column or one that becomes NOT NULL."""
    within: Table | None = None
    """The table after the migration, unless it is dropped."""


class Check(NamedTuple):
    """A query for the rows that violate a change, and the message about them."""

    table: str
    column: str
    query: str
    sentence: str
