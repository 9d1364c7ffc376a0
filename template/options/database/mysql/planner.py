"""MySQL and MariaDB: their catalogue, and the statements that change it.

MySQL 8 and MariaDB differ in how they spell a table (`_column`, `_keys`), in the types that take
a constant as a default (`LARGE`), in NULL at a computed column (`_definition`), in regular
expressions, which MySQL does not take of bytes (`EXACT`), and in the error for a foreign key that
is there (`DONE_IN_MARIADB` of mysql_statements).
"""

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from textwrap import indent
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.fields import Field

from tools.migrations.catalogue import Catalogue, Column, Key, KeyKind, Table
from tools.migrations.changes import Rename, Step
from tools.migrations.refusal import Refused
from tools.migrations.source import CONSTANT, as_source

logging.getLogger("asyncmy").setLevel(logging.ERROR)  # it logs every warning of the server

NAME = "mysql"
DATABASE, SERVER = "database", "information_schema"
"""The key of the database name in the credentials, and a database that always exists."""
DATABASES = "SELECT schema_name AS name FROM information_schema.schemata"
DROPS_KEYS_FIRST = False  # error 1553: a foreign key always needs an index
RENAMES_FOREIGN_KEYS = False
HOLDS_UNIQUE_KEYS = False
"""Foreign keys must be dropped before the unique key that they refer to."""
HELPER = "mysql_statements"
"""The helper module that files load when they are applied, beside `checks`."""
REFUSE = """\
    if await mysql_statements.is_new(db, __name__, "{name}"):
        await checks.refuse(db, __name__, {constant})"""
RUN_IN_TRANSACTION = False
ROWS_HINT = "With SQL:"
"""A comment in a file to complete by hand."""
BEFORE_TABLES = ("SET FOREIGN_KEY_CHECKS = 0",)
FOREIGN_KEYS_LAST = False
HAS_AERICH = (
    "SELECT 1 AS found FROM information_schema.tables"
    " WHERE table_schema = DATABASE() AND table_name = 'aerich'"
)
AERICH_TABLE = """CREATE TABLE IF NOT EXISTS `aerich` (
    `id` INT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `version` VARCHAR(255) NOT NULL,
    `app` VARCHAR(100) NOT NULL,
    `content` JSON NOT NULL
) CHARACTER SET utf8mb4"""
HAS_ZONES = False
"""Times are written with a time zone."""
DECIMALS_ARE_TEXTS = False
"""Decimals are stored as text, which keeps all digits."""
TEXT = "char"
"""The type to which values are cast to compare different types."""
BOOLEANS = {True: "1", False: "0"}
NEUTRAL = {
    **dict.fromkeys(("integer", "decimal", "float", "boolean"), "0"),
    "text": "''",
    "json": "'null'",
    "uuid": "'00000000-0000-0000-0000-000000000000'",
    "date": "'1970-01-01'",
    "time": "'00:00:00'",
    "datetime": "'1970-01-01 00:00:00'",
    "binary": "''",
}
"""Values for a NOT NULL column that a downgrade adds again, as its old values are lost."""
FAMILIES = {
    "uuid": r"char\(36\)",
    "boolean": r"tinyint\(1\)",
    "integer": r"(tiny|small|medium|big)?int\b.*",
    "decimal": r"decimal.*",
    "float": r"float|double",
    "text": r"(var)?char.*|(tiny|medium|long)?text|enum.*",
    "json": r"json",
    "date": r"date",
    "time": r"time\b.*",
    "datetime": r"(datetime|timestamp).*",
    "binary": r"(var)?binary.*|(tiny|medium|long)?blob",
}

LARGE = re.compile("json|.*text|.*blob")
"""Types that accept no constant as default in MySQL."""

