"""SQLite: its catalogue, and the steps that change it."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from runpy import run_path
from textwrap import indent
from types import SimpleNamespace
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.fields import BooleanField, DecimalField, Field

from tools.migrations.catalogue import Catalogue, Column, Key, Table
from tools.migrations.changes import Rename, Step
from tools.migrations.source import as_literal, as_source

NAME = "sqlite"
DATABASE, SERVER = "file_path", ""
"""The key of the file's path in the credentials; there is no server."""
DATABASES = ""
DROPS_KEYS_FIRST = True
RENAMES_FOREIGN_KEYS = False
HOLDS_UNIQUE_KEYS = False
"""Foreign keys must be dropped before the unique key that they refer to."""
HELPER = "sqlite_tables"
"""The helper module that files load when they are applied, beside `checks`."""
REFUSE = ""
"""Files check rows in the helper, and only where it finds something to do: it may be applied."""
RUN_IN_TRANSACTION = True
ROWS_HINT = "With SQL, one statement; let `await db.execute_query(...)` run others before:"
"""A comment in a file to complete by hand."""
BEFORE_TABLES: tuple[str, ...] = ()
FOREIGN_KEYS_LAST = False
HAS_AERICH = "SELECT 1 AS found FROM sqlite_master WHERE type = 'table' AND name = 'aerich'"
AERICH_TABLE = """CREATE TABLE IF NOT EXISTS "aerich" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "version" VARCHAR(255) NOT NULL,
    "app" VARCHAR(100) NOT NULL,
    "content" JSON NOT NULL
)"""
HAS_ZONES = True
"""Times are written with a time zone."""
DECIMALS_ARE_TEXTS = True
"""Decimals are stored as text, which keeps all digits."""
TEXT = "text"
"""The type to which values are cast to compare different types."""
BOOLEANS = {True: "1", False: "0"}
NEUTRAL = {
    **dict.fromkeys(("integer", "float", "boolean"), "0"),
    "decimal": "'0'",
    "text": "''",
    "json": "'null'",
    "uuid": "'00000000-0000-0000-0000-000000000000'",
    "date": "'1970-01-01'",
    "time": "'00:00:00'",
    "datetime": "'1970-01-01 00:00:00+00:00'",
    "binary": "x''",
}
"""Values for a NOT NULL column that a downgrade adds again, as its old values are lost."""
FAMILIES = {
    "uuid": r"char\(36\)",
    "integer": r"(small|big)?int|integer",
    "float": r"real|double.*",
    "boolean": r"boolean",
    "decimal": r"decimal_text\(.*\)",
    "text": r"text|(var)?char.*",
    "json": r"jsonb?",
    "date": r"date",
    "time": r"time",
    "datetime": r"timestamp|datetime",
    "binary": r"blob",
}
UUID = "-".join("[0-9a-f]" * length for length in (8, 4, 4, 4, 12))
LIMITS = {"smallint": 15, "int": 31, "integer": 31, "bigint": 63}
"""Bits of the integer types, without the sign, as in other databases."""

TABLES = r"""
    SELECT name, sql FROM sqlite_master
    WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' AND name <> 'aerich'
    AND name NOT IN (SELECT name FROM pragma_table_list WHERE type IN ('virtual', 'shadow'))"""
COLUMNS = """
    SELECT m.name AS "table", c.name, lower(c.type) AS type, c."notnull", c.dflt_value, c.pk
    FROM sqlite_master m JOIN pragma_table_xinfo(m.name) c
    WHERE m.type = 'table' AND m.sql NOT LIKE 'CREATE VIRTUAL%'"""
INDEXES = """
    SELECT m.name AS "table", i.name, i."unique", i.origin, s.sql, (
      SELECT json_group_array(name) FROM pragma_index_info(i.name)) AS columns
    FROM sqlite_master m JOIN pragma_index_list(m.name) i
    LEFT JOIN sqlite_master s ON s.type = 'index' AND s.name = i.name WHERE m.type = 'table'"""
FOREIGN_KEYS = """
    SELECT m.name AS "table", f.id, f."table" AS target, f."from", f."to", f.on_delete
    FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f
    WHERE m.type = 'table' ORDER BY m.name, f.id, f.seq"""

FOLDER = Path(__file__).parents[2] / "migrations"
tables = SimpleNamespace(**run_path(str(FOLDER / "sqlite_tables.py")))


