"""Helpers of migrations on SQLite. Files of any age load this module: keep it stable.

SQLite changes a table by recreating it, and other files may have changed the table since a
file was written. So a file lists changes of single columns, and the statements are generated
from the existing tables. Steps are idempotent.
"""

import re
import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import pairwise, takewhile
from typing import Any, NamedTuple

Step = Callable[[sqlite3.Connection], Iterable[str]]
"""Returns the statements for a schema; they run in a copy of it before the next step is called."""

TOKEN = re.compile(
    r"""--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^]]*]|[(),]|[^-/'"`\[(),]+|.""",
    re.DOTALL,
)
CONSTRAINT = re.compile(r"(CONSTRAINT|PRIMARY|UNIQUE|CHECK|FOREIGN)\b", re.IGNORECASE)
NAME = re.compile(r"""\s*(?:"((?:[^"]|"")*)"|`([^`]*)`|\[([^]]*)]|([^\s(),]+))""")
NEEDS_ALL_ROWS = re.compile(r"\b(UNIQUE|PRIMARY|NOT\s+NULL|GENERATED|AS|CURRENT_\w+|DEFAULT\s*\()")


SCHEMA = r"""
    SELECT name, sql FROM sqlite_master
    WHERE sql NOT NULL AND name NOT LIKE 'sqlite\_%' ESCAPE '\'"""
HIDDEN_TOO = "SELECT name FROM pragma_table_xinfo('{}')"
NOTHING = "SELECT 1"
CONFLICT = "Another migration changed it too: docs/migrations.md says what to do (Two branches)."


class Conflict(Exception):
    """The existing tables are not those for which the file was written."""


async def script(
    db: Any, name: str, steps: Iterable[Step], refuse: Callable[[], Awaitable[None]] | None = None
) -> str:
    """Return one script, which is applied as a whole or not at all.

    Foreign keys are off while it runs, so that a table can be recreated while rows refer to it.
    If the number of rows that refer to missing rows has grown, it is rolled back.

    Args:
        db: Tortoise's connection.
        name: The migration.
        steps: The changes of the tables.
        refuse: Raises SystemExit if rows violate a check; not called if all steps are done.

    Raises:
        SystemExit: Tables, views or triggers are not as the file expects them.
    """
    rows = await db.execute_query_dict(SCHEMA)
    schema = sqlite3.connect(":memory:", isolation_level=None)
    try:
        made = _statements(schema, [await _as_table(db, **row) for row in rows], steps)
    except Conflict as conflict:
        raise SystemExit(f"{name} was not run. {conflict}") from conflict
    finally:
        schema.close()
    if made and refuse:
        await refuse()
    return _transaction(made) if made else NOTHING


async def _as_table(db: Any, name: str, sql: str) -> str:
    """Return the statement for the copy of the schema; a virtual table becomes a plain one."""
    if not sql.upper().startswith("CREATE VIRTUAL"):
        return sql
    columns = []
    with suppress(Exception):  # its module may not be loaded
        columns = await db.execute_query_dict(HIDDEN_TOO.format(name.replace("'", "''")))
    names = ", ".join(_quoted(each["name"]) for each in columns)
    return f"CREATE TABLE {_quoted(name)} ({names or 'unknown'})"


def _statements(
    schema: sqlite3.Connection, sources: Sequence[str], steps: Iterable[Step]
) -> list[str]:
    """Return the statements that are needed, executed in a copy of the schema first."""
    schema.execute("PRAGMA legacy_alter_table = ON")
    for sql in sources:
        schema.execute(sql)
    schema.execute("PRAGMA legacy_alter_table = OFF")
    before, was_broken = _described(schema), _broken(schema)
    made: list[str] = []
    for step in _ordered(list(steps)):
        there = _sources(schema)
        for statement in step(schema):
            _rehearse(schema, statement, is_new=statement not in there)
            made.append(statement)
    is_ddl = all(each.startswith(("CREATE ", "DROP ", "ALTER ")) for each in made)
    if is_ddl and _described(schema) == before:
        return []
    if not was_broken and (broken := _broken(schema)):
        raise Conflict(
            f"A view or trigger would break ({broken}): drop it in a migration made with --empty,"
            " and create it again in a later one."
        )
    return made