NAMED = r"`((?:[^`]|``)+)`"
STRING = r"'(?:[^'\\]|''|\\.)*'"
TYPE = rf"(\w+(?:\((?:{STRING}|[^()'])*\))?(?: unsigned)?(?: zerofill)?)"
COLUMN = re.compile(rf"  {NAMED} {TYPE}(.*)")
KEY = re.compile(rf"  (?:(UNIQUE |FULLTEXT |SPATIAL )?KEY {NAMED} (.*)|CONSTRAINT {NAMED} (.*))")
FOREIGN = re.compile(rf"FOREIGN KEY \((.*?)\) REFERENCES {NAMED} \((.*?)\)")
OPTIONS = re.compile(r"\) .*?DEFAULT CHARSET=(\w+)(?: COLLATE=(\w+))?.*?(?: COMMENT='(.*)')?")
TOKEN = re.compile(rf"{STRING}|`[^`]*`|[()]|[^\s()'`]+")
LAST_CHARACTER = 0xFFFF
NUMBER = "[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)"
PLAIN = "^[[:space:]]*[-+]?[0-9]{0,34}([.][0-9]{0,30})?[[:space:]]*$"
SHORT = "^[-+]?[0-9]([.][0-9]{0,14})?[eE][-+]?[12]?[0-9]{1,2}$"
"""Numbers whose digits DECIMAL(65, 30) can compare, and others of so few that a float has them."""
DAY = "(?!0000)[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?"
PATTERNS = {"date": DAY, "time": CLOCK, "datetime": f"{DAY}([ T]{CLOCK})?"}
"""Texts of which a value has all that they say; a moment here has no offset."""
EXACT = "CONVERT({} USING utf8mb4) COLLATE utf8mb4_bin"
"""A text that tells `a` from `A`: as bytes, MySQL 8 compares it with no regular expression."""
UUID = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
TEXTS = r"(var)?char|(tiny|medium|long)?text|enum"
CHOSEN_BY_SERVER = re.compile(r".*_ibfk_\d+")
"""Names that depend on the order of creation; replaced by our own."""


async def read(connection: BaseDBAsyncClient) -> Catalogue:
    """Return the tables of the database, parsed from SHOW CREATE TABLE."""
    query = (
        "SELECT table_name AS name FROM information_schema.tables"
        " WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' AND table_name <> 'aerich'"
    )
    tables: dict[str, Table] = {}
    for row in await connection.execute_query_dict(query):
        show = f"SHOW CREATE TABLE {quote(row['name'])}"
        try:
            [found] = await connection.execute_query_dict(show)
        except UnicodeDecodeError as error:
            raise Refused(
                f"A default of table {row['name']} has bytes that the server prints unescaped:"
                " write it as an expression, such as (unhex('00ff'))."
            ) from error
        tables[row["name"]] = table_of(row["name"], found["Create Table"])
    return tables


async def drop_tables(connection: BaseDBAsyncClient, catalogue: Catalogue) -> None:
    """Drop all tables, in spite of foreign keys."""
    drops = [f"DROP TABLE {quote(name)}" for name in catalogue]
    await connection.execute_script(
        ";".join(["SET FOREIGN_KEY_CHECKS = 0", *drops, "SET FOREIGN_KEY_CHECKS = 1"])
    )


clear = drop_tables
"""Empties a database: models can use nothing but tables."""


def as_migrated(catalogue: Catalogue) -> Catalogue:
    """Return Tortoise's tables as migrations create them: all foreign keys have names."""
    return {
        name: replace(
            table,
            keys=tuple(
                replace(key, given_name=key.name or _name(name, key.columns))
                if key.kind == "foreign key"
                else key
                for key in table.keys
            ),
        )
        for name, table in catalogue.items()
    }


def table_of(name: str, source: str) -> Table:
    """Parse the output of `SHOW CREATE TABLE`, of MySQL 8 or MariaDB."""
    lines = [line.removesuffix(",") for line in source.splitlines()[1:]]
    options = OPTIONS.fullmatch(lines[-1])
    charset, collation, comment = options.groups() if options else ("utf8mb4", None, None)
    collation = collation or f"{charset}_general_ci"
    columns = [_column(match, collation) for line in lines if (match := COLUMN.fullmatch(line))]
    return Table(
        name,
        {column.name: column for column in columns},
        tuple(_keys(name, lines)),
        f"COLLATE {collation}",
        _unescaped(comment or ""),
    )