async def read(connection: BaseDBAsyncClient) -> Catalogue:
    """Return the tables of the database."""
    found = await connection.execute_query_dict(TABLES)
    columns = await connection.execute_query_dict(COLUMNS)
    indexes = await connection.execute_query_dict(INDEXES)
    keys = await connection.execute_query_dict(FOREIGN_KEYS)
    return {
        row["name"]: _table(
            row["name"],
            row["sql"],
            *(
                [each for each in rows if each["table"] == row["name"]]
                for rows in (columns, indexes, keys)
            ),
        )
        for row in found
    }


Rows = Sequence[Mapping[str, Any]]


def _table(name: str, source: str, columns: Rows, indexes: Rows, foreign: Rows) -> Table:
    _, items, _ = tables.parts(source)
    own = {tables.name_of(item): item.strip() for item in items}
    keys = [_index(row) for row in indexes if row["origin"] != "pk"]
    primary = sorted((row for row in columns if row["pk"]), key=lambda row: int(row["pk"]))
    if primary:
        names = tuple(row["name"] for row in primary)
        keys.append(Key("primary key", names, f"PRIMARY KEY ({', '.join(names)})"))
    numbers = dict.fromkeys(row["id"] for row in foreign)
    keys += [_foreign_key([row for row in foreign if row["id"] == each]) for each in numbers]
    apart = {tables.subject(item): item.strip() for item in items if tables.name_of(item) is None}
    keys += [
        Key("check", (), each, given_name=_given_name(item))
        for each, item in apart.items()
        if each.startswith("check")
    ]
    return Table(
        name,
        {row["name"]: _column(row, own.get(row["name"], "")) for row in columns},
        tuple(replace(key, source=key.source or apart.get(_subject(key), "")) for key in keys),
        source=_laid_out(source),
    )


def _given_name(constraint: str) -> str:
    word, _, rest = tables.without_comments(constraint).partition(" ")
    return tables.name_of(rest) or "" if word.upper() == "CONSTRAINT" else ""


def _laid_out(source: str) -> str:
    """Return a CREATE TABLE with one item a line."""
    head, items, tail = tables.parts(source)
    return f"{head}{','.join(f'{chr(10)}    {item.strip()}' for item in items)}\n{tail}"


def _column(row: Mapping[str, Any], source: str) -> Column:
    words = tables.without_comments(source)
    extra = " ".join(re.findall(r"\b(AUTOINCREMENT|COLLATE \w+|CHECK ?\(.*\)|GENERATED .*)", words))
    is_null = not (row["notnull"] or row["pk"])
    return Column(row["name"], row["type"], is_null, row["dflt_value"], extra, source=source)


def _index(row: Mapping[str, Any]) -> Key:
    columns = tuple(re.findall(r'"((?:[^"\\]|\\.)*)"', row["columns"]))
    if row["origin"] == "u":
        return Key("unique", columns, f"UNIQUE ({', '.join(columns)})")
    sql = row["sql"]
    definition, condition = tables.subject(sql.partition(" ON ")[2]), sql.partition(" WHERE ")[2]
    named = Key("unique" if row["unique"] else "index", columns, definition, row["name"])
    named = replace(named, parts=tuple(_parts(row)))
    return replace(named, condition=condition, given_name=row["name"], source=sql)


def _parts(row: Mapping[str, Any]) -> Iterator[str]:
    """Return SQL for what an index is over, where that is more than columns."""
    _, items, _ = tables.parts(row["sql"].partition(" ON ")[2])
    if "null" in row["columns"] or any("COLLATE" in item.upper() for item in items):
        for item in items:
            yield re.sub(r"\s+(ASC|DESC)\s*$", "", item.strip(), flags=re.IGNORECASE)


def _foreign_key(rows: Rows) -> Key:
    own = tuple(row["from"] for row in rows)
    theirs = tuple(row["to"] or "" for row in rows)
    target, on_delete = rows[0]["target"], rows[0]["on_delete"]
    definition = f"REFERENCES {target} ({', '.join(theirs)}) ON DELETE {on_delete}"
    return Key("foreign key", own, definition, "", target, theirs)


async def drop_tables(connection: BaseDBAsyncClient, catalogue: Catalogue) -> None:
    """Drop all tables, in spite of foreign keys."""
    drops = [f"DROP TABLE IF EXISTS {quote(name)}" for name in catalogue]
    await connection.execute_script(
        ";".join(["PRAGMA foreign_keys = OFF", *drops, "PRAGMA foreign_keys = ON"])
    )


