"""Checks before a change: queries for rows that violate it, which must find none."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tools.migrations import dialect
from tools.migrations.catalogue import Catalogue, Column, Key, Table
from tools.migrations.changes import Change, Check, Rename
from tools.migrations.plan import Values
from tools.migrations.refusal import Refused
from tools.migrations.source import CONSTANT

SIZES = {"tinyint": 1, "smallint": 2, "mediumint": 3, "int": 4, "integer": 4, "bigint": 8}
"""Bytes of the integer types."""
SAFE = {("boolean", "integer"), ("date", "datetime")}
"""Lossless conversions."""
CHECKED = {
    *(("text", to) for to in ("integer", "decimal", "float", "boolean", "json", "uuid")),
    *(("text", to) for to in ("date", "time", "datetime")),
    ("integer", "decimal"),
    ("integer", "float"),
    ("decimal", "float"),
    ("integer", "boolean"),
    ("decimal", "integer"),
    ("float", "integer"),
    ("float", "decimal"),
    ("datetime", "date"),
}
"""Conversions that are lossless for some values only."""
NEVER_TEXT = {"binary"}


@dataclass(frozen=True)
class Names:
    """The names of tables and columns before the renames: checks run first."""

    renames: Sequence[Rename]

    def table(self, name: str) -> str:
        """Return the old name of a table."""
        for rename in self.renames:
            if not rename.column and rename.new == name:
                return rename.table
        return name

    def column(self, table: str, name: str) -> str:
        """Return the old name of a column."""
        for rename in self.renames:
            if rename.column and (rename.table, rename.new) == (table, name):
                return rename.column
        return name

    def quoted(self, table: str, column: str) -> str:
        """Return the old name of a column, quoted for SQL."""
        return dialect.quote(self.column(table, column))

    def rows(self, table: Table) -> str:
        """Return SQL for the rows of a table, with the new names of its columns."""
        source = dialect.quote(self.table(table.name))
        if not any(table.name in {each.table, each.new} for each in self.renames):
            return source
        columns = (
            f"it.{self.quoted(table.name, each)} AS {dialect.quote(each)}" for each in table.columns
        )
        return f"(SELECT {', '.join(columns)} FROM {source} it) AS {_alias(table)}"


def _alias(table: Table) -> str:
    return dialect.quote(table.name.rpartition(".")[2])


def _column(table: Table, name: str) -> str:
    """Return a column as SQL, with its table: alone, an unknown one may count as a string."""
    return f"{_alias(table)}.{dialect.quote(name)}"


Retyped = Mapping[tuple[str, str], tuple[Column, Column]]


@dataclass(frozen=True)
class Rows:
    """The rows as they will be: what fills them, and columns that come or change their type."""

    names: Names
    values: Values
    retyped: Retyped
    added: Mapping[tuple[str, str], Column]

    def value(self, table: Table, column: str) -> str:
        """Return SQL for what a column will hold; a new one without a value is NULL."""
        own, value = dialect.quote(column), self.values.get((table.name, column))
        if column not in table.columns:
            return dialect.typed(value or "NULL", self.added[table.name, column])
        if change := self.retyped.get((table.name, column)):
            own = dialect.converted(own, *change)
        return own if value is None else f"coalesce({own}, {value})"

    def of(self, table: Table, columns: Iterable[str]) -> str:
        """Return SQL for the rows with some columns, at least."""
        source = self.names.rows(table)
        will_be = {dialect.quote(each): self.value(table, each) for each in columns}
        if all(name == value for name, value in will_be.items()):
            return source
        listed = ", ".join(f"{value} AS {name}" for name, value in will_be.items())
        return f"(SELECT {listed} FROM {source}) AS will_be"

    def has(self, table: Table, column: str) -> bool:
        """Return whether it is known what a column will hold."""
        return column in table.columns or (table.name, column) in self.values

    def columns(self, table: Table) -> list[str]:
        """Return the names of all columns, also of those that come."""
        return [*table.columns, *(column for owner, column in self.added if owner == table.name)]


def checks(
    changes: Sequence[Change],
    old: Catalogue,
    values: Values,
    renames: Sequence[Rename] = (),
    *,
    is_undo: bool = False,
) -> list[Check]:
    """Return the checks that must pass before these changes.

    Args:
        changes: The changes to make.
        old: The tables before the changes.
        values: The values for rows without one.
        renames: The renames that precede the changes.
        is_undo: Whether this undoes a migration: then messages do not recommend --fill.

    Raises:
        Refused: A column can never be converted to its new type.
    """
    found: list[Check] = []
    rows = _rows(changes, values, Names(renames))
    gone = {(change.table, change.old) for change in changes if isinstance(change.old, Key)}
    for change in changes:
        if change.table not in old or not change.new:
            continue
        table = old[change.table]
        if isinstance(change.new, Column):
            found += _of_column(table, change, rows, is_undo=is_undo)
            for key in table.keys:
                is_over = change.old and change.new.name in key.columns
                if is_over and (table.name, key) not in gone and _may_break(key, change, rows):
                    found += _of_key(table, key, old, rows)
        elif isinstance(change.new, Key) and change.new != change.old:
            found += _of_key(table, change.new, old, rows)
    return list(dict.fromkeys(found))


def _rows(changes: Sequence[Change], values: Values, names: Names) -> Rows:
    pairs = [
        (change.table, change.old, change.new)
        for change in changes
        if isinstance(change.new, Column) and isinstance(change.old, Column | None)
    ]
    retyped = {
        (table, new.name): (old, new) for table, old, new in pairs if old and old.type != new.type
    }
    added = {(table, new.name): new for table, old, new in pairs if old is None}
    return Rows(names, {**_defaults(changes), **values}, retyped, added)


def _may_break(key: Key, change: Change, rows: Rows) -> bool:
    """Return whether a key that stays may not take what a column will hold.

    Texts that differ may say the same number.
    """
    assert isinstance(change.old, Column)
    assert isinstance(change.new, Column)
    if (change.table, change.new.name) in rows.values:
        return True
    kinds = dialect.family(change.old.type), dialect.family(change.new.type)
    return key.kind != "foreign key" and kinds[0] == "text" and kinds in CHECKED


def _defaults(changes: Iterable[Change]) -> Values:
    """Return the defaults of the database for new columns; each row gets the same value."""
    return {
        (change.table, change.new.name): change.new.default
        for change in changes
        if isinstance(change.new, Column) and change.old is None
        if change.new.default is not None and "nextval" not in change.new.default
    }


def _of_column(table: Table, change: Change, rows: Rows, *, is_undo: bool) -> Iterator[Check]:
    new = change.new
    assert isinstance(new, Column)
    value = rows.values.get((table.name, new.name))
    source = rows.names.rows(table)
    fill = f"write this migration again with --fill {table.name}.{new.name}=VALUE"
    yield from _of_expression(table, new, rows)
    if not isinstance(change.old, Column):
        if not (new.is_null or new.has_own_values or value or new.default is not None):
            query = f"SELECT 1 FROM {source}"
            sentence = f"each row needs a value for the new column, which has no default: {fill}"
            if is_undo:
                sentence = "each row needs a value for the restored column"
            yield Check(table.name, new.name, query, sentence)
        return
    column = _column(table, new.name)
    if change.old.is_null and not new.is_null and value is None:
        query = f"SELECT 1 FROM {source} WHERE {column} IS NULL"
        advice = "" if is_undo else f", or {fill}"
        yield Check(table.name, new.name, query, f"is NULL: fill it first{advice}")
    if (change.old.type, change.old.extra) != (new.type, new.extra):
        for condition, sentence in _conversion(column, change.old, new, table.name):
            query = f"SELECT 1 FROM {source} WHERE {column} IS NOT NULL AND ({condition})"
            yield Check(table.name, new.name, query, sentence)


def _of_expression(table: Table, new: Column, rows: Rows) -> Iterator[Check]:
    """Check that an expression yields no NULL and nothing too long."""
    value = rows.values.get((table.name, new.name))
    if value is None or value == new.default or CONSTANT.fullmatch(value):
        return
    will_be = rows.value(table, new.name) if new.name in table.columns else value
    source = rows.names.rows(table)
    if not new.is_null:
        query = f"SELECT 1 FROM {source} WHERE {will_be} IS NULL"
        yield Check(table.name, new.name, query, f"would be NULL, as {value} is")
    limit = length_of(new.type)
    if limit and dialect.family(new.type) == "text":
        query = f"SELECT 1 FROM {source} WHERE {dialect.length(will_be)} > {limit}"
        yield Check(table.name, new.name, query, f"would be longer than {limit} characters")


def _conversion(column: str, old: Column, new: Column, table: str) -> Iterator[tuple[str, str]]:
    """Return the conditions of values that cannot be converted, with messages."""
    kinds = dialect.family(old.type), dialect.family(new.type)
    if "generated" in f"{old.extra}{new.extra}".lower() or kinds in SAFE or _widens(old, new):
        return
    if kinds[1] == "text" and kinds[0] not in NEVER_TEXT:
        if limit := length_of(new.type):
            yield f"{dialect.length(column)} > {limit}", f"is longer than {limit} characters"
    elif kinds[0] == kinds[1] or kinds in CHECKED:
        yield dialect.not_castable(column, old, new), f"cannot become {new.type} without a loss"
    else:
        raise Refused(
            f"{table}.{new.name} cannot change from {old.type} to {new.type}. Add a column of"
            " the new type, fill it in a migration made with --empty, and drop the old one."
        )


def _widens(old: Column, new: Column) -> bool:
    """Return whether the new type holds every value of the old one."""
    kinds = dialect.family(old.type), dialect.family(new.type)
    before, after = _numbers(old.type), _numbers(new.type)
    if kinds == ("integer", "integer"):
        return SIZES.get(_word(old.type), 8) <= SIZES.get(_word(new.type), 8)
    if kinds == ("decimal", "decimal"):
        (digits, places), (new_digits, new_places) = before, after
        return places <= new_places and digits - places <= new_digits - new_places
    if kinds == ("text", "text"):
        return (length_of(old.type) or 2**31) <= (length_of(new.type) or 2**31)
    if kinds == ("float", "float"):
        return old.type == new.type or new.type.startswith("double")
    return kinds[0] == kinds[1] and kinds[0] not in {"integer", "decimal"}


def length_of(type_: str) -> int | None:
    """Return the maximum length of a text type in characters, or None."""
    return next(iter(_numbers(type_)), None)


def _numbers(type_: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", type_.partition("(")[2])]


def _word(type_: str) -> str:
    return re.split(r"\W", type_)[0]


def _of_key(table: Table, key: Key, old: Catalogue, rows: Rows) -> Iterator[Check]:
    """Check the rows against a new constraint, with the values that they will have."""
    takes_one_null = "NULLS NOT DISTINCT" in key.definition
    is_known = all(rows.has(table, column) for column in key.columns) or takes_one_null
    if not (key.parts or (key.columns and is_known)):
        return  # new and NULL, or covered by the check of the column
    parts = key.parts or tuple(map(dialect.quote, key.columns))
    needed = rows.columns(table) if key.parts or key.condition else key.columns
    columns = ", ".join(f"{part} AS value_{number}" for number, part in enumerate(parts))
    numbers = [f"value_{number}" for number in range(len(parts))]
    there = " AND ".join(f"{number} IS NOT NULL" for number in numbers)
    condition = f" WHERE {key.condition}" if key.condition else ""
    found = f"(SELECT {columns} FROM {rows.of(table, needed)}{condition}) AS rows_"
    if key.kind == "foreign key":
        query = f"SELECT 1 FROM {found} WHERE {there}"
        if key.target in old:
            equal = _same(table, key, old, rows)
            same = " AND ".join(map(equal, numbers, key.target_columns))
            target = dialect.quote(rows.names.table(key.target))
            query += f" AND NOT EXISTS (SELECT 1 FROM {target} AS target WHERE {same})"
        yield Check(table.name, key.columns[0], query, f"refers to no row of {key.target}")
    elif key.kind in {"unique", "primary key"}:
        query = (
            f"SELECT 1 FROM (SELECT count(*) OVER (PARTITION BY {', '.join(numbers)}) AS times"
            f" FROM {found}{'' if takes_one_null else f' WHERE {there}'}) AS found WHERE times > 1"
        )
        what = ", ".join(key.parts or key.columns)
        yield Check(table.name, what, query, "has a duplicate value")


def _same(table: Table, key: Key, old: Catalogue, rows: Rows) -> Callable[[str, str], str]:
    """Return a function that compares a value with a column of the key's target table."""
    ours = [table.columns.get(column) for column in key.columns]
    theirs = [old[key.target].columns.get(column) for column in key.target_columns]
    kinds = {dialect.family(each.type) for each in (*ours, *theirs) if each}
    places = {(table.name, column) for column in key.columns}
    is_text = bool(places & {*rows.values, *rows.retyped}) or len(kinds) > 1

    def same(value: str, column: str) -> str:
        other = f"target.{rows.names.quoted(key.target, column)}"
        if is_text:
            return f"CAST({other} AS {dialect.TEXT}) = CAST({value} AS {dialect.TEXT})"
        return f"{other} = {value}"

    return same
