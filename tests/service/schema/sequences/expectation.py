"""Expected rows after a change of their models, and the rows that forbid it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.service.schema.sequences.changes import is_usual
from tests.service.schema.sequences.conversions import Lossy, Unsure, converted
from tests.service.schema.sequences.schema import KEYS, Field, Model, Schema, evaluate, shape
from tests.service.schema.sequences.values import FILLS
from tests.service.schema.snapshot import ANYTHING, ByRow, Like, Moves, Objects
from tests.support import databases


@dataclass
class Expectation:
    """Expected values of columns after a change, or the reasons for its refusal."""

    values: dict[str, ByRow] = field(default_factory=dict)
    """Values by primary key, for each table and column."""
    must_refuse: list[str] = field(default_factory=list)
    """Reasons why the change must be refused."""
    may_refuse: list[str] = field(default_factory=list)
    """Reasons why the change may be refused."""
    lost: set[int] = field(default_factory=set)
    """The fields that are restored without their values."""


@dataclass(frozen=True)
class Change:
    """Two versions of the models, and the rows of the first."""

    before: Schema
    after: Schema
    rows: Objects
    database: str
    fills: Mapping[str, str]
    is_undo: bool = False
    """Marks an undo: it restores columns, with a neutral value where they are NOT NULL."""

    def expectation(self) -> Expectation:
        """Compute the expected rows."""
        found = Expectation()
        columns = {
            name: {each.identity: self._column(each, model, found) for each in model.columns}
            for name, model in self.after.items()
        }
        for model in self.after.values():
            _uniques(model, columns[model.name], found, self.database)
            _keys(model, self.after, columns, found)
        return found

    def _column(self, new: Field, model: Model, found: Expectation) -> list[Any]:
        """Return the values of a column after the change."""
        at = f"{model.table}.{new.column}"
        was = self.before.get(model.name)
        known = {each.identity: each for each in was.columns} if was else {}
        old, rows = known.get(new.identity), self.rows[was.table] if was else {}
        types = (shape(self.before, old) if old else None), shape(self.after, new)
        if types[0] and not is_usual(types[0], types[1]):
            found.may_refuse.append(f"{at} changes from {types[0]} to {types[1]}")
        values = {key: self._value(at, row, old, new, found) for key, row in rows.items()}
        if not old and ANYTHING in values.values() and self.is_undo:
            found.lost.add(new.identity)
            if any(new in fields for fields in model.uniques()):
                found.may_refuse.append(f"{at}: there is no value that is neutral and unique")
        if types[0] != types[1] or at in self.fills:
            found.values[at] = ByRow(values)
        return [*values.values()]

    def _value(
        self, at: str, row: Mapping[str, Any], old: Field | None, new: Field, found: Expectation
    ) -> Any:  # noqa: ANN401 - of any type
        is_filled = at in self.fills and not new.is_null
        if is_filled and not old:
            return FILLS[new.kind][1]
        try:
            value = self._kept(row, old, new) if old else self._initial(new)
        except Lossy:
            found.must_refuse.append(f"{at}: {row!r} has no equal")
            return ANYTHING
        except Unsure:
            found.may_refuse.append(f"{at}: {row!r} may have no equal")
            return ANYTHING
        if value is None and not new.is_null:
            if is_filled:
                return FILLS[new.kind][1]
            found.must_refuse.append(f"{at}: {row!r} has no value")
        return value

    def _kept(self, row: Mapping[str, Any], old: Field, new: Field) -> Any:  # noqa: ANN401 - as above
        """Return the value after the change; one that was lost is left open."""
        value = row.get(old.column, ANYTHING)
        return converted(value, shape(self.before, old), shape(self.after, new), self.database)

    def _initial(self, new: Field) -> Any:  # noqa: ANN401 - as above
        """Return the value of rows in a new column."""
        if new.db_default:
            return _stored(new, new.db_default)
        if new.is_null:
            return None
        if self.is_undo:
            is_key = new.kind in KEYS and new.has_constraint
            return None if is_key else ANYTHING
        return _stored(new, new.default) if new.default else None


def _stored(new: Field, source: str) -> Any:  # noqa: ANN401 - as above
    """Return a default as the database stores it."""
    value = evaluate(source)
    if type(value).__module__.startswith("tortoise"):
        return ANYTHING
    kinds = {"decimal": Decimal, "float": float}
    return kinds.get(new.kind, lambda same: same)(value)


def _has_decimals(fields: Iterable[Field]) -> bool:
    return any(each.kind == "decimal" for each in fields)


def _uniques(
    model: Model, columns: Mapping[int, list[Any]], found: Expectation, database: str
) -> None:
    """Find the rows that violate a unique constraint."""
    for fields in model.uniques():
        rows = zip(*(columns[each.identity] for each in fields), strict=True)
        whole = [values for values in rows if None not in values]
        known = [values for values in whole if not any(map(_is_open, values))]
        words = f"{model.table} ({', '.join(each.column for each in fields)})"
        are_texts = _has_decimals(fields) and not databases.named(database).checks_types
        if len(set(known)) < len(known) and are_texts:
            found.may_refuse.append(f"{words} may be other texts for one number")
        elif len(set(known)) < len(known):
            found.must_refuse.append(f"{words} is not unique")
        elif len(known) < len(whole) and len(whole) > 1:
            found.may_refuse.append(f"{words} may not be unique")


def _keys(
    model: Model,
    schema: Schema,
    columns: Mapping[str, Mapping[int, list[Any]]],
    found: Expectation,
) -> None:
    """Find the rows that violate a foreign key."""
    for each in model.fields:
        if each.kind not in KEYS or not each.has_constraint:
            continue
        there = columns[each.target][schema[each.target].key.identity]
        for value in columns[model.name][each.identity]:
            words = f"{model.table}.{each.column}: {value!r}"
            if _is_open(value):
                found.may_refuse.append(f"{words} may refer to nothing")
            elif value is not None and value not in there:
                found.must_refuse.append(f"{words} refers to nothing")


def _is_open(value: object) -> bool:
    return value is ANYTHING or isinstance(value, Like)


def moves(before: Schema, after: Schema) -> Moves:
    """Return the tables and columns that a change keeps, with their names before and after."""
    tables, columns = {}, {}
    for name in [name for name in before if name in after]:
        old, new = before[name], after[name]
        tables[old.table] = new.table
        later = {each.identity: each.column for each in new.columns}
        for each in old.columns:
            if each.identity in later:
                columns[old.table, each.column] = (new.table, later[each.identity])
        links = {link.identity: link.through for link in new.links}
        for link in old.links:
            if link.identity in links:
                through = tables[link.through] = links[link.identity]
                for column in ("from_id", "to_id"):
                    columns[link.through, column] = (through, column)
    return Moves(tables, columns)