clear = drop_tables
"""Empties a database: models can use nothing but tables."""


def as_migrated(catalogue: Catalogue) -> Catalogue:
    """Return Tortoise's tables as migrations create them: unchanged."""
    return catalogue


def table_name(_schema: str | None, name: str) -> str:
    """Return the planner's name of a table."""
    return name


def quote(name: str) -> str:
    """Quote the name of a table or column for SQL."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """Return a string as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def type_of(field: Field[Any]) -> str:
    """Return the type that a field's column gets where Tortoise's says too little.

    SQLite takes any name, and stores by what is in it: TEXT a decimal, as in `VARCHAR(40)`.
    """
    own = field.get_for_dialect(NAME, "SQL_TYPE")
    if isinstance(field, DecimalField) and own == "VARCHAR(40)":
        return f"DECIMAL_TEXT({field.max_digits},{field.decimal_places})"
    return "BOOLEAN" if isinstance(field, BooleanField) and own == "INT" else ""


def refuse_unstorable(_default: str) -> None:
    """Accept every default: the catalogue can store all."""


def binary(value: bytes) -> str:
    """Return bytes as SQL."""
    return f"x'{value.hex()}'"


def comment(words: str, escape: Callable[[str], str]) -> str:
    """Return the escaped text of a comment."""
    return escape(words)


def needs_helper(_query: str) -> bool:
    """Return whether a query calls a function that the helper's `prepare` makes for the session."""
    return False


def length(column: str) -> str:
    """Return the length of a text in characters."""
    return f"length({column})"


def family(type_: str) -> str:
    """Return the family of a type, or the type itself if it is in none."""
    return next((name for name, each in FAMILIES.items() if re.fullmatch(each, type_)), type_)


def is_recreated(_old: Column | None, _new: Column | None) -> bool:
    """Return whether a change drops and adds the column: never, as tables are recreated."""
    return False


def is_held_by_keys(_old: Column, _new: Column) -> bool:
    """Return whether foreign keys must be dropped while the column changes: no, they are off."""
    return False


def not_castable(column: str, old: Column, new: Column) -> str:
    """Return an SQL condition for the values that the new type cannot hold."""
    kinds = family(old.type), family(new.type)
    if kinds[1] == "boolean":
        return f"{column} NOT IN (0, 1)" if kinds[0] == "integer" else f"{column} NOT IN ('0', '1')"
    if kinds[1] == "decimal":
        return _is_no_decimal(column, kinds[0], new.type)
    if kinds[1] == "integer":
        return _is_no_integer(column, kinds[0], new.type)
    if kinds[1] == "float":
        return _is_no_float(column, kinds[0])
    if kinds[1] == "json":
        return f"NOT json_valid({column})"
    if kinds[1] == "uuid":
        return f"{column} NOT GLOB '{UUID}'"
    if kinds == ("datetime", "date"):
        return f"substr({column}, 12, 8) NOT IN ('', '00:00:00')"
    if kinds[1] == "date":
        return f"date({column}, '+0 days') IS NOT {column}"  # no 30th of February
    if kinds[1] == "datetime":
        day = f"substr({column}, 1, 10)"
        return f"datetime({column}) IS NULL OR date({day}, '+0 days') IS NOT {day}"
    return f"{kinds[1]}({column}) IS NULL OR {column} NOT GLOB '[0-2][0-9]:*'"


def _is_no_integer(column: str, kind: str, type_: str) -> str:
    """Return the condition that finds what is no integer of a type."""
    limit = 2 ** LIMITS[type_]
    number = f"CAST({column} AS INTEGER)"
    is_outside = f"{number} NOT BETWEEN -{limit} AND {limit - 1}"
    if kind == "integer":
        return is_outside
    if kind == "decimal":
        return f"CAST({column} AS REAL) <> {number} OR {is_outside}"
    has_zeros = f"ltrim({column}, '+- ') GLOB '0[0-9]*'"
    return f"{column} <> {number} OR {has_zeros} OR {is_outside}"