def _ordered(steps: Sequence[Step]) -> Iterator[Step]:
    """Return the steps; trailing renames are reverted first, as they may be applied already."""
    last = list(takewhile(lambda step: isinstance(step, Rename), reversed(steps)))
    if len(last) < len(steps):
        yield from (step.inverse() for step in last if isinstance(step, Rename))
    yield from steps


def _rehearse(schema: sqlite3.Connection, statement: str, *, is_new: bool) -> None:
    """Execute a statement in the copy.

    SQLite takes an unknown column in double quotes for a string, but not in backticks.
    """
    try:
        if is_new:
            schema.execute("SAVEPOINT strict")
            schema.execute("".join(map(_in_backticks, TOKEN.findall(statement))))
            schema.execute("ROLLBACK TO strict")
            schema.execute("RELEASE strict")
        schema.execute(statement)
    except sqlite3.Error as error:
        raise Conflict(f"The tables do not fit ({error}). {CONFLICT}") from error


def _in_backticks(token: str) -> str:
    if not token.startswith('"') or len(token) == 1:
        return token
    return "`" + token[1:-1].replace('""', '"').replace("`", "``") + "`"


def _described(schema: sqlite3.Connection) -> set[str]:
    """Return the statements of the schema, without quotes around names."""
    return {re.sub(r'["`[\]]', "", sql) for sql in _sources(schema)}


def _sources(schema: sqlite3.Connection) -> set[str]:
    rows = schema.execute("SELECT sql FROM sqlite_master WHERE sql NOT NULL")
    return {sql for (sql,) in rows}


def _broken(schema: sqlite3.Connection) -> str:
    """Return what SQLite says of a view or trigger that names what is not there."""
    schema.execute("SAVEPOINT trial")
    try:
        schema.execute("CREATE TABLE trial__old (number)")
        schema.execute("ALTER TABLE trial__old RENAME TO trial__new")  # which reads all of them
    except sqlite3.Error as error:
        return str(error).replace(" after rename", "")
    finally:
        schema.execute("ROLLBACK TO trial")
        schema.execute("RELEASE trial")
    return ""


def _transaction(made: Sequence[str]) -> str:
    count = "SELECT count(*) FROM pragma_foreign_key_check"
    before = [f"CREATE TEMP TABLE missing AS SELECT ({count}) AS number"]
    after = [
        'CREATE TEMP TABLE refused (number CONSTRAINT "rows refer to no row" CHECK (number <= 0))',
        f"INSERT INTO refused SELECT ({count}) - number FROM missing",
        "DROP TABLE refused",
        "DROP TABLE missing",
    ]
    if not any(statement.startswith("DROP TABLE") for statement in made):
        before, after = [], []
    lines = ["PRAGMA foreign_keys = OFF", "BEGIN IMMEDIATE", *before, *made, *after, "COMMIT"]
    return ";\n".join([*lines, "PRAGMA foreign_keys = ON"]) + ";"


def execute(statement: str) -> Step:
    """Run an idempotent statement."""
    return lambda _: [statement]


def create(table: str, source: str) -> Step:
    """Create a table; an existing one must be identical."""

    def step(schema: sqlite3.Connection) -> Iterable[str]:
        items = map(without_comments, parts(source)[1])
        there = map(without_comments, parts(_source(schema, table))[1])
        return [] if list(items) == list(there) else [source]

    return step


def drop(table: str) -> Step:
    """Drop a table with its rows."""
    return lambda schema: [f"DROP TABLE {_quoted(table)}"] if _source(schema, table) else []