def _column(match: re.Match[str], collation: str) -> Column:
    """Parse the definition of a column, two words at a time.

    MySQL 8 and MariaDB differ here in widths of integers, JSON as text with a check, collations
    that are implicit or not, and NULL as a default.
    """
    name, type_, rest = match[1].replace("``", "`"), match[2], match[3]
    if type_ != "tinyint(1)":
        type_ = re.sub(r"int\(\d+\)", "int", type_)
    is_text = re.match(TEXTS, type_) is not None
    column = Column(name, type_, is_null=True, extra=f"COLLATE {collation}" if is_text else "")
    words = [re.sub("^current_timestamp", "CURRENT_TIMESTAMP", word) for word in _words(rest)]
    while words:
        word, after = words.pop(0), words[0] if words else ""
        if word == "NOT":
            column = replace(column, is_null=False)
        elif word == "DEFAULT" and after != "NULL":
            column = replace(column, default=re.sub("^X'.*'$", r"(\g<0>)", after))
        elif word == "COLLATE" and is_text:
            column = replace(column, extra=f"COLLATE {after}")
        elif word == "COMMENT":
            column = replace(column, comment=_unescaped(after[1:-1]))
        elif word == "CHECK" and after.startswith("(json_valid("):
            column = replace(column, type="json", extra="")
        elif word in {"AUTO_INCREMENT", "VIRTUAL", "STORED", "CHECK", "GENERATED", "UPDATE"}:
            said = {
                "GENERATED": f"GENERATED ALWAYS {' '.join(words[1:3])}",
                "CHECK": f"CHECK {after}",
            }
            said["UPDATE"] = f"ON UPDATE {after}"
            column = replace(column, extra=f"{column.extra} {said.get(word, word)}".strip())
    return column


def _words(text: str) -> Iterator[str]:
    """Split a definition into words; brackets belong to the word before."""
    word, depth, end = "", 0, 0
    for token in TOKEN.finditer(text):
        is_apart = token.start() > end
        if word and depth == 0 and is_apart:
            yield word
            word = ""
        word += " " * bool(word and is_apart) + token[0]
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        end = token.end()
    if word:
        yield word


def _keys(table: str, lines: Iterable[str]) -> Iterator[Key]:
    for line in lines:
        if line.startswith("  PRIMARY KEY"):
            yield Key("primary key", _names(line), line.strip())
        elif match := KEY.fullmatch(line):
            kind, name, columns, constraint, definition = match.groups()
            if name:
                unique: KeyKind = "unique" if kind == "UNIQUE " else "index"
                definition = f"{kind or ''}KEY {columns}"
                parts = tuple(_parts(columns))
                own = _names(columns)
                yield Key(unique, own, definition, name, given_name=name, parts=parts)
            elif foreign := FOREIGN.match(definition):
                own, target, theirs = _names(foreign[1]), foreign[2], _names(foreign[3])
                is_free = CHOSEN_BY_SERVER.fullmatch(constraint) or constraint == _name(table, own)
                chosen = "" if is_free else constraint
                yield Key("foreign key", own, definition, chosen, target, theirs, "", constraint)
            else:
                yield Key("check", (), definition, constraint, given_name=constraint)


def _parts(text: str) -> Iterator[str]:
    """Return SQL for what an index is over, where it holds more or less than columns."""
    items, depth, start = [], 0, 1
    for token in TOKEN.finditer(text):
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        if depth == 0 or (depth == 1 and token[0].endswith(",")):
            items.append(re.sub(" (ASC|DESC)$", "", text[start : token.end() - 1]))
            start = token.end()
        if depth == 0:
            break
    for item in items if "(" in text[1:] else []:
        prefix = re.fullmatch(rf"({NAMED})\((\d+)\)", item)
        yield f"left({prefix[1]}, {prefix[3]})" if prefix else item


def _name(table: str, columns: Sequence[str]) -> str:
    """Return the name of a foreign key that Tortoise leaves unnamed."""
    return f"{table}_{'_'.join(columns)}"[:59] + "_fkey"


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.replace("``", "`") for name in re.findall(NAMED, text))


def _unescaped(text: str) -> str:
    letters = {"n": "\n", "r": "\r", "0": "\0"}
    text = text.replace("''", "'")
    return re.sub(r"\\(.)", lambda match: letters.get(match[1], match[1]), text)


def table_name(_schema: str | None, name: str) -> str:
    """Return the planner's name of a table."""
    return name


def quote(name: str) -> str:
    """Quote the name of a table or column for SQL."""
    return "`" + name.replace("`", "``") + "`"


def text(value: str) -> str:
    """Return a string as an SQL literal."""
    value = value.replace("\\", "\\\\").replace("'", "''")
    return "'" + value.replace("\n", "\\n").replace("\r", "\\r") + "'"


