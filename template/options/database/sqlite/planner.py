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

from tools.migrations.catalogue import Catalogue, Column, Key, Table
from tools.migrations.changes import Rename, Step
from tools.migrations.source import as_literal, as_source

NAME = "sqlite"
DATABASE, SERVER = "file_path", ""
"""Where a configuration names the database; there is no server."""
DATABASES = ""
DROPS_KEYS_FIRST = True
RENAMES_FOREIGN_KEYS = False
HOLDS_UNIQUE_KEYS = False
"""Whether foreign keys must be set aside while the key that they refer to goes."""
HELPER = "sqlite_tables"
"""What files load when they are applied, beside their checks."""
REFUSE = "    await checks.refuse(db, __name__, {constant})"
RUN_IN_TRANSACTION = True
ROWS_HINT = "With SQL, one statement; let `await db.execute_query(...)` run others before:"
"""What to say in a file that a person fills."""
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
"""Whether a moment is written with its time zone."""
DECIMALS_ARE_TEXTS = True
"""Whether a decimal is a text, in which no digit is lost."""
TEXT = "text"
"""What a value of any type is cast to, to compare it with one of another type."""
BOOLEANS = {True: "1", False: "0"}
NEUTRAL = {
    **dict.fromkeys(("integer", "float"), "0"),
    "text": "''",
    "json": "'null'",
    "uuid": "'00000000-0000-0000-0000-000000000000'",
    "date": "'1970-01-01'",
    "time": "'00:00:00'",
    "datetime": "'1970-01-01 00:00:00+00:00'",
    "binary": "x''",
}
"""What a column gets that comes back NOT NULL, since the values that it had are gone."""
FAMILIES = {
    "uuid": r"char\(36\)",
    "integer": r"(small|big)?int|integer",
    "float": r"real|double.*",
    "text": r"text|(var)?char.*",
    "json": r"jsonb?",
    "date": r"date",
    "time": r"time",
    "datetime": r"timestamp|datetime",
    "binary": r"blob",
}
UUID = "-".join("[0-9a-f]" * length for length in (8, 4, 4, 4, 12))
LIMITS = {"smallint": 15, "int": 31, "integer": 31, "bigint": 63}
"""Bits of whole numbers, without the sign, where other databases hold the same models."""

TABLES = """
    SELECT name, sql FROM sqlite_master
    WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'aerich'"""
COLUMNS = """
    SELECT m.name AS "table", c.name, lower(c.type) AS type, c."notnull", c.dflt_value, c.pk
    FROM sqlite_master m JOIN pragma_table_xinfo(m.name) c WHERE m.type = 'table'"""
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
    own = {tables.name_of(item): tables.without_comments(item) for item in items}
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
    """Return a statement with an item a line."""
    head, items, tail = tables.parts(source)
    return f"{head}{','.join(f'{chr(10)}    {item.strip()}' for item in items)}\n{tail}"


def _column(row: Mapping[str, Any], source: str) -> Column:
    extra = re.findall(r"\b(AUTOINCREMENT|COLLATE \w+|CHECK ?\(.*\)|GENERATED .*)", source)
    is_null = not (row["notnull"] or row["pk"])
    return Column(row["name"], row["type"], is_null, row["dflt_value"], " ".join(extra))


def _index(row: Mapping[str, Any]) -> Key:
    columns = tuple(re.findall(r'"((?:[^"\\]|\\.)*)"', row["columns"]))
    if row["origin"] == "u":
        return Key("unique", columns, f"UNIQUE ({', '.join(columns)})")
    sql = row["sql"]
    definition, condition = tables.subject(sql.partition(" ON ")[2]), sql.partition(" WHERE ")[2]
    named = Key("unique" if row["unique"] else "index", columns, definition, row["name"])
    return replace(named, condition=condition, given_name=row["name"], source=sql)


def _foreign_key(rows: Rows) -> Key:
    own = tuple(row["from"] for row in rows)
    theirs = tuple(row["to"] or "" for row in rows)
    target, on_delete = rows[0]["target"], rows[0]["on_delete"]
    definition = f"REFERENCES {target} ({', '.join(theirs)}) ON DELETE {on_delete}"
    return Key("foreign key", own, definition, "", target, theirs)


async def drop_tables(connection: BaseDBAsyncClient, catalogue: Catalogue) -> None:
    """Drop all tables, whatever refers to them."""
    drops = [f"DROP TABLE IF EXISTS {quote(name)}" for name in catalogue]
    await connection.execute_script(
        ";".join(["PRAGMA foreign_keys = OFF", *drops, "PRAGMA foreign_keys = ON"])
    )


clear = drop_tables
"""What empties a database: tables are all that models can use."""


def as_ours(catalogue: Catalogue) -> Catalogue:
    """Return tables that Tortoise made as migrations will have made them: just the same."""
    return catalogue


def table_name(_schema: str | None, name: str) -> str:
    """Return the name by which the planner knows a table."""
    return name