def _is_no_decimal(column: str, kind: str, type_: str) -> str:
    """Return the condition that finds what has more digits than a decimal, or is no number.

    Tortoise writes small decimals with an exponent, and only small ones: `1.50E-7`.
    """
    digits, places = map(int, re.findall(r"\d+", type_))
    whole = 10 ** (digits - places)
    if kind == "integer":
        return f"{column} NOT BETWEEN {1 - whole} AND {whole - 1}"
    if kind == "float":
        same = f"CAST(printf('%!.{places}f', {column}) AS REAL)"
        return f"{same} <> {column} OR abs({column}) >= {whole}"
    text = f"trim({column})"
    plain, power = f"ltrim({text}, '+-0')", "0"
    if kind == "decimal":
        power = f"CAST(substr({plain}, instr({plain} || 'E', 'E') + 1) AS INTEGER)"
        plain = f"substr({plain}, 1, instr({plain} || 'E', 'E') - 1)"
    before = f"instr({plain} || '.', '.') - 1"
    behind = f"rtrim(substr({plain}, instr({plain} || '.', '.') + 1), '0')"
    return (
        f"{text} NOT GLOB '*[0-9]*' OR substr({text}, 2) GLOB '*[-+]*' AND {power} = 0"
        f" OR {plain} GLOB '*[^0-9.]*' OR {plain} GLOB '*.*.*'"
        f" OR {before} + {power} > {digits - places}"
        f" OR length({behind}) - iif({behind} = '', 0, {power}) > {places}"
    )


def _is_no_float(column: str, kind: str) -> str:
    """Return the condition that finds what is no number, or has more digits than a float."""
    if kind in {"integer", "float"}:
        return f"CAST({column} AS REAL) <> {column}"
    real, whole = f"CAST({column} AS REAL)", f"CAST({column} AS INTEGER)"
    digits = f"substr({column}, 1, instr(lower({column}) || 'e', 'e') - 1)"
    digits = f"length(trim(replace(ltrim({digits}, '+- 0.'), '.', ''), '0 '))"
    same = ", ".join(f"rtrim(printf('%!.{places}g', {real}), '0')" for places in (16, 17))
    is_whole = f"{column} = {whole} AND CAST({whole} AS REAL) = {whole}"
    is_exact = f"{digits} <= 15 OR rtrim({column}, '0') IN ({same}) OR {is_whole}"
    return f"{column} <> {real} OR abs({real}) > 1.7976931348623157e308 OR NOT ({is_exact})"


def converted(column: str, old: Column, new: Column) -> str:
    """Return SQL for a value in the new type, or for anything where that cannot hold it."""
    types = {"integer": "INTEGER", "float": "REAL", "text": "TEXT"}
    type_ = types.get(family(new.type))
    return (
        f"CAST({column} AS {type_})" if type_ and family(old.type) != family(new.type) else column
    )


def typed(value: str, _column: Column) -> str:
    """Return SQL for a value of a column: it tells its type itself."""
    return value


def rename(step: Rename) -> str:
    """Return the statement that renames a table or a column."""
    if step.column:
        names = f"{quote(step.column)} TO {quote(step.new)}"
        return f"ALTER TABLE {quote(step.table)} RENAME COLUMN {names}"
    beside = f"{step.table}__new"  # SQLite ignores the case of names
    return (
        f"ALTER TABLE {quote(step.table)} RENAME TO {quote(beside)};"
        f"ALTER TABLE {quote(beside)} RENAME TO {quote(step.new)}"
    )


def body(_name: str, steps: Iterable[Rename | Step], first: Sequence[str], constant: str) -> str:
    """Return the last lines of the function upgrade or downgrade, which aerich calls."""
    calls = [f"sqlite_tables.execute({as_source(each)})" for each in first]
    for _, group in groupby(steps, type):
        alike = list(group)
        calls += [_rename(step) for step in alike if isinstance(step, Rename)]
        calls += _calls([step for step in alike if isinstance(step, Step)])
    lines = "".join(f"{indent(each, ' ' * 12)},\n" for each in calls)
    refuse = f", lambda: checks.refuse(db, __name__, {constant})" if constant else ""
    call = f"await sqlite_tables.script(db, __name__, [\n{lines}        ]{refuse})"
    return f"    return str(\n        {call}\n    )"


def _rename(step: Rename) -> str:
    if step.column:
        names = ", ".join(map(as_literal, (step.table, step.column, step.new)))
        return f"sqlite_tables.rename_column({names})"
    return f"sqlite_tables.rename({as_literal(step.table)}, {as_literal(step.new)})"


