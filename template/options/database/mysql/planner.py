"""MySQL and MariaDB: their catalogue, and the statements that change it."""

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from textwrap import indent

from tortoise.backends.base.client import BaseDBAsyncClient

from tools.migrations.catalogue import Catalogue, Column, Key, KeyKind, Table
from tools.migrations.changes import Rename, Step
from tools.migrations.refusal import Refused
from tools.migrations.source import CONSTANT, as_source

logging.getLogger("asyncmy").setLevel(logging.ERROR)  # it repeats all that the server remarks

NAME = "mysql"
DATABASE, SERVER = "database", "information_schema"
"""Where a configuration names the database, and one that is always there."""
DATABASES = "SELECT schema_name AS name FROM information_schema.schemata"
DROPS_KEYS_FIRST = False  # error 1553: a foreign key needs an index at every moment
RENAMES_FOREIGN_KEYS = False
HOLDS_UNIQUE_KEYS = False
"""Whether foreign keys must be set aside while the key that they refer to goes."""
HELPER = "mysql_statements"
"""What files load when they are applied, beside their checks."""
REFUSE = """\
    if await mysql_statements.is_new(db, __name__, "{name}"):
        await checks.refuse(db, __name__, {constant})"""
RUN_IN_TRANSACTION = False
ROWS_HINT = "With SQL:"
"""What to say in a file that a person fills."""
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
"""Whether a moment is written with its time zone."""
DECIMALS_ARE_TEXTS = False
"""Whether a decimal is a text, in which no digit is lost."""
TEXT = "char"
"""What a value of any type is cast to, to compare it with one of another type."""
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
"""What a column gets that comes back NOT NULL, since the values that it had are gone."""
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
"""Types that take no constant as a default in MySQL."""

NAMED = r"`((?:[^`]|``)+)`"
STRING = r"'(?:[^'\\]|''|\\.)*'"
TYPE = rf"(\w+(?:\((?:{STRING}|[^()'])*\))?(?: unsigned)?(?: zerofill)?)"
COLUMN = re.compile(rf"  {NAMED} {TYPE}(.*)")
KEY = re.compile(rf"  (?:(UNIQUE |FULLTEXT |SPATIAL )?KEY {NAMED} (.*)|CONSTRAINT {NAMED} (.*))")
FOREIGN = re.compile(rf"FOREIGN KEY \((.*?)\) REFERENCES {NAMED} \((.*?)\)")
OPTIONS = re.compile(r"\) .*?DEFAULT CHARSET=(\w+)(?: COLLATE=(\w+))?.*?(?: COMMENT='(.*)')?")
TOKEN = re.compile(rf"{STRING}|`[^`]*`|[()]|[^\s()'`]+")
LAST_CHARACTER = 0xFFFF
UUID = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
TEXTS = r"(var)?char|(tiny|medium|long)?text|enum"
CHOSEN_BY_SERVER = re.compile(r".*_ibfk_\d+")
"""Names that depend on the order in which keys were made: ours is used instead."""


async def read(connection: BaseDBAsyncClient) -> Catalogue:
    """Return the tables of the database, from the statements that would make them again."""
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
                f"A default of table {row['name']} has bytes that the server prints as they are:"
                " write it as an expression, such as (unhex('00ff'))."
            ) from error
        tables[row["name"]] = table_of(row["name"], found["Create Table"])
    return tables


async def drop_tables(connection: BaseDBAsyncClient, catalogue: Catalogue) -> None:
    """Drop all tables, whatever refers to them."""
    drops = [f"DROP TABLE {quote(name)}" for name in catalogue]
    await connection.execute_script(
        ";".join(["SET FOREIGN_KEY_CHECKS = 0", *drops, "SET FOREIGN_KEY_CHECKS = 1"])
    )


clear = drop_tables
"""What empties a database: tables are all that models can use."""