class Rename(NamedTuple):
    """A table or, if it has one, a column that gets another name."""

    table: str
    new: str
    column: str = ""

    def __call__(self, schema: sqlite3.Connection) -> Iterator[str]:
        """Return the statements, if it does not have the name."""
        old, what = self.column or self.table, "column" if self.column else "table"
        names = _columns(schema, self.table) if self.column else _tables(schema)
        if old not in names and self.new not in names:
            place = f" of {self.table}" if self.column else ""
            raise Conflict(f"There is no {what} {old}{place} to rename. {CONFLICT}")
        if old not in names or self.new in names:
            return
        if self.column:
            pair = f"{_quoted(old)} TO {_quoted(self.new)}"
            yield f"ALTER TABLE {_quoted(self.table)} RENAME COLUMN {pair}"
            return
        steps = [old, self.new]
        if old.lower() == self.new.lower():  # for SQLite the new name is taken
            steps = [old, f"{old}__new", self.new]
        for before, after in pairwise(steps):
            yield f"ALTER TABLE {_quoted(before)} RENAME TO {_quoted(after)}"

    def inverse(self) -> "Rename":
        """Return the way back."""
        if self.column:
            return Rename(self.table, self.column, self.new)
        return Rename(self.new, self.table)


def rename(table: str, new: str) -> Step:
    """Rename a table, also in the foreign keys of others."""
    return Rename(table, new)


def rename_column(table: str, column: str, new: str) -> Step:
    """Rename a column, also in indexes and in the foreign keys of others."""
    return Rename(table, new, column)


def alter(
    table: str,
    columns: Mapping[str, str | None],
    *,
    adds: Sequence[str] = (),
    values: Mapping[str, str] | None = None,
    constraints: Mapping[str, bool] | None = None,
) -> Step:
    """Alter a table; everything that is not named here stays unchanged.

    Args:
        table: Its name.
        columns: The definition of each changed or added column; None drops the column.
        adds: The added columns. An existing one must be identical, and keeps its values.
        values: SQL of values for existing rows, from their old columns.
        constraints: Constraints of the table; True adds one, False drops it.
    """

    def step(schema: sqlite3.Connection) -> Iterable[str]:
        source = _source(schema, table)
        if not source:
            raise Conflict(f"There is no table {table} to change. {CONFLICT}")
        _, items, tail = parts(source)
        own = {name_of(item): without_comments(item) for item in items}
        for name, definition in columns.items():
            if definition and name not in own and name not in adds:
                raise Conflict(f"There is no column {table}.{name} to change. {CONFLICT}")
        there = [name for name in adds if name in own]
        for name in there:
            if own[name] != without_comments(columns[name] or ""):
                raise Conflict(f"{table}.{name} is there already. {CONFLICT}")
        new = _changed(items, columns, constraints or {})
        added = [item for item in new if item not in items]
        if new == items:
            return []
        told = {name: value for name, value in (values or {}).items() if name not in there}
        is_simple = not any(not name_of(item) or NEEDS_ALL_ROWS.search(item) for item in added)
        if is_simple and not told and [item for item in new if item not in added] == items:
            return [f"ALTER TABLE {_quoted(table)} ADD COLUMN {item.strip()}" for item in added]
        return _made_anew(schema, table, f"{','.join(new)}{tail}", told)

    return step


def parts(source: str) -> tuple[str, list[str], str]:
    """Split a `CREATE TABLE`: text before its brackets, the items in them, text after them."""
    depth, items, head, tail = 0, [""], "", ""
    for token in TOKEN.findall(source):
        depth += {"(": 1, ")": -1}.get(token, 0)
        if tail or (depth == 0 and token == ")"):
            tail += token
        elif depth == 0 or (depth == 1 and token == "(" and not head.endswith("(")):
            head += token
        elif depth == 1 and token == ",":
            items.append("")
        else:
            items[-1] += token
    return head, items, tail


def name_of(item: str) -> str | None:
    """Return the column that an item of a table defines; None if it is a constraint."""
    text = without_comments(item)
    if CONSTRAINT.match(text):
        return None
    match = NAME.match(text)
    found = next(filter(None, match.groups()), "") if match else ""
    return found.replace('""', '"')