def _calls(steps: Sequence[Step]) -> Iterator[str]:
    """Yield the calls for all steps: separate ones for indexes, one for each altered table."""
    comes = [each for each in steps if isinstance(each.new, Table) and each.old is None]
    goes = [each for each in steps if isinstance(each.old, Table) and each.new is None]
    whole = {each.table for each in [*comes, *goes]}
    parts = [each for each in steps if each.table not in whole]
    for old in (each.old for each in parts):
        if isinstance(old, Key) and old.name:
            yield f"sqlite_tables.execute({as_source(f'DROP INDEX IF EXISTS {quote(old.name)}')})"
    for new in (each.new for each in comes):
        assert isinstance(new, Table)
        yield f"sqlite_tables.create({as_literal(new.name)}, {as_source(new.source)})"
        yield from (_index_call(key) for key in new.keys if key.name)
    inside = [
        each
        for each in parts
        if isinstance(thing := each.new or each.old, Column)
        or (isinstance(thing, Key) and not thing.name)
    ]
    for name in dict.fromkeys(each.table for each in inside):
        yield _alter([each for each in inside if each.table == name])
    yield from (
        _index_call(each.new) for each in parts if isinstance(each.new, Key) and each.new.name
    )
    yield from (f"sqlite_tables.drop({as_literal(each.table)})" for each in goes)


def _alter(steps: Sequence[Step]) -> str:
    """Return the call that alters a table; a key of one column is part of its definition."""
    within = steps[0].within
    assert within is not None
    _, items, _ = tables.parts(within.source)
    definitions = {tables.name_of(item): item.strip() for item in items}
    columns: dict[str, str | None] = {}
    values: dict[str, str] = {}
    constraints: dict[str, bool] = {}
    for step in steps:
        thing = step.new or step.old
        name = thing.name if isinstance(thing, Column) else ""
        if isinstance(thing, Key) and len(thing.columns) == 1:
            (name,) = thing.columns
        if name:
            columns[name] = definitions.get(name)
        if isinstance(step.new, Column) and (value := _value(step)):
            values[step.new.name] = value
        if isinstance(thing, Key) and thing.source:
            constraints[thing.source] = step.new is not None
    lines = [as_literal(steps[0].table), _mapping(columns)]
    adds = [str(step.new) for step in steps if isinstance(step.new, Column) and not step.old]
    lines += [f"adds=[{', '.join(map(as_literal, adds))}]"] if adds else []
    lines += [f"values={_mapping(values)}"] if values else []
    lines += [f"constraints={_mapping(constraints)}"] if constraints else []
    return (
        f"sqlite_tables.alter(\n{indent(''.join(f'{line},{chr(10)}' for line in lines), '    ')})"
    )


def _value(step: Step) -> str | None:
    """Return SQL of the new value for existing rows, unless the old value is copied."""
    new = step.new
    assert isinstance(new, Column)
    if not isinstance(step.old, Column):
        return step.value
    text, exact = f"CAST({quote(new.name)} AS TEXT)", f"printf('%!.17g', {quote(new.name)})"
    ways = {
        ("float", "text"): f"iif(CAST({text} AS REAL) <> {quote(new.name)}, {exact}, {text})",
        ("float", "decimal"): f"iif(CAST({text} AS REAL) <> {quote(new.name)}, {exact}, {text})",
        ("text", "decimal"): f"trim({quote(new.name)})",
        ("float", "integer"): f"CAST({quote(new.name)} AS INTEGER)",
        ("date", "datetime"): f"{quote(new.name)} || ' 00:00:00+00:00'",
        ("datetime", "date"): f"substr({quote(new.name)}, 1, 10)",
    }
    way = ways.get((family(step.old.type), family(new.type)))
    return f"coalesce({way or quote(new.name)}, {step.value})" if step.value else way


def _mapping(values: Mapping[str, Any]) -> str:
    if not values:
        return "{}"
    rows = (
        f"    {as_literal(name)}: {as_source(each) if isinstance(each, str) else each}"
        for name, each in values.items()
    )
    return "{\n" + "".join(f"{row},\n" for row in rows) + "}"


def _subject(key: Key) -> str:
    """Return the subject of a key, written like a table constraint."""
    if key.kind == "check":
        return key.definition
    own, theirs = (", ".join(map(quote, each)) for each in (key.columns, key.target_columns))
    there = f" REFERENCES {quote(key.target)} ({theirs})" if key.target else ""
    return str(tables.subject(f"{key.kind.upper()} ({own}){there}"))


def _index_call(key: Key) -> str:
    sql = re.sub(
        r"^CREATE (UNIQUE )?INDEX (IF NOT EXISTS )?", r"CREATE \1INDEX IF NOT EXISTS ", key.source
    )
    return f"sqlite_tables.execute({as_source(sql)})"