def type_of(_field: Field[Any]) -> str:
    """Return the type that a field's column gets where Tortoise's says too little: it says all."""
    return ""


def refuse_unstorable(default: str) -> None:
    """Refuse a default that the catalogue cannot store: it has three bytes per character.

    Raises:
        Refused: The default has a character such as an emoji.
    """
    if any(ord(character) > LAST_CHARACTER for character in default):
        raise Refused(
            f"The db_default {default!r} has characters that the server's catalogue cannot store:"
            " set them in Python, with default=."
        )


def binary(value: bytes) -> str:
    """Return bytes as SQL; in brackets, since a default must be text or an expression."""
    return f"(x'{value.hex()}')"


def comment(words: str, escape: Callable[[str], str]) -> str:
    """Return the escaped text of a comment, without quotes."""
    return escape(words)


def needs_helper(_query: str) -> bool:
    """Return whether a query calls a function that the helper's `prepare` makes for the session."""
    return False


def length(column: str) -> str:
    """Return the length of a text in characters."""
    return f"char_length({column})"


def family(type_: str) -> str:
    """Return the family of a type, or the type itself if it is in none."""
    return next((name for name, each in FAMILIES.items() if re.fullmatch(each, type_)), type_)


def is_recreated(old: Column | None, new: Column | None) -> bool:
    """Return whether a change drops the column and adds it again, as for generated columns."""
    is_computed = any(each and "GENERATED" in each.extra for each in (old, new))
    if not (old and new) or old == new:
        return is_computed
    return is_computed and (old.type, old.extra) != (new.type, new.extra)


def is_held_by_keys(old: Column, new: Column) -> bool:
    """Return whether foreign keys must be dropped while the column changes (error 1833)."""
    return (old.type, old.extra) != (new.type, new.extra)


LIMITS = {"tinyint": 7, "smallint": 15, "mediumint": 23, "int": 31, "bigint": 63}
"""Bits of the integer types, without the sign."""


def not_castable(column: str, old: Column, new: Column) -> str:
    """Return an SQL condition for the values that the new type cannot hold."""
    kinds = family(old.type), family(new.type)
    number = rf"{column} NOT REGEXP '^[[:space:]]*[-+]?[0-9]+([.]0*)?[[:space:]]*$'"
    if kinds == ("float", "integer"):
        limit = 2 ** LIMITS[re.split(r"\W", new.type)[0]]
        return f"{column} <> floor({column}) OR {column} < -{limit}e0 OR {column} >= {limit}e0"
    if kinds[1] == "float":
        return _no_float(column, old, new)
    if kinds[1] == "integer":
        bits = LIMITS[re.split(r"\W", new.type)[0]]
        value = column if kinds[0] == "integer" else f"CAST({column} AS DECIMAL(65, 0))"
        is_outside = f"{value} NOT BETWEEN -{2**bits} AND {2**bits - 1}"
        if kinds[0] == "integer":
            return is_outside
        has_zeros = f"{column} REGEXP '^[[:space:]]*[-+]?0[0-9]'"
        return f"{number} OR {is_outside}{f' OR {has_zeros}' * (kinds[0] == 'text')}"
    if kinds[1] == "boolean":
        return f"{column} NOT IN ('0', '1')"
    if kinds[1] == "decimal":
        is_text = kinds[0] == "text"
        value = f"CAST({column} AS DECIMAL(65, 30))" if is_text else column
        digits, places = (int(each) for each in re.findall(r"\d+", f"{new.type}(65, 30)")[:2])
        is_outside = f"{value} <> round({value}, {places}) OR abs({value}) >= 1e{digits - places}"
        is_none = f"{column} NOT REGEXP '^[[:space:]]*[-+]?[0-9]*[.]?[0-9]+(e[-+]?[0-9]+)?$'"
        return " OR ".join([is_none] * is_text + [is_outside])
    if kinds[0] == "datetime":
        return f"TIME({column}) <> 0"
    if kinds[1] == "json":
        return f"NOT JSON_VALID({column})"
    if kinds[1] == "uuid":
        return f"{EXACT.format(column)} NOT REGEXP '{UUID}'"
    is_other = f"{column} NOT REGEXP '^{PATTERNS[kinds[1]]}$'"
    return f"{is_other} OR CAST({column} AS {new.type}) IS NULL"


