"""PostgreSQL: its catalogue, and the statements that change it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.fields import Field

from tools.migrations.catalogue import Catalogue, Column, Key, Table
from tools.migrations.changes import Rename, Step
from tools.migrations.source import CONSTANT, indented

NAME = "postgres"
DATABASE, SERVER = "database", "postgres"
"""The key of the database name in the credentials, and a database that always exists."""
DATABASES = "SELECT datname AS name FROM pg_database"
DROPS_KEYS_FIRST = True
RENAMES_FOREIGN_KEYS = True
HOLDS_UNIQUE_KEYS = True
"""Foreign keys must be dropped before the unique key that they refer to."""
HELPER = "postgres_casts"
"""The helper module that files load when they are applied, beside `checks`."""
REFUSE = "    await checks.refuse(db, __name__, {constant})"
RUN_IN_TRANSACTION = True
ROWS_HINT = "With SQL:"
"""A comment in a file to complete by hand."""
HAS_AERICH = "SELECT 1 AS found WHERE to_regclass('aerich') IS NOT NULL"
AERICH_TABLE = """CREATE TABLE IF NOT EXISTS "aerich" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "version" VARCHAR(255) NOT NULL,
    "app" VARCHAR(100) NOT NULL,
    "content" JSONB NOT NULL
)"""
BEFORE_TABLES: tuple[str, ...] = ()
FOREIGN_KEYS_LAST = True
HAS_ZONES = True
"""Times are written with a time zone."""
DECIMALS_ARE_TEXTS = False
"""Decimals are stored as text, which keeps all digits."""
TEXT = "text"
"""The type to which values are cast to compare different types."""
BOOLEANS = {True: "true", False: "false"}
NEUTRAL = {
    **dict.fromkeys(("integer", "decimal", "float"), "0"),
    "boolean": "false",
    "text": "''",
    "json": "'null'",
    "date": "'1970-01-01'",
    "time": "'00:00+00'",
    "datetime": "'1970-01-01 00:00+00'",
    "uuid": "'00000000-0000-0000-0000-000000000000'",
    "binary": r"'\x'",
}
"""Values for a NOT NULL column that a downgrade adds again, as its old values are lost."""
FAMILIES = {
    "integer": r"smallint|integer|bigint",
    "decimal": r"numeric.*",
    "float": r"real|double precision",
    "boolean": r"boolean",
    "text": r"text|character.*",
    "json": r"jsonb?",
    "date": r"date",
    "time": r"time .*",
    "datetime": r"timestamp.*",
    "uuid": r"uuid",
    "binary": r"bytea",
}

NUMBER = r"^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$"
DAY = r"\d{4}-\d\d-\d\d"
CLOCK = r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?"
OFFSET = r"([-+]\d\d(:?\d\d)?|Z)"
TEXTS = {
    "date": f"^{DAY}$",
    "time": f"^{CLOCK}{OFFSET}?$",
    "datetime": f"^{DAY}([ T]{CLOCK}{OFFSET}?)?$",
    **dict.fromkeys(("decimal", "float"), NUMBER),
    "integer": r"^\s*[-+]?(0|[1-9]\d*)\s*$",
}
"""Texts of which a value has all that they say: `tomorrow` is a day, but another one each day."""
LIMITS = {"smallint": 15, "integer": 31, "bigint": 63}
"""Bits of whole numbers, without the sign."""
LARGEST = {"real": 2**63 - 2**39, "double precision": 2**63 - 2**10}
"""The last whole number of 64 bits that a float holds."""

TABLES = """
    SELECT c.oid::bigint AS id, n.nspname AS schema, c.relname AS name,
           coalesce(obj_description(c.oid, 'pg_class'), '') AS comment
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^(pg_|information_schema$)'
      AND c.relname <> 'aerich' AND NOT EXISTS (
        SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
    ORDER BY c.oid"""
COLUMNS = """
    SELECT a.attrelid::bigint AS id, a.attname AS name, NOT a.attnotnull AS is_null,
           format_type(a.atttypid, a.atttypmod) AS type, a.attgenerated::text AS generated,
           pg_get_expr(d.adbin, d.adrelid) AS default, a.attidentity::text AS identity,
           coalesce(col_description(a.attrelid, a.attnum), '') AS comment,
           (SELECT l.collname FROM pg_collation l, pg_type t WHERE l.oid = a.attcollation
             AND t.oid = a.atttypid AND t.typcollation <> a.attcollation) AS collation,
           (SELECT s.seqtypid::regtype::text FROM pg_sequence s JOIN pg_depend p
             ON p.objid = s.seqrelid AND p.classid = 'pg_class'::regclass
             WHERE p.refobjid = a.attrelid AND p.refobjsubid = a.attnum) AS sequence
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p')
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relnamespace <> 'pg_catalog'::regnamespace
    ORDER BY a.attrelid, a.attnum"""
KEYS = """
    SELECT o.conrelid::bigint AS id, o.conname AS name, o.contype::text AS kind,
           pg_get_constraintdef(o.oid) AS definition,
           CASE WHEN o.confrelid <> 0 THEN o.confrelid::bigint END AS target,
           ARRAY(SELECT a.attname::text FROM unnest(o.conkey) WITH ORDINALITY k(n, place)
             JOIN pg_attribute a ON a.attrelid = o.conrelid AND a.attnum = k.n
             ORDER BY k.place) AS columns, ARRAY[]::text[] AS parts
    FROM pg_constraint o WHERE o.conrelid <> 0 AND o.contype IN ('p', 'u', 'f', 'c', 'x')
    UNION ALL
    SELECT i.indrelid::bigint, c.relname, CASE WHEN i.indisunique THEN 'u' ELSE 'i' END,
           pg_get_indexdef(i.indexrelid), NULL,
           ARRAY(SELECT a.attname::text FROM unnest(i.indkey) WITH ORDINALITY k(n, place)
             JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.n
             ORDER BY k.place),
           ARRAY(SELECT pg_get_indexdef(i.indexrelid, n, true)
             FROM generate_series(1, i.indnkeyatts::int) n
             WHERE 0 = ANY (i.indkey) OR i.indnkeyatts < i.indnatts ORDER BY n)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE NOT EXISTS (
      SELECT FROM pg_constraint o WHERE o.conindid = i.indexrelid AND o.contype IN ('p', 'u', 'x'))
    ORDER BY 2"""
KINDS = {"p": "primary key", "u": "unique", "f": "foreign key", "c": "check", "i": "index"}


async def read(connection: BaseDBAsyncClient) -> Catalogue:
    """Return the tables of the database, without those of extensions."""
    found = {row["id"]: row for row in await connection.execute_query_dict(TABLES)}
    columns = await connection.execute_query_dict(COLUMNS)
    keys = await connection.execute_query_dict(KEYS)
    names = {oid: table_name(row["schema"], row["name"]) for oid, row in found.items()}
    tables: dict[str, Table] = {}
    for oid, row in found.items():
        own_columns = [_column(each) for each in columns if each["id"] == oid]
        own_keys = [_key(each, names) for each in keys if each["id"] == oid]
        tables[names[oid]] = Table(
            names[oid],
            {column.name: column for column in own_columns},
            tuple(own_keys),
            comment=row["comment"],
        )
    return tables


async def clear(connection: BaseDBAsyncClient, catalogue: Catalogue) -> None:
    """Drop all tables, with their schemas."""
    schemas = {"public", *(name.rpartition(".")[0] or "public" for name in catalogue)}
    for schema in schemas:
        await connection.execute_script(f"DROP SCHEMA {quote(schema)} CASCADE")
    await connection.execute_script("CREATE SCHEMA public")


async def drop_tables(connection: BaseDBAsyncClient, catalogue: Catalogue) -> None:
    """Drop all tables, with the views over them; types and functions stay."""
    if names := ", ".join(map(quote, catalogue)):
        await connection.execute_script(f"DROP TABLE {names} CASCADE")


def as_migrated(catalogue: Catalogue) -> Catalogue:
    """Return Tortoise's tables as migrations create them: unchanged."""
    return catalogue


def table_name(schema: str | None, name: str) -> str:
    """Return the planner's name of a table."""
    return name if schema in {None, "public"} else f"{schema}.{name}"


def quote(name: str) -> str:
    """Quote the name of a table or column for SQL."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in name.split("."))


def text(value: str) -> str:
    """Return a string as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def type_of(_field: Field[Any]) -> str:
    """Return the type that a field's column gets where Tortoise's says too little: it says all."""
    return ""


def refuse_unstorable(_default: str) -> None:
    """Accept every default: the catalogue can store all."""


def binary(value: bytes) -> str:
    """Return bytes as SQL."""
    return rf"'\x{value.hex()}'::bytea"


def comment(words: str, _escape: object) -> str:
    """Return the escaped text of a comment, without quotes."""
    return words.replace("'", "''")


def not_castable(column: str, old: Column, new: Column) -> str:
    """Return an SQL condition for the values that the new type cannot hold."""
    kinds = family(old.type), family(new.type)
    if kinds == ("float", "integer"):
        limit = 2 ** LIMITS[new.type]
        return f"{column} <> trunc({column}) OR {column} < -{limit} OR {column} >= {limit}"
    if kinds == ("integer", "float"):
        there_and_back = f"{column}::{new.type}::bigint <> {column}"
        return f"CASE WHEN {column} > {LARGEST[new.type]} THEN true ELSE {there_and_back} END"
    if kinds == ("integer", "boolean"):
        return f"{column} NOT IN (0, 1)"
    if kinds[0] == "datetime":
        return f"({column} AT TIME ZONE 'UTC')::time <> '00:00'"
    if kinds == ("decimal", "integer"):
        whole = f"trunc({column})"
        return f"{column} <> {whole} OR NOT pg_temp.is_valid({whole}::text, '{new.type}')"
    valid = f"pg_temp.is_valid({column}::text, {text(new.type)})"
    if kinds == ("float", "float"):
        return f"CASE WHEN {valid} THEN {column}::{new.type} <> {column} ELSE true END"
    if kinds[0] == "text" and (pattern := TEXTS.get(kinds[1])):
        valid += f" AND {column} ~ {text(pattern)}"
        if not _has_zone(new):
            valid += f" AND {column} !~ ':.*{OFFSET}$'"
    if kinds[1] in {"decimal", "float"} and kinds[0] in {"decimal", "float", "text"}:
        number = f"{column}::text::numeric"  # of a float all its digits, not 15 of them
        became = f"{column}::{new.type}" if kinds[0] == "decimal" else f"{column}::text::{new.type}"
        return f"CASE WHEN {valid} THEN {number} <> {became}::text::numeric ELSE true END"
    return f"NOT ({valid})"


def converted(column: str, old: Column, new: Column) -> str:
    """Return SQL for a value in the new type, NULL where that cannot hold it."""
    if family(old.type) == family(new.type):
        return column
    if family(new.type) == "text":
        return f"{column}::text"
    is_lost = not_castable(column, old, new)
    return f"CASE WHEN {is_lost} THEN NULL ELSE {_cast(column, old, new)} END"


def typed(value: str, column: Column) -> str:
    """Return SQL for a value of a column, also where nothing else tells its type."""
    return f"CAST({value} AS {column.type})"


def needs_helper(query: str) -> bool:
    """Return whether a query calls a function that the helper's `prepare` makes for the session."""
    return "pg_temp." in query


def length(column: str) -> str:
    """Return the length of a text in characters."""
    return f"char_length({column}::text)"


def family(type_: str) -> str:
    """Return the family of a type, or the type itself if it is in none."""
    return next((name for name, each in FAMILIES.items() if re.fullmatch(each, type_)), type_)


def is_recreated(old: Column | None, new: Column | None) -> bool:
    """Return whether a change drops the column and adds it again, as for generated columns."""
    was, will = (each is not None and "STORED" in each.extra for each in (old, new))
    if not (old and new) or old == new:
        return was or will
    is_freed = was and not will and old.type == new.type
    return (was or will) and not is_freed and (old.type, old.extra) != (new.type, new.extra)


def is_held_by_keys(old: Column, new: Column) -> bool:
    """Return whether foreign keys must be dropped while the column changes."""
    return family(old.type) != family(new.type)


def rename(step: Rename) -> str:
    """Return the statement that renames a table or a column."""
    table = quote(step.table)
    if step.column:
        return f"ALTER TABLE {table} RENAME COLUMN {quote(step.column)} TO {quote(step.new)}"
    (old_schema, _, old), (schema, _, new) = step.table.rpartition("."), step.new.rpartition(".")
    made: list[str] = []
    if old_schema != schema:
        made += [f"CREATE SCHEMA IF NOT EXISTS {quote(schema)}"] if schema else []
        made.append(f"ALTER TABLE {table} SET SCHEMA {quote(schema or 'public')}")
        table = quote(f"{schema}.{old}" if schema else old)
    if old != new:
        made.append(f"ALTER TABLE {table} RENAME TO {quote(new)}")
    return ";\n".join(made)


def _statements(step: Step) -> list[str]:
    table = quote(step.table)
    match step.old, step.new:
        case Table(), Table():
            return [_comment("TABLE", table, step.new.comment)]
        case None, Table():
            return _create(step.new)
        case Table(), None:
            return [f"DROP TABLE {table}"]
        case Key(), Key() if step.old.definition == step.new.definition:
            return [_rename_key(step.table, step.old, step.new)]
        case (Key() | None) as old, (Key() | None) as new:
            dropped = [_drop(step.table, old)] if old else []
            return [*dropped, *([_add(table, new)] if new else [])]
        case None, Column():
            return _add_column(table, step.new, step.value)
        case Column(), None:
            return [f"ALTER TABLE {table} DROP COLUMN {quote(step.old.name)}"]
        case Column(), Column():
            return _alter(table, step.old, step.new, step.value)
    raise AssertionError(step)


def body(_name: str, steps: Iterable[Rename | Step], first: Sequence[str], _constant: str) -> str:
    """Return the last lines of the function upgrade or downgrade, which aerich calls."""
    made = [*first]
    for step in steps:
        made += [rename(step)] if isinstance(step, Rename) else _statements(step)
    lines = "".join(f"{indented(each, 8)};\n" for each in made or ["SELECT 1"])
    if '"""' in lines:
        return f"    return {lines!r}"
    raw = "r" if "\\" in lines else ""
    return f'    return {raw}"""\n{lines}    """'


def _create(table: Table) -> list[str]:
    keys = [
        f"CONSTRAINT {quote(key.name)} {key.definition}"
        for key in table.keys
        if key.definition.startswith(("PRIMARY", "UNIQUE", "CHECK", "EXCLUDE"))
    ]
    lines = ",\n    ".join([*map(_column_sql, table.columns.values()), *keys])
    name = quote(table.name)
    schema = table.name.rpartition(".")[0]
    return [
        *([f"CREATE SCHEMA IF NOT EXISTS {quote(schema)}"] if schema else []),
        f"CREATE TABLE {name} (\n    {lines}\n)",
        *([_comment("TABLE", name, table.comment)] if table.comment else []),
        *(
            _comment("COLUMN", f"{name}.{quote(column.name)}", column.comment)
            for column in table.columns.values()
            if column.comment
        ),
        *(_add(name, key) for key in table.keys if key.definition.startswith("USING")),
    ]


def _column_sql(column: Column) -> str:
    name = quote(column.name)
    if column.extra.startswith("sequence"):
        serial = {"smallint": "SMALLSERIAL", "bigint": "BIGSERIAL"}.get(column.type, "SERIAL")
        return f"{name} {serial}{' NOT NULL' if not column.is_null else ''}"
    default = f" DEFAULT {column.default}" if column.default is not None else ""
    extra = f" {column.extra}" if column.extra else ""
    return f"{name} {column.type}{extra}{default}{'' if column.is_null else ' NOT NULL'}"


def _add_column(table: str, column: Column, value: str | None) -> list[str]:
    name = quote(column.name)
    if value is None:
        added = [f"ALTER TABLE {table} ADD COLUMN {_column_sql(column)}"]
    elif CONSTANT.fullmatch(value) and column.default is None:  # no row is written
        added = [
            f"ALTER TABLE {table} ADD COLUMN {_column_sql(replace(column, default=value))}",
            f"ALTER TABLE {table} ALTER COLUMN {name} DROP DEFAULT",
        ]
    else:
        nullable = replace(column, is_null=True, default=None)
        added = [
            f"ALTER TABLE {table} ADD COLUMN {_column_sql(nullable)}",
            f"UPDATE {table} SET {name} = {value}",
            *_alter(table, nullable, column, None),
        ]
    if column.comment:
        added.append(_comment("COLUMN", f"{table}.{name}", column.comment))
    return added


def _alter(table: str, old: Column, new: Column, value: str | None) -> list[str]:
    """Change a column in place; one that is no longer generated keeps its values."""
    name = quote(new.name)
    alter = f"ALTER TABLE {table} ALTER COLUMN {name}"
    made: list[str] = []
    if "STORED" in old.extra and "STORED" not in new.extra:
        made.append(f"{alter} DROP EXPRESSION")
        old = replace(old, extra=new.extra)
    if (old.type, old.extra) != (new.type, new.extra):
        made += _retype(table, old, new)
        old = replace(new, is_null=old.is_null, default=None, comment=old.comment)
    if old.default != new.default:
        default = f"SET DEFAULT {new.default}" if new.default is not None else "DROP DEFAULT"
        made.append(f"{alter} {default}")
    if value is not None:
        made.append(f"UPDATE {table} SET {name} = {value} WHERE {name} IS NULL")
    if old.is_null != new.is_null:
        made.append(f"{alter} {'DROP' if new.is_null else 'SET'} NOT NULL")
    if old.comment != new.comment:
        made.append(_comment("COLUMN", f"{table}.{name}", new.comment))
    return made


def _using(name: str, old: Column, new: Column) -> str:
    """Return the conversion to another family; none to text, where a cast could truncate."""
    kinds = family(old.type), family(new.type)
    is_shifted = kinds[0] == "datetime" and _has_zone(old) != _has_zone(new)
    if (kinds[0] == kinds[1] and not is_shifted) or kinds[1] == "text":
        return ""
    return f" USING {_cast(name, old, new)}"


def _cast(name: str, old: Column, new: Column) -> str:
    """Return a value in another type; a moment without an offset is one of UTC."""
    kinds = family(old.type), family(new.type)
    moment = f"{name}::timestamp AT TIME ZONE 'UTC'"
    at_zero = f"CASE WHEN {name} ~ '{OFFSET}$' THEN {name} ELSE {name} || '+00' END"
    ways = {
        ("integer", "boolean"): f"{name} <> 0",
        ("boolean", "integer"): f"{name}::integer",
        ("date", "datetime"): moment if _has_zone(new) else f"{name}::{new.type}",
        ("datetime", "datetime"): f"{name} AT TIME ZONE 'UTC'",
        ("datetime", "date"): f"({name} AT TIME ZONE 'UTC')::date",
        ("float", "decimal"): f"{name}::text::{new.type}",
    }
    if _has_zone(new):
        ways["text", "time"] = f"({at_zero})::{new.type}"
        ways["text", "datetime"] = (
            f"CASE WHEN {name} ~ ':.*{OFFSET}$' THEN {name}::{new.type} ELSE {moment} END"
        )
    return ways.get(kinds, f"{name}::{new.type}")


def _has_zone(column: Column) -> bool:
    return "without time zone" not in column.type


def _retype(table: str, old: Column, new: Column) -> list[str]:
    """Change the type of a column, and its sequence or identity."""
    alter = f"ALTER TABLE {table} ALTER COLUMN {quote(new.name)}"
    was, will = _numbering(old), _numbering(new)
    made: list[str] = []
    if was == "identity" and was != will:
        made.append(f"{alter} DROP IDENTITY")
    elif was and was != will:
        made += [f"{alter} DROP DEFAULT", _of_sequence(table, old, "DROP SEQUENCE %s")]
    elif old.default is not None:
        made.append(f"{alter} DROP DEFAULT")
    if old.type != new.type or "COLLATE" in old.extra + new.extra:
        collation = f" {new.extra}" if new.extra.startswith("COLLATE") else ""
        made.append(f"{alter} TYPE {new.type}{collation}{_using(quote(new.name), old, new)}")
    if will and was != will:
        made += _number(table, new)
    elif will and old.extra != new.extra:
        made.append(_of_sequence(table, new, f"ALTER SEQUENCE %s AS {new.type}"))
    return made


def _numbering(column: Column) -> str:
    """Return what numbers new rows: `identity`, `sequence` or nothing."""
    if column.extra.endswith("AS IDENTITY"):
        return "identity"
    return "sequence" if column.extra.startswith("sequence") else ""


def _number(table: str, column: Column) -> list[str]:
    """Let the database number new rows, after the existing ones."""
    name = quote(column.name)
    alter = f"ALTER TABLE {table} ALTER COLUMN {name}"
    sequence = f'{table[:-1]}_{name[1:-1]}_seq"'
    made = [
        f"CREATE SEQUENCE {sequence} AS {column.type} OWNED BY {table}.{name}",
        f"{alter} SET DEFAULT nextval({text(sequence)})",
    ]
    if _numbering(column) == "identity":
        made = [f"{alter} ADD {column.extra}"]
    found = f"pg_get_serial_sequence({text(table)}, {text(column.name)})"
    return [*made, f"SELECT setval({found}, greatest(max({name}), 0) + 1, false) FROM {table}"]


def _of_sequence(table: str, column: Column, statement: str) -> str:
    """Run a statement on the sequence of a column, whose name is looked up."""
    found = f"pg_get_serial_sequence({text(table)}, {text(column.name)})"
    return f"DO $$ BEGIN EXECUTE format({text(statement)}, {found}); END $$"


def _add(table: str, key: Key) -> str:
    if key.definition.startswith("USING"):
        unique = "UNIQUE " if key.kind == "unique" else ""
        return f"CREATE {unique}INDEX {quote(key.name)} ON {table} {key.definition}"
    return f"ALTER TABLE {table} ADD CONSTRAINT {quote(key.name)} {key.definition}"


def _drop(table: str, key: Key) -> str:
    if key.definition.startswith("USING"):
        return f"DROP INDEX {_index(table, key)}"
    return f"ALTER TABLE {quote(table)} DROP CONSTRAINT {quote(key.name)}"


def _rename_key(table: str, old: Key, new: Key) -> str:
    if old.definition.startswith("USING"):
        return f"ALTER INDEX {_index(table, old)} RENAME TO {quote(new.name)}"
    name = quote(old.name)
    return f"ALTER TABLE {quote(table)} RENAME CONSTRAINT {name} TO {quote(new.name)}"


def _index(table: str, key: Key) -> str:
    """Quote the name of an index for SQL: it is in the schema of its table."""
    schema = table.rpartition(".")[0]
    return quote(f"{schema}.{key.name}" if schema else key.name)


def _comment(what: str, name: str, words: str) -> str:
    return f"COMMENT ON {what} {name} IS {text(words) if words else 'NULL'}"


def _column(row: dict[str, Any]) -> Column:
    default, extra = row["default"], ""
    if row["generated"]:
        default, extra = None, f"GENERATED ALWAYS AS ({default}) STORED"
    elif row["identity"]:
        way = "ALWAYS" if row["identity"] == "a" else "BY DEFAULT"
        default, extra = None, f"GENERATED {way} AS IDENTITY"
    elif row["sequence"] and (default or "").startswith("nextval("):
        default, extra = None, f"sequence {row['sequence']}"
    elif row["collation"]:
        extra = f"COLLATE {quote(row['collation'])}"
    return Column(row["name"], row["type"], row["is_null"], default, extra, row["comment"])


def _key(row: dict[str, Any], tables: dict[int, str]) -> Key:
    definition: str = row["definition"]
    found = re.search(r"REFERENCES .*\((.*?)\)(?: ON | MATCH | DEFERRABLE|$)", definition)
    target_columns = tuple(_unquoted(each) for each in found[1].split(", ")) if found else ()
    if definition.startswith("CREATE"):
        definition = definition[definition.index(" USING ") + 1 :]
    return Key(
        KINDS.get(row["kind"], "check"),  # type: ignore[arg-type]
        tuple(row["columns"]),
        definition,
        row["name"],
        tables.get(row["target"], ""),
        target_columns,
        definition.partition(" WHERE ")[2],
        row["name"],
        parts=tuple(row["parts"]),
    )


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
