"""Tampering with an SQLite database, unknown to the planner, that the checks must detect."""

from collections.abc import Awaitable, Callable

from tests.service.schema.sequences.sequence import nothing
from tests.service.schema.trial_databases import TrialDatabase


async def drop_an_index(database: TrialDatabase) -> None:
    """Drop an index that is not unique, if there is one."""
    tables = (await database.catalogue()).values()
    indexes = [each for table in tables for each in table.indexes if not each.is_unique]
    await database.execute(f'DROP INDEX "{each.name}"' for each in indexes[:1])


async def change_texts(database: TrialDatabase) -> None:
    """Add a character to texts that are no keys."""
    for name, table in (await database.catalogue()).items():
        keys = {*table.primary_key, *(column for key in table.keys for column in key.columns)}
        texts = [column for column, each in table.columns.items() if "CHAR" in each.type]
        await database.execute(
            f'UPDATE OR IGNORE "{name}" SET "{column}" = "{column}" || \'!\''  # noqa: S608 - our own names
            for column in texts
            if column not in keys
        )


async def delete_a_row(database: TrialDatabase) -> None:
    """Delete the last row of a table."""
    for name in await database.catalogue():
        last = f'SELECT max(rowid) FROM "{name}"'  # noqa: S608 - as above
        await database.execute([f'DELETE FROM "{name}" WHERE rowid = ({last})'])  # noqa: S608


TAMPERINGS: dict[str, Callable[[TrialDatabase], Awaitable[None]]] = {
    "none": nothing,
    "indexes": drop_an_index,
    "texts": change_texts,
    "rows": delete_a_row,
}
"""Functions that tamper with a database, by what they change."""