def without_comments(item: str) -> str:
    """Return an item in one line, without comments."""
    tokens = [token for token in TOKEN.findall(item) if not token.startswith(("--", "/*"))]
    return "".join(
        token if token[0] in "'\"`[" else re.sub(r"\s+", " ", token) for token in tokens
    ).strip()


def subject(constraint: str) -> str:
    """Return a constraint in normal form without its name: `unique(a,b)`."""
    text = re.sub(r'^CONSTRAINT ("(?:[^"]|"")*"|\S+) ', "", without_comments(constraint))
    tokens = (re.sub(r"\s*([(),])\s*", r"\1", token) for token in TOKEN.findall(text))
    bare = (token if token[0] == "'" else token.strip('"`[]').lower() for token in tokens)
    return re.sub(r"\s*([(),])\s*", r"\1", "".join(bare)).strip()


def _changed(
    items: Sequence[str], columns: Mapping[str, str | None], constraints: Mapping[str, bool]
) -> list[str]:
    """Return the changed items, columns before constraints."""
    mentioned = {subject(each) for each in constraints}
    own = {name: item for item in items if (name := name_of(item)) is not None}
    for name, definition in columns.items():
        if definition is None:
            own.pop(name, None)
        elif name not in own or without_comments(own[name]) != without_comments(definition):
            own[name] = f"\n    {definition}"
    there = [item for item in items if name_of(item) is None]
    kept = [item for item in there if subject(item) not in mentioned]
    wanted = [item for item, is_there in constraints.items() if is_there]
    if {subject(item) for item in there} - {subject(item) for item in kept} == {
        subject(item) for item in wanted
    }:
        return [*own.values(), *there]
    return [*own.values(), *kept, *(f"\n    {item}" for item in wanted)]


def _made_anew(
    schema: sqlite3.Connection, table: str, body: str, values: Mapping[str, str]
) -> Iterator[str]:
    """Recreate a table: copy its rows into a new one, which replaces it, and add its indexes."""
    old = _columns(schema, table)
    new, beside = _quoted(table), _quoted(f"{table}__new")
    rest = "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND type <> 'table' AND sql NOT NULL"
    indexes = [sql for (sql,) in schema.execute(rest, (table,))]
    has_counter = "AUTOINCREMENT" in body.upper()
    yield f"CREATE TABLE {beside} ({body}"
    own = _columns(schema, f"{table}__new")
    sources = {name: values.get(name) or _quoted(name) for name in own if name in [*old, *values]}
    if sources:
        names = ", ".join(map(_quoted, sources))
        yield f"INSERT INTO {beside} ({names}) SELECT {', '.join(sources.values())} FROM {new}"
    if has_counter and "AUTOINCREMENT" in _source(schema, table).upper():
        there = _literal(f"{table}__new")
        yield f"DELETE FROM sqlite_sequence WHERE name = {there}"
        yield (
            f"INSERT INTO sqlite_sequence (name, seq) SELECT {there}, seq FROM sqlite_sequence"
            f" WHERE name = {_literal(table)}"
        )
    yield f"DROP TABLE {new}"
    yield "PRAGMA legacy_alter_table = ON"
    yield f"ALTER TABLE {beside} RENAME TO {new}"
    yield "PRAGMA legacy_alter_table = OFF"
    yield from indexes


def _source(schema: sqlite3.Connection, table: str) -> str:
    query = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?"
    row = schema.execute(query, (table,)).fetchone()
    return str(row[0]) if row else ""


def _tables(schema: sqlite3.Connection) -> list[str]:
    query = "SELECT name FROM sqlite_master WHERE type = 'table'"
    return [name for (name,) in schema.execute(query)]


def _columns(schema: sqlite3.Connection, table: str) -> list[str]:
    """Return the columns that are not generated."""
    query = "SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0"
    return [name for (name,) in schema.execute(query, (table,))]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
