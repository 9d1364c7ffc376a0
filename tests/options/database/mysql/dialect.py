"""MySQL and MariaDB in the trial of migrations."""

import logging
from collections.abc import Collection, Iterable, Sequence

from asyncmy.cursors import DictCursor

from tests.options.database.mysql import SERVER, catalogue
from tests.options.database.mysql.differences import DIFFERENCES
from tests.options.database.mysql.session import connected
from tests.options.database.mysql.zoo import models
from tests.service.schema.dialects import Contents, Dialect, standard_bytes
from tests.support.databases import name_of

logging.getLogger("asyncmy").setLevel(logging.ERROR)  # it warns of each IF EXISTS
COUNTERS = """
    SELECT table_name AS name, auto_increment AS next FROM information_schema.tables
    WHERE table_schema = DATABASE() AND auto_increment IS NOT NULL
"""


async def empty(url: str) -> None:
    """Drop the database, if it exists, and create it."""
    made = [SERVER.drop_database.format(name=name_of(url)), f"CREATE DATABASE `{name_of(url)}`"]
    await execute(SERVER.administration_url, made)


async def drop(url: str) -> None:
    """Drop the database, if it exists."""
    await execute(SERVER.administration_url, [SERVER.drop_database.format(name=name_of(url))])


async def execute(url: str, statements: Iterable[str]) -> None:
    """Execute statements one after the other."""
    async with connected(url) as session, session.cursor() as cursor:
        for statement in statements:
            await cursor.execute(statement)


def delete_rows(tables: Sequence[str]) -> list[str]:
    """Return statements that delete rows without checks of foreign keys."""
    return ["SET FOREIGN_KEY_CHECKS = 0", *(f"DELETE FROM `{name}`" for name in tables)]  # noqa: S608 - our own names


async def read_contents(url: str, tables: Collection[str]) -> Contents:
    """Read the rows of tables, and the counters of their primary keys."""
    async with connected(url) as session, session.cursor(DictCursor) as cursor:
        rows = {}
        for name in tables:
            await cursor.execute(f"SELECT * FROM `{name}`")  # noqa: S608 - a name from the catalogue
            rows[name] = await cursor.fetchall()
        await cursor.execute(COUNTERS)
        counters = {row["name"]: row["next"] for row in await cursor.fetchall()}
        return rows, {name: next_ for name, next_ in counters.items() if name in tables}


def unchecked(script: str) -> str:
    """Return a script during which no foreign key is checked."""
    return f"SET FOREIGN_KEY_CHECKS = 0;\n{script}\nSET FOREIGN_KEY_CHECKS = 1;"


DIALECT = Dialect(
    read_catalogue=catalogue.read,
    read_contents=read_contents,
    empty=empty,
    drop=drop,
    execute=execute,
    delete_rows=delete_rows,
    literals={bytes: standard_bytes},
    differences=DIFFERENCES,
    circular_script=unchecked,
    zoo=models,
    shards=2,
    describes_all_characters=False,
    has_partial_indexes=False,
    longest_indexed=100,  # an index has at most 3072 bytes, so 768 characters, and a few fields
)
