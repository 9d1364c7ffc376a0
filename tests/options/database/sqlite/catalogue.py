"""The catalogue of an SQLite file.

Pragmas describe most of a schema. The value of a default and the collation of a
column are read from an empty copy of the schema in memory.
"""

import re
import sqlite3
from collections.abc import Iterator

from tests.options.database.sqlite.session import path
from tests.service.schema.catalogue import IGNORED, Catalogue, Column, ForeignKey, Index, Table

TABLES = """
    SELECT name, sql FROM sqlite_master
    WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'
"""
INDEX_SQL = "SELECT sql FROM sqlite_master WHERE type = 'index' AND name = ?"
LITERALS = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|/\*.*?\*/|--[^\n]*", re.DOTALL)
WORDS = re.compile(r"[a-z_]{2,}", re.IGNORECASE)
CONSTANTS = {"true", "false", "null"}


async def read(url: str) -> Catalogue:
    """Read the tables of a file."""
    with sqlite3.connect(path(url)) as session:
        tables = [row for row in session.execute(TABLES) if row[0] not in IGNORED]
        mirror = sqlite3.connect(":memory:")
        for _, sql in tables:
            mirror.execute(sql)
        catalogue = {name: _table(session, mirror, name, sql) for name, sql in tables}
        mirror.close()
    session.close()
    return catalogue


def _table(session: sqlite3.Connection, mirror: sqlite3.Connection, name: str, sql: str) -> Table:
    rows = session.execute("SELECT * FROM pragma_table_xinfo(?)", (name,)).fetchall()
    bare = LITERALS.sub("''", sql)
    return Table(
        columns={row[1]: _column(mirror, name, row) for row in rows},
        primary_key=tuple(row[1] for row in sorted(rows, key=lambda row: row[5]) if row[5]),
        indexes=list(_indexes(session, name)),
        keys=list(_keys(session, name)),
        checks=["CHECK"] * len(re.findall(r"\bCHECK\b", bare, re.IGNORECASE)),
        options=_options(bare),
    )


def _options(bare: str) -> str:
    end = bare.rpartition(")")[2].upper().split()
    counter = re.search(r"\bAUTOINCREMENT\b", bare, re.IGNORECASE)
    return " ".join([*end, *(["AUTOINCREMENT"] if counter else [])])


def _column(mirror: sqlite3.Connection, table: str, row: tuple[object, ...]) -> Column:
    _, name, type_, is_not_null, default, _, hidden = row
    return Column(
        type=" ".join(str(type_).upper().split()),
        nullable=not is_not_null,
        default="" if default is None else _value(mirror, str(type_), str(default)),
        generated=f"computed {hidden}" if hidden else "",
        collation=_collation(mirror, table, str(name)),
    )


def _value(mirror: sqlite3.Connection, type_: str, default: str) -> str:
    """Return the value that a row gets, since one value can be spelled in many ways."""
    words = {word.lower() for word in WORDS.findall(LITERALS.sub("", default))}
    if words - CONSTANTS:
        return " ".join(default.strip("() ").lower().split())
    mirror.execute(f'CREATE TABLE "the probe" (value {type_} DEFAULT ({default}))')
    mirror.execute('INSERT INTO "the probe" DEFAULT VALUES')
    query = 'SELECT typeof(value), quote(value) FROM "the probe"'
    kind, value = mirror.execute(query).fetchone()
    mirror.execute('DROP TABLE "the probe"')
    return f"{kind} {value}"


def _collation(mirror: sqlite3.Connection, table: str, column: str) -> str:
    mirror.execute(f'CREATE INDEX "the probe" ON {quoted(table)} ({quoted(column)})')
    (_, _, _, _, collation, _), *_ = mirror.execute("PRAGMA index_xinfo('the probe')")
    mirror.execute('DROP INDEX "the probe"')
    return "" if collation == "BINARY" else str(collation)


def _indexes(session: sqlite3.Connection, table: str) -> Iterator[Index]:
    for _, name, is_unique, origin, *_ in session.execute(
        "SELECT * FROM pragma_index_list(?)", (table,)
    ):
        if origin == "pk":
            continue
        parts = session.execute("SELECT * FROM pragma_index_xinfo(?)", (name,)).fetchall()
        columns = [_part(row) for row in parts if row[5]]
        sql = session.execute(INDEX_SQL, (name,)).fetchone()[0] or ""
        if "an expression" in columns:
            columns = [_inside(sql)]
        condition = re.split(r"\bWHERE\b", sql, maxsplit=1, flags=re.IGNORECASE)[1:]
        yield Index(
            columns=tuple(columns),
            is_unique=bool(is_unique),
            condition=_plain(condition[0]) if condition else "",
            name=name if origin == "c" else "",
        )


def _part(row: tuple[object, ...]) -> str:
    _, column, name, is_descending, collation, _ = row
    text = "an expression" if column == -2 else "rowid" if column == -1 else str(name)
    text += " DESC" if is_descending else ""
    return text if collation in {"BINARY", None} else f"{text} COLLATE {collation}"


def _inside(sql: str) -> str:
    on = re.split(r"\bON\b", sql, maxsplit=1, flags=re.IGNORECASE)[1]
    on = re.split(r"\bWHERE\b", on, maxsplit=1, flags=re.IGNORECASE)[0]
    return _plain(on.partition("(")[2].rpartition(")")[0])


def _plain(sql: str) -> str:
    """Return an expression without the brackets and quotation marks that have no effect."""
    return " ".join(sql.replace('"', "").replace("(", " ").replace(")", " ").split())


def _keys(session: sqlite3.Connection, table: str) -> Iterator[ForeignKey]:
    rows = session.execute("SELECT * FROM pragma_foreign_key_list(?)", (table,)).fetchall()
    for number in {row[0] for row in rows}:
        parts = sorted((row for row in rows if row[0] == number), key=lambda row: int(row[1]))
        yield ForeignKey(
            columns=tuple(row[3] for row in parts),
            table=parts[0][2],
            targets=tuple(row[4] for row in parts),
            on_delete=parts[0][6],
            on_update=parts[0][5],
        )


def quoted(name: str) -> str:
    """Quote a name."""
    return '"' + name.replace('"', '""') + '"'