def _no_float(column: str, old: Column, new: Column) -> str:
    """Return the condition that finds numbers of which a float has not all digits."""
    number = f"CAST({column} AS {new.type.upper()})"
    exact = f"CAST({number} AS DECIMAL(65, 30))"
    match family(old.type):
        case "integer":  # beyond the first limit the way back ends at the largest whole number
            return f"{column} > {2**63 - 2**10} OR CAST({number} AS SIGNED) <> {column}"
        case "decimal":
            return f"{exact} <> {column}"
        case "float":
            return f"{number} <> {column}"
    is_none = f"{column} NOT REGEXP '^[[:space:]]*{NUMBER}([eE][-+]?[0-9]+)?[[:space:]]*$'"
    is_short = f"{column} REGEXP '{SHORT}'"
    is_same = f"{column} REGEXP '{PLAIN}' AND {exact} = CAST({column} AS DECIMAL(65, 30))"
    return f"{is_none} OR NOT ({is_same} OR {is_short} OR CAST({number} AS CHAR) = {column})"


def converted(column: str, old: Column, new: Column) -> str:
    """Return SQL for a value in the new type, or for anything where that cannot hold it."""
    kind = family(new.type)
    ways = {
        "integer": f"CAST({column} AS DECIMAL(65, 0))",
        "decimal": f"CAST({column} AS DECIMAL(65, 30))",
        "float": f"CAST({column} AS DOUBLE)",
        "text": f"CAST({column} AS CHAR)",
        **dict.fromkeys(("date", "time", "datetime"), f"CAST({column} AS {new.type})"),
    }
    return column if family(old.type) == kind else ways.get(kind, column)


def typed(value: str, _column: Column) -> str:
    """Return SQL for a value of a column: it tells its type itself."""
    return value


def rename(step: Rename) -> str:
    """Return the statement that renames a table or a column."""
    if step.column:
        names = f"{quote(step.column)} TO {quote(step.new)}"
        return f"ALTER TABLE {quote(step.table)} RENAME COLUMN {names}"
    return f"RENAME TABLE {quote(step.table)} TO {quote(step.new)}"


def body(name: str, steps: Iterable[Rename | Step], first: Sequence[str], _constant: str) -> str:
    """Return the last lines of the function upgrade or downgrade, which aerich calls."""
    made, steps = [*first], list(steps)
    primary = [step for step in steps if isinstance(step, Step) and _is_of_primary_key(step)]
    for step in steps:
        if isinstance(step, Rename):
            made.append(rename(step))
        elif step not in primary:
            made += _statements(step)
        elif step is next(each for each in primary if each.table == step.table):
            together = [each for each in primary if each.table == step.table]
            together.sort(key=lambda each: isinstance(each.new or each.old, Key))
            made.append(f"ALTER TABLE {quote(step.table)} {', '.join(map(_clause, together))}")
    lines = "".join(f"{indent(as_source(each), ' ' * 12)},\n" for each in made)
    call = f'await mysql_statements.run(db, __name__, "{name}", ['
    return f"    return str(\n        {call}\n{lines}        ])\n    )"


def _is_of_primary_key(step: Step) -> bool:
    """Return whether a step adds or drops a primary key or an AUTO_INCREMENT column.

    Such a column must always be a key (error 1075), so both happen in one statement.
    """
    thing = None if step.old and step.new else step.old or step.new
    if isinstance(thing, Key):
        return thing.kind == "primary key"
    return isinstance(thing, Column) and "AUTO_INCREMENT" in thing.extra


def _clause(step: Step) -> str:
    """Return the clause of one change for an ALTER TABLE with several."""
    match step.old, step.new:
        case None, Column():
            return f"ADD COLUMN {_definition(step.new)}"
        case Column(), None:
            return f"DROP COLUMN {quote(step.old.name)}"
        case None, Key():
            return f"ADD {_key(step.new, step.table)}"
        case Key(), None:
            return _drop(step.old)
        case Key(), Key():
            return f"{_drop(step.old)}, ADD {_key(step.new, step.table)}"
    raise AssertionError(step)


