"""PostgreSQL in the trial of migrations."""

import re
from collections.abc import Collection, Iterable, Sequence

import asyncpg

from tests.options.database.postgres import SERVER, catalogue
from tests.options.database.postgres.differences import DIFFERENCES
from tests.options.database.postgres.session import Connection, connected
from tests.options.database.postgres.zoo import models
from tests.service.schema.dialects import FILLED, Contents, Dialect, standard_text
from tests.support.databases import name_of

OTHER_SCHEMAS = """
    SELECT nspname FROM pg_namespace WHERE nspname <> 'information_schema' AND nspname !~ '^pg_'
"""
SEQUENCES = """
    SELECT n.nspname AS schema, c.relname AS name, a.attname AS part,
           pg_get_serial_sequence(format('%I.%I', n.nspname, c.relname), a.attname) AS sequence
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
      AND n.nspname NOT IN ('pg_catalog', 'information_schema')
      AND pg_get_serial_sequence(format('%I.%I', n.nspname, c.relname), a.attname) IS NOT NULL
"""


async def empty(url: str) -> None:
    """Drop the schemas of the database, which is faster than dropping it, or create it."""
    try:
        async with connected(url) as session:
            for (schema,) in await session.fetch(OTHER_SCHEMAS):
                await session.execute(f'DROP SCHEMA "{schema}" CASCADE')
            await session.execute("CREATE SCHEMA public")
    except asyncpg.InvalidCatalogNameError:
        hasty = f'ALTER DATABASE "{name_of(url)}" SET synchronous_commit = off'
        made = [f'CREATE DATABASE "{name_of(url)}"', hasty]  # nobody needs it after a crash
        if name_of(url).endswith(f"_{FILLED}"):  # no value may shift by the time zone of a server
            made.append(f"ALTER DATABASE \"{name_of(url)}\" SET timezone = 'Europe/Berlin'")
        await execute(SERVER.administration_url, made)


async def drop(url: str) -> None:
    """Drop the database, if it exists."""
    await execute(SERVER.administration_url, [SERVER.drop_database.format(name=name_of(url))])


async def execute(url: str, statements: Iterable[str]) -> None:
    """Execute statements one after the other."""
    async with connected(url) as session:
        for statement in statements:
            await session.execute(statement)


def delete_rows(tables: Sequence[str]) -> list[str]:
    """Return one statement, so that foreign keys between the tables do not matter."""
    return [f"TRUNCATE {', '.join(map(_quoted, tables))} CASCADE"]


async def read_contents(url: str, tables: Collection[str]) -> Contents:
    """Read the rows of tables, and the sequences of their columns."""
    async with connected(url) as session:
        rows = {}
        for name in tables:
            quoted = ".".join(map(_quoted, name.split(".")))
            found = await session.fetch(f"SELECT * FROM {quoted}")  # noqa: S608 - from the catalogue
            rows[name] = [dict(row) for row in found]
        counters = await _counters(session)
        return rows, {name: next_ for name, next_ in counters.items() if name in tables}


async def _counters(session: Connection) -> dict[str, int]:
    counters = {}
    for row in await session.fetch(SEQUENCES):
        schema = "" if row["schema"] == "public" else f"{row['schema']}."
        query = f"SELECT last_value + is_called::int FROM {row['sequence']}"  # noqa: S608 - as above
        counters[f"{schema}{row['name']}"] = await session.fetchval(query)
    return counters


def _quoted(name: str) -> str:
    return f'"{name}"'


def as_bytes(value: bytes, _: object = None) -> str:
    """Return the literal of bytes, for which Tortoise has none."""
    return rf"'\x{value.hex()}'"


TABLE = re.compile(r"CREATE TABLE (\S+) \(\n.*?\n\)", re.DOTALL)
KEY = re.compile(
    r'^    ("[^"]+") .*?( REFERENCES \S+ \("[^"]+"\) ON DELETE [A-Z]+(?: [A-Z]+)?)', re.MULTILINE
)


def keys_last(script: str) -> str:
    """Return a script with the foreign keys after the tables instead of in them."""
    keys: list[str] = []

    def table(match: re.Match[str]) -> str:
        found = KEY.findall(match[0])
        keys.extend(f"ALTER TABLE {match[1]} ADD FOREIGN KEY ({own}){to};" for own, to in found)
        return KEY.sub(lambda key: key[0].removesuffix(key[2]), match[0])

    return "\n".join([TABLE.sub(table, script), *keys])


DIALECT = Dialect(
    read_catalogue=catalogue.read,
    read_contents=read_contents,
    empty=empty,
    drop=drop,
    execute=execute,
    delete_rows=delete_rows,
    literals={bytes: as_bytes, str: standard_text},
    differences=DIFFERENCES,
    circular_script=keys_last,
    zoo=models,
    shards=2,
)
