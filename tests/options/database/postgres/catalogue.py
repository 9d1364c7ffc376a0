"""The catalogue of a PostgreSQL database."""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from tests.options.database.postgres.session import connected
from tests.service.schema.catalogue import IGNORED, Catalogue, Column, ForeignKey, Index, Table

Row = Any  # asyncpg has no types

OURS = """
    n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
    AND n.nspname NOT LIKE 'pg_temp%'
"""
TABLES = f"""
    SELECT c.oid, n.nspname AS schema, c.relname AS name, c.relpersistence <> 'p' AS is_unlogged,
           coalesce(obj_description(c.oid, 'pg_class'), '') AS comment
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND {OURS}
"""  # noqa: S608 - fixed texts, as below
COLUMNS = """
    SELECT a.attrelid AS owner, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
           NOT a.attnotnull AS nullable, pg_get_expr(d.adbin, d.adrelid) AS default,
           a.attidentity::text AS identity, a.attgenerated::text AS computed,
           CASE WHEN a.attcollation <> t.typcollation THEN l.collname ELSE '' END AS collation,
           coalesce(col_description(a.attrelid, a.attnum), '') AS comment,
           (SELECT format_type(s.seqtypid, NULL) FROM pg_depend p
            JOIN pg_sequence s ON s.seqrelid = p.objid
            WHERE p.classid = 'pg_class'::regclass AND p.refobjid = a.attrelid
              AND p.refobjsubid = a.attnum AND p.deptype IN ('a', 'i')) AS sequence
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    LEFT JOIN pg_collation l ON l.oid = a.attcollation
    WHERE a.attrelid = ANY($1) AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY a.attnum
"""
INDEXES = """
    SELECT x.indrelid AS owner, c.relname AS name,
           x.indisunique AS is_unique, x.indisprimary AS is_primary,
           m.amname AS method, x.indisvalid AS is_valid, x.indoption::text AS options,
           ARRAY(SELECT pg_get_indexdef(x.indexrelid, k, true)
                 FROM generate_series(1, x.indnkeyatts) k) AS columns,
           ARRAY(SELECT o.opcname FROM unnest(x.indclass::oid[]) WITH ORDINALITY u (id, n)
                 JOIN pg_opclass o ON o.oid = u.id WHERE NOT o.opcdefault ORDER BY u.n) AS classes,
           coalesce(pg_get_expr(x.indpred, x.indrelid, true), '') AS condition
    FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid JOIN pg_am m ON m.oid = c.relam
    WHERE x.indrelid = ANY($1)
"""
CONSTRAINTS = """
    SELECT k.conrelid AS owner, k.contype::text AS kind, pg_get_constraintdef(k.oid) AS definition,
           f.nspname AS schema, t.relname AS target, k.confdeltype::text AS on_delete,
           k.confupdtype::text AS on_update, k.condeferrable AS is_deferrable,
           NOT k.convalidated AS is_unchecked,
           ARRAY(SELECT a.attname FROM unnest(k.conkey) WITH ORDINALITY u (n, i)
                 JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.n
                 ORDER BY u.i) AS columns,
           ARRAY(SELECT a.attname FROM unnest(k.confkey) WITH ORDINALITY u (n, i)
                 JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.n
                 ORDER BY u.i) AS targets
    FROM pg_constraint k LEFT JOIN pg_class t ON t.oid = k.confrelid
    LEFT JOIN pg_namespace f ON f.oid = t.relnamespace
    WHERE k.conrelid = ANY($1) AND k.contype IN ('f', 'c', 'x')
"""
ACTIONS = {"a": "NO ACTION", "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}
LITERALS = re.compile(r"'(?:[^']|'')*'(?:::[\w .\[\]]+(?:\(\d+(?:,\d+)?\))?)?")
CALLS = re.compile(r"\w+\(|CURRENT_|LOCALTIME|nextval", re.IGNORECASE)


async def read(url: str) -> Catalogue:
    """Read the tables of the database of a URL."""
    async with connected(url) as session:
        await session.execute("SET timezone = 'UTC'")  # in which defaults are printed
        rows = [row for row in await session.fetch(TABLES) if row["name"] not in IGNORED]
        oids = [row["oid"] for row in rows]
        columns = _by_table(await session.fetch(COLUMNS, oids))
        indexes = _by_table(await session.fetch(INDEXES, oids))
        constraints = _by_table(await session.fetch(CONSTRAINTS, oids))
        return {
            _qualified(row["schema"], row["name"]): _table(
                row,
                {each["name"]: await _column(session, each) for each in columns[row["oid"]]},
                indexes[row["oid"]],
                constraints[row["oid"]],
            )
            for row in rows
        }


def _qualified(schema: str, name: str) -> str:
    return name if schema == "public" else f"{schema}.{name}"


def _by_table(rows: list[Row]) -> defaultdict[int, list[Row]]:
    found = defaultdict(list)
    for row in rows:
        found[row["owner"]].append(row)
    return found


def _table(
    row: Row, columns: dict[str, Column], indexes: list[Row], constraints: list[Row]
) -> Table:
    primary = [tuple(index["columns"]) for index in indexes if index["is_primary"]]
    return Table(
        columns=columns,
        primary_key=primary[0] if primary else (),
        indexes=[_index(index) for index in indexes if not index["is_primary"]],
        keys=list(_keys(constraints)),
        checks=[item["definition"] for item in constraints if item["kind"] != "f"],
        options="UNLOGGED" if row["is_unlogged"] else "",
        comment=row["comment"],
    )


async def _column(session: Row, row: Row) -> Column:
    default, generated = row["default"] or "", row["identity"] and f"identity {row['identity']}"
    if row["computed"]:
        default, generated = "", f"computed as {default}"
    elif default.startswith("nextval("):
        owner = row["sequence"] or "not its own"
        default, generated = "", f"sequence, {owner}"
    elif default and not CALLS.search(LITERALS.sub("", default)):
        query = f"SELECT (({default})::{row['type']})::text"
        default = f"value {await session.fetchval(query)}"
    return Column(
        type=row["type"],
        nullable=row["nullable"],
        default=default,
        generated=generated,
        collation=row["collation"] or "",
        comment=row["comment"],
    )


def _index(row: Row) -> Index:
    marks = [*row["classes"]]
    marks += [f"options {row['options']}"] if row["options"].strip("0 ") else []
    marks += [] if row["is_valid"] else ["INVALID"]
    return Index(
        columns=tuple(row["columns"]),
        is_unique=row["is_unique"],
        method=" ".join([*([] if row["method"] == "btree" else [row["method"]]), *marks]),
        condition=row["condition"],
        name=row["name"],
    )


def _keys(constraints: list[Row]) -> Iterator[ForeignKey]:
    for row in constraints:
        if row["kind"] == "f":
            marks = ["deferrable"] if row["is_deferrable"] else []
            marks += ["not checked"] if row["is_unchecked"] else []
            yield ForeignKey(
                columns=tuple(row["columns"]),
                table=_qualified(row["schema"], row["target"]),
                targets=tuple(row["targets"]),
                on_delete=ACTIONS[row["on_delete"]],
                on_update=ACTIONS[row["on_update"]],
                remark=", ".join(marks),
            )
