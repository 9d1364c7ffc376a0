"""Checks before a change: queries for rows that violate it, which must find none."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from tools.migrations import dialect
from tools.migrations.catalogue import Catalogue, Column, Key, Table
from tools.migrations.changes import Change, Check, Rename
from tools.migrations.plan import Values
from tools.migrations.refusal import Refused
from tools.migrations.source import CONSTANT

SIZES = {"tinyint": 1, "smallint": 2, "mediumint": 3, "int": 4, "integer": 4, "bigint": 8}
"""Bytes of the integer types."""
SAFE = {("integer", "float"), ("decimal", "float"), ("boolean", "integer"), ("date", "datetime")}
"""Lossless conversions."""
CHECKED = {
    *(("text", to) for to in ("integer", "decimal", "float", "boolean", "json", "uuid")),
    *(("text", to) for to in ("date", "time", "datetime")),
    ("integer", "decimal"),
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
    """Return a column as SQL; by itself, one that is missing would be a string to SQLite."""
    return f"{_alias(table)}.{dialect.quote(name)}"


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
    names = Names(renames)
    found: list[Check] = []
    given = {**_defaults(changes), **values}
    gone = {(change.table, change.old) for change in changes if isinstance(change.old, Key)}
    for change in changes:
        if change.table not in old or not change.new:
            continue
        table = old[change.table]
        if isinstance(change.new, Column):
            found += _of_column(table, change, values, names, is_undo=is_undo)
            for key in table.keys:
                is_filled = change.old and (table.name, change.new.name) in values
                if is_filled and change.new.name in key.columns and (table.name, key) not in gone:
                    found += _of_key(table, key, old, given, names)
        elif isinstance(change.new, Key) and change.new != change.old:
            found += _of_key(table, change.new, old, given, names)
    return list(dict.fromkeys(found))


def _defaults(changes: Iterable[Change]) -> Values:
    """Return the defaults of the database for new columns; each row gets the same value."""
    return {
        (change.table, change.new.name): change.new.default
        for change in changes
        if isinstance(change.new, Column) and change.old is None
        if change.new.default is not None and "nextval" not in change.new.default
    }


def _of_column(
    table: Table, change: Change, values: Values, names: Names, *, is_undo: bool
) -> Iterator[Check]:
    new = change.new
    assert isinstance(new, Column)
    value = values.get((table.name, new.name))
    source = names.rows(table)
    fill = f"write this migration again with --fill {table.name}.{new.name}=VALUE"
    yield from _of_expression(table, change, values, names)
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


def _of_expression(table: Table, change: Change, values: Values, names: Names) -> Iterator[Check]:
    """Check that an expression yields no NULL and nothing too long."""
    new = change.new
    assert isinstance(new, Column)
    value = values.get((table.name, new.name))
    if value is None or CONSTANT.fullmatch(value):
        return
    will_be = _value(table, new.name, values)
    source = names.rows(table)
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
    """Whether the new type holds every value of the old one."""
    kinds = dialect.family(old.type), dialect.family(new.type)
    before, after = _numbers(old.type), _numbers(new.type)
    if kinds == ("integer", "integer"):
        return SIZES.get(_word(old.type), 8) <= SIZES.get(_word(new.type), 8)
    if kinds == ("decimal", "decimal"):
        (digits, places), (new_digits, new_places) = before, after
        return places <= new_places and digits - places <= new_digits - new_places
    if kinds == ("text", "text"):
        return (length_of(old.type) or 2**31) <= (length_of(new.type) or 2**31)
    return kinds[0] == kinds[1] and kinds[0] not in {"integer", "decimal"}


def length_of(type_: str) -> int | None:
    """Return the maximum length of a text type in characters, or None."""
    return next(iter(_numbers(type_)), None)


def _numbers(type_: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", type_.partition("(")[2])]


def _word(type_: str) -> str:
    return re.split(r"\W", type_)[0]


def _of_key(
    table: Table, key: Key, old: Catalogue, values: Values, names: Names
) -> Iterator[Check]:
    """Check the rows against a new constraint, with the values that they will have."""
    added = [column for column in key.columns if column not in table.columns]
    told = [column for column in key.columns if (table.name, column) in values]
    if not key.columns or set(added) - set(told):
        return  # new and NULL, or covered by the check of the column
    columns = ", ".join(
        f"{_value(table, column, values)} AS value_{number}"
        for number, column in enumerate(key.columns)
    )
    numbers = [f"value_{number}" for number in range(len(key.columns))]
    there = " AND ".join(f"{number} IS NOT NULL" for number in numbers)
    condition = f" WHERE {key.condition}" if key.condition else ""
    rows = f"(SELECT {columns} FROM {names.rows(table)}{condition}) AS rows_"
    if key.kind == "foreign key":
        query = f"SELECT 1 FROM {rows} WHERE {there}"
        if key.target in old:
            equal = _same(table, key, old, names, is_told=bool(told))
            same = " AND ".join(map(equal, numbers, key.target_columns))
            target = dialect.quote(names.table(key.target))
            query += f" AND NOT EXISTS (SELECT 1 FROM {target} AS target WHERE {same})"
        yield Check(table.name, key.columns[0], query, f"refers to no row of {key.target}")
    elif key.kind in {"unique", "primary key"}:
        query = (
            f"SELECT 1 FROM (SELECT count(*) OVER (PARTITION BY {', '.join(numbers)}) AS times"
            f" FROM {rows} WHERE {there}) AS found WHERE times > 1"
        )
        yield Check(table.name, ", ".join(key.columns), query, "has a duplicate value")


def _value(table: Table, column: str, values: Values) -> str:
    """Return SQL of the value that a column will have."""
    own = _column(table, column)
    value = values.get((table.name, column))
    if value is None:
        return own
    return f"coalesce({own}, {value})" if column in table.columns else value


def _same(
    table: Table, key: Key, old: Catalogue, names: Names, *, is_told: bool
) -> Callable[[str, str], str]:
    """Return a function that compares a value with a column of the key's target table."""
    ours = [table.columns.get(column) for column in key.columns]
    theirs = [old[key.target].columns.get(column) for column in key.target_columns]
    kinds = {dialect.family(each.type) for each in (*ours, *theirs) if each}
    is_text = is_told or len(kinds) > 1

    def same(value: str, column: str) -> str:
        other = f"target.{names.quoted(key.target, column)}"
        if is_text:
            return f"CAST({other} AS {dialect.TEXT}) = CAST({value} AS {dialect.TEXT})"
        return f"{other} = {value}"

    return same