def as_ours(catalogue: Catalogue) -> Catalogue:
    """Return tables that Tortoise made as migrations will have made them: all keys have names."""
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
    """Understand what `SHOW CREATE TABLE` says, in the words of MySQL 8 or of MariaDB."""
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
    """Read a column; each pair of words says something of it.

    Here and in `_keys` is all in which MySQL 8 and MariaDB differ: widths of whole numbers,
    JSON as a text that is checked, collations that are said or not, NULL as a default.
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
    """Split a definition into words; what is in brackets belongs to the word before."""
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
                yield Key(unique, _names(columns), definition, name, given_name=name)
            elif foreign := FOREIGN.match(definition):
                own, target, theirs = _names(foreign[1]), foreign[2], _names(foreign[3])
                is_free = CHOSEN_BY_SERVER.fullmatch(constraint) or constraint == _name(table, own)
                chosen = "" if is_free else constraint
                yield Key("foreign key", own, definition, chosen, target, theirs, "", constraint)
            else:
                yield Key("check", (), definition, constraint, given_name=constraint)


def _name(table: str, columns: Sequence[str]) -> str:
    """Return a name for a foreign key to which Tortoise gives none."""
    return f"{table}_{'_'.join(columns)}"[:59] + "_fkey"


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.replace("``", "`") for name in re.findall(NAMED, text))


def _unescaped(text: str) -> str:
    letters = {"n": "\n", "r": "\r", "0": "\0"}
    text = text.replace("''", "'")
    return re.sub(r"\\(.)", lambda match: letters.get(match[1], match[1]), text)


def table_name(_schema: str | None, name: str) -> str:
    """Return the name by which the planner knows a table."""
    return name


def quote(name: str) -> str:
    """Return the name of a table or column as SQL."""
    return "`" + name.replace("`", "``") + "`"


def text(value: str) -> str:
    """Return a string as SQL."""
    value = value.replace("\\", "\\\\").replace("'", "''")
    return "'" + value.replace("\n", "\\n").replace("\r", "\\r") + "'"


def refuse_unstorable(default: str) -> None:
    """Refuse a default that the catalogue could not tell: it knows three bytes a character.

    Raises:
        Refused: It has a character such as an emoji.
    """
    if any(ord(character) > LAST_CHARACTER for character in default):
        raise Refused(
            f"The db_default {default!r} has characters that the server's catalogue does not hold:"
            " set them in Python, with default=."
        )


def binary(value: bytes) -> str:
    """Return bytes as SQL; in brackets, as a default may be no literal that is no text."""
    return f"(x'{value.hex()}')"


def comment(words: str, escape: Callable[[str], str]) -> str:
    """Return what stands between the quotes of a comment."""
    return escape(words)


def needs_helper(_query: str) -> bool:
    """Whether a query calls a function that the helper's `prepare` makes for the session."""
    return False


def length(column: str) -> str:
    """Return the length of a text in characters."""
    return f"char_length({column})"


def family(type_: str) -> str:
    """Return the kind of a type, or the type itself where it is of no kind."""
    return next((name for name, each in FAMILIES.items() if re.fullmatch(each, type_)), type_)


def is_made_anew(old: Column | None, new: Column | None) -> bool:
    """Whether a column goes and comes rather than changes: its values are computed."""
    is_computed = any(each and "GENERATED" in each.extra for each in (old, new))
    if not (old and new) or old == new:
        return is_computed
    return is_computed and (old.type, old.extra) != (new.type, new.extra)


def is_held_by_keys(old: Column, new: Column) -> bool:
    """Whether foreign keys must be set aside while the column changes (error 1833)."""
    return (old.type, old.extra) != (new.type, new.extra)


LIMITS = {"tinyint": 7, "smallint": 15, "mediumint": 23, "int": 31, "bigint": 63}
"""Bits of whole numbers, without the sign."""


def not_castable(column: str, old: Column, new: Column) -> str:
    """Return the condition that finds the values that the new type cannot hold."""
    kinds = family(old.type), family(new.type)
    number = rf"{column} NOT REGEXP '^[[:space:]]*[-+]?[0-9]+([.]0*)?[[:space:]]*$'"
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
    if kinds[1] in {"decimal", "float"}:
        is_text = kinds[0] == "text"
        value = f"CAST({column} AS DECIMAL(65, 30))" if is_text else column
        digits, places = (int(each) for each in re.findall(r"\d+", f"{new.type}(65, 30)")[:2])
        is_outside = f"{value} <> round({value}, {places}) OR abs({value}) >= 1e{digits - places}"
        is_none = f"{column} NOT REGEXP '^[[:space:]]*[-+]?[0-9]*[.]?[0-9]+(e[-+]?[0-9]+)?$'"
        return " OR ".join([is_none] * is_text + [is_outside] * (kinds[1] == "decimal"))
    if kinds[0] == "datetime":
        return f"TIME({column}) <> 0"
    if kinds[1] == "json":
        return f"NOT JSON_VALID({column})"
    if kinds[1] == "uuid":
        return f"BINARY {column} NOT REGEXP '{UUID}'"
    return f"CAST({column} AS {new.type}) IS NULL"


def rename(step: Rename) -> str:
    """Return the statement that renames a table or a column."""
    if step.column:
        names = f"{quote(step.column)} TO {quote(step.new)}"
        return f"ALTER TABLE {quote(step.table)} RENAME COLUMN {names}"
    return f"RENAME TABLE {quote(step.table)} TO {quote(step.new)}"


def body(name: str, steps: Iterable[Rename | Step], first: Sequence[str]) -> str:
    """Return the end of the function that aerich calls, upgrade or downgrade."""
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
    """Whether a primary key comes or goes, or a column that numbers rows.

    Such a column is a key at every moment (error 1075), so both happen in one statement.
    """
    thing = None if step.old and step.new else step.old or step.new
    if isinstance(thing, Key):
        return thing.kind == "primary key"
    return isinstance(thing, Column) and "AUTO_INCREMENT" in thing.extra


def _clause(step: Step) -> str:
    """Return what one change of columns or keys is in a statement that makes several."""
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
    null = "" if is_generated else "NULL"  # which MariaDB does not take there
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
    if value is None:
        return [f"ALTER TABLE {table} ADD COLUMN {_definition(column)}"]
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