def _statements(step: Step) -> list[str]:
    table = quote(step.table)
    match step.old, step.new:
        case Table(), Table():
            words = f"{step.new.options} COMMENT = {text(step.new.comment)}"
            return [f"ALTER TABLE {table} DEFAULT CHARACTER SET utf8mb4 {words}"]
        case None, Table():
            return [_create(step.new)]
        case Table(), None:
            return [f"DROP TABLE {table}"]
        case Key(), Key() if _can_rename(step.old, step.new):
            names = f"{quote(step.old.name)} TO {quote(step.new.name)}"
            return [f"ALTER TABLE {table} RENAME INDEX {names}"]
        case None, Column():
            return _add_column(table, step.new, step.value)
        case Column(), Column():
            return _alter(table, step.old, step.new, step.value)
    return [f"ALTER TABLE {table} {_clause(step)}"]


def _create(table: Table) -> str:
    lines = [*map(_definition, table.columns.values())]
    lines += [_key(key, table.name) for key in table.keys if key.kind != "foreign key"]
    said = f" COMMENT = {text(table.comment)}" if table.comment else ""
    body = ",\n    ".join(lines)
    options = f"CHARACTER SET utf8mb4 {table.options}{said}"
    return f"CREATE TABLE {quote(table.name)} (\n    {body}\n) {options}"


def _definition(column: Column) -> str:
    collation, generated = "", ""
    if column.extra.startswith("COLLATE"):
        collation, _, generated = column.extra.partition(" ")[2].partition(" ")
    else:
        generated = column.extra
    is_generated = generated.startswith("GENERATED")
    null = "" if is_generated else "NULL"  # MariaDB refuses it there
    words = [
        quote(column.name),
        column.type,
        f"COLLATE {collation}" if collation else "",
        generated if is_generated else "",
        null if column.is_null else "NOT NULL",
        f"DEFAULT {column.default}" if column.default is not None else "",
        generated if not is_generated else "",
        f"COMMENT {text(column.comment)}" if column.comment else "",
    ]
    return " ".join(filter(None, words))


def _add_column(table: str, column: Column, value: str | None) -> list[str]:
    if value is None and (column.is_null or column.has_own_values or column.default is not None):
        return [f"ALTER TABLE {table} ADD COLUMN {_definition(column)}"]
    if value is None:  # a row that came in since the checks would get 0 or ''
        nullable = replace(column, is_null=True)
        return [
            f"ALTER TABLE {table} ADD COLUMN {_definition(nullable)}",
            f"ALTER TABLE {table} MODIFY COLUMN {_definition(column)}",
        ]
    if CONSTANT.fullmatch(value) and column.default is None and not LARGE.match(column.type):
        return [  # no row is written
            f"ALTER TABLE {table} ADD COLUMN {_definition(replace(column, default=value))}",
            f"ALTER TABLE {table} ALTER COLUMN {quote(column.name)} DROP DEFAULT",
        ]
    nullable = replace(column, is_null=True, default=None)
    return [
        f"ALTER TABLE {table} ADD COLUMN {_definition(nullable)}",
        *_alter(table, nullable, column, value),
    ]


def _alter(table: str, old: Column, new: Column, value: str | None) -> list[str]:
    name = quote(new.name)
    fill = [f"UPDATE {table} SET {name} = {value} WHERE {name} IS NULL"] if value else []
    if fill and (old.type, old.extra) != (new.type, new.extra):  # which has room for it
        old = replace(new, is_null=True, default=None)
        fill.insert(0, f"ALTER TABLE {table} MODIFY COLUMN {_definition(old)}")
    modify = [f"ALTER TABLE {table} MODIFY COLUMN {_definition(new)}"] if old != new else []
    return [*fill, *modify]


def _can_rename(old: Key, new: Key) -> bool:
    return old.kind in {"unique", "index"} and old.definition == new.definition


def _key(key: Key, table: str) -> str:
    if key.kind == "primary key":
        return key.definition
    if key.kind in {"foreign key", "check"}:
        return f"CONSTRAINT {quote(key.name or _name(table, key.columns))} {key.definition}"
    kind, columns = key.definition.split("KEY ", 1)
    return f"{kind}KEY {quote(key.name)} {columns}"


def _drop(key: Key) -> str:
    what = {"primary key": "PRIMARY KEY", "foreign key": "FOREIGN KEY", "check": "CONSTRAINT"}
    name = "" if key.kind == "primary key" else f" {quote(key.given_name)}"
    return f"DROP {what.get(key.kind, 'KEY')}{name}"