def quote(name: str) -> str:
    """Return the name of a table or column as SQL."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """Return a string as SQL."""
    return "'" + value.replace("'", "''") + "'"


def refuse_unstorable(_default: str) -> None:
    """Refuse a default that the catalogue could not tell: it tells all."""


def binary(value: bytes) -> str:
    """Return bytes as SQL."""
    return f"x'{value.hex()}'"


def comment(words: str, escape: Callable[[str], str]) -> str:
    """Return what stands between the marks of a comment."""
    return escape(words)


def needs_helper(_query: str) -> bool:
    """Whether a query calls a function that the helper's `prepare` makes for the session."""
    return False


def length(column: str) -> str:
    """Return the length of a text in characters."""
    return f"length({column})"


def family(type_: str) -> str:
    """Return the kind of a type, or the type itself where it is of no kind."""
    return next((name for name, each in FAMILIES.items() if re.fullmatch(each, type_)), type_)


def is_made_anew(_old: Column | None, _new: Column | None) -> bool:
    """Whether a column goes and comes rather than changes: here whole tables do."""
    return False


def is_held_by_keys(_old: Column, _new: Column) -> bool:
    """Whether foreign keys must be set aside while the column changes: they are off."""
    return False


def not_castable(column: str, old: Column, new: Column) -> str:
    """Return the condition that finds the values that the new type cannot hold."""
    kinds = family(old.type), family(new.type)
    if kinds[1] == "integer":
        limit = 2 ** LIMITS[new.type]
        number = f"CAST({column} AS INTEGER)"
        is_outside = f"{number} NOT BETWEEN -{limit} AND {limit - 1}"
        if kinds[0] == "integer":
            return is_outside
        is_none = f"CAST({column} AS REAL) <> {number} OR trim({column}, '+-0123456789. ') <> ''"
        has_zeros = f"ltrim({column}, '+- ') GLOB '0[0-9]*'"
        return f"{is_none} OR {column} NOT GLOB '*[0-9]*' OR {has_zeros} OR {is_outside}"
    if kinds[1] == "float":
        return f"{column} NOT GLOB '*[0-9]*' OR trim({column}, '+-0123456789.eE ') <> ''"
    if kinds[1] == "json":
        return f"NOT json_valid({column})"
    if kinds[1] == "uuid":
        return f"{column} NOT GLOB '{UUID}'"
    if kinds == ("datetime", "date"):
        return f"substr({column}, 12, 8) NOT IN ('', '00:00:00')"
    if kinds[1] == "date":
        return f"date({column}, '+0 days') IS NOT {column}"  # which counts: no 30th of February
    if kinds[1] == "datetime":
        day = f"substr({column}, 1, 10)"
        return f"datetime({column}) IS NULL OR date({day}, '+0 days') IS NOT {day}"
    return f"{kinds[1]}({column}) IS NULL OR {column} NOT GLOB '[0-2][0-9]:*'"


def rename(step: Rename) -> str:
    """Return the statement that renames a table or a column."""
    if step.column:
        names = f"{quote(step.column)} TO {quote(step.new)}"
        return f"ALTER TABLE {quote(step.table)} RENAME COLUMN {names}"
    beside = f"{step.table}__new"  # another case of letters is the same name to SQLite
    return (
        f"ALTER TABLE {quote(step.table)} RENAME TO {quote(beside)};"
        f"ALTER TABLE {quote(beside)} RENAME TO {quote(step.new)}"
    )


def body(_name: str, steps: Iterable[Rename | Step], first: Sequence[str]) -> str:
    """Return the end of the function that aerich calls, upgrade or downgrade."""
    calls = [f"sqlite_tables.execute({as_source(each)})" for each in first]
    for _, group in groupby(steps, type):
        alike = list(group)
        calls += [_rename(step) for step in alike if isinstance(step, Rename)]
        calls += _calls([step for step in alike if isinstance(step, Step)])
    lines = "".join(f"{indent(each, ' ' * 12)},\n" for each in calls)
    return f"    return str(\n        await sqlite_tables.script(db, [\n{lines}        ])\n    )"


def _rename(step: Rename) -> str:
    if step.column:
        names = ", ".join(map(as_literal, (step.table, step.column, step.new)))
        return f"sqlite_tables.rename_column({names})"
    return f"sqlite_tables.rename({as_literal(step.table)}, {as_literal(step.new)})"


def _calls(steps: Sequence[Step]) -> Iterator[str]:
    """Return the calls for all steps: indexes apart, and one for each table that is altered."""
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
    """Return the call that changes a table; a key of one column is part of its definition."""
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
    """Return SQL for the rows that are there, where copying what they have would not do."""
    new = step.new
    assert isinstance(new, Column)
    if not isinstance(step.old, Column):
        return step.value
    text, exact = f"CAST({quote(new.name)} AS TEXT)", f"printf('%!.17g', {quote(new.name)})"
    ways = {
        ("float", "text"): f"iif(CAST({text} AS REAL) <> {quote(new.name)}, {exact}, {text})",
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
    """Return how a constraint of the table would say what a key is about."""
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
