"""The catalogue of a MySQL or MariaDB database."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from asyncmy.cursors import DictCursor

from tests.options.database.mysql.session import connected
from tests.service.schema.catalogue import IGNORED, Catalogue, Column, ForeignKey, Index, Table

Row = dict[str, Any]
By = dict[str, list[Row]]

TABLES = """
    SELECT table_name AS t, engine, table_collation AS collation, table_comment AS comment
    FROM information_schema.tables
    WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'
"""
COLUMNS = """
    SELECT table_name AS t, column_name AS name, column_type AS type, is_nullable AS nullable,
           column_default AS initial, extra, collation_name AS collation,
           column_comment AS comment, generation_expression AS computed
    FROM information_schema.columns WHERE table_schema = DATABASE() ORDER BY ordinal_position
"""
INDEXES = """
    SELECT table_name AS t, index_name AS name, non_unique, column_name AS part, sub_part,
           index_type AS method, collation AS direction
    FROM information_schema.statistics WHERE table_schema = DATABASE()
    ORDER BY table_name, index_name, seq_in_index
"""
KEYS = """
    SELECT u.table_name AS t, u.constraint_name AS name, u.column_name AS part,
           u.referenced_table_name AS target, u.referenced_column_name AS target_part,
           r.delete_rule AS on_delete, r.update_rule AS on_update
    FROM information_schema.key_column_usage u
    JOIN information_schema.referential_constraints r
      ON r.constraint_schema = u.constraint_schema AND r.constraint_name = u.constraint_name
     AND r.table_name = u.table_name
    WHERE u.table_schema = DATABASE() ORDER BY u.table_name, u.constraint_name, u.ordinal_position
"""
CHECKS = """
    SELECT k.table_name AS t, c.check_clause AS clause
    FROM information_schema.table_constraints k JOIN information_schema.check_constraints c
      ON c.constraint_schema = k.constraint_schema AND c.constraint_name = k.constraint_name
     {same_table}
    WHERE k.constraint_schema = DATABASE() AND k.constraint_type = 'CHECK'
"""
IN_MARIADB = "AND c.table_name = k.table_name"


async def read(url: str) -> Catalogue:
    """Read the tables of the database of a URL."""
    async with connected(url) as session, session.cursor(DictCursor) as cursor:
        await cursor.execute("SELECT version() AS version")
        is_mariadb = "MariaDB" in (await cursor.fetchone())["version"]
        checks = CHECKS.format(same_table=IN_MARIADB if is_mariadb else "")
        columns, indexes, keys, clauses = [
            await _by_table(cursor, query) for query in (COLUMNS, INDEXES, KEYS, checks)
        ]
        await cursor.execute(TABLES)
        rows = [row for row in await cursor.fetchall() if row["t"] not in IGNORED]
        return {
            row["t"]: _table(
                row, columns[row["t"]], indexes[row["t"]], keys[row["t"]], clauses[row["t"]]
            )
            for row in rows
        }


async def _by_table(cursor: Any, query: str) -> By:  # noqa: ANN401 - asyncmy has no types
    await cursor.execute(query)
    found: By = defaultdict(list)
    for row in await cursor.fetchall():
        found[row["t"]].append(row)
    return found


def _table(
    row: Row, columns: list[Row], indexes: list[Row], keys: list[Row], checks: list[Row]
) -> Table:
    primary = [part["part"] for part in indexes if part["name"] == "PRIMARY"]
    return Table(
        columns={column["name"]: _column(column) for column in columns},
        primary_key=tuple(primary),
        indexes=list(_indexes(indexes)),
        keys=list(_keys(keys)),
        checks=[check["clause"] for check in checks],
        options=f"{row['engine']} {row['collation']}",
        comment=row["comment"],
    )


def _column(row: Row) -> Column:
    initial = "" if row["initial"] in {None, "NULL"} else f"value {row['initial']}"
    computed = f"computed as {row['computed']}" if row["computed"] else ""
    return Column(
        type=row["type"],
        nullable=row["nullable"] == "YES",
        default=initial,
        generated=" ".join(filter(None, [row["extra"], computed])),
        collation=row["collation"] or "",
        comment=row["comment"],
    )


def _grouped(rows: list[Row]) -> Iterator[list[Row]]:
    by_name: By = defaultdict(list)
    for row in rows:
        by_name[row["name"]].append(row)
    yield from by_name.values()


def _indexes(rows: list[Row]) -> Iterator[Index]:
    for parts in _grouped(rows):
        first = parts[0]
        if first["name"] == "PRIMARY":
            continue
        yield Index(
            columns=tuple(_part(part) for part in parts),
            is_unique=not first["non_unique"],
            method="" if first["method"] == "BTREE" else first["method"],
            name=first["name"],
        )


def _part(row: Row) -> str:
    text = str(row["part"])
    text += f"({row['sub_part']})" if row["sub_part"] else ""
    return f"{text} DESC" if row["direction"] == "D" else text


def _keys(rows: list[Row]) -> Iterator[ForeignKey]:
    for parts in _grouped(rows):
        yield ForeignKey(
            columns=tuple(part["part"] for part in parts),
            table=parts[0]["target"],
            targets=tuple(part["target_part"] for part in parts),
            on_delete=parts[0]["on_delete"],
            on_update=parts[0]["on_update"].replace("RESTRICT", "NO ACTION"),  # the same in InnoDB
        )
