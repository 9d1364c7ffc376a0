"""The rows that a rollback deletes, as lines to show before it."""

from collections.abc import AsyncIterator

from tortoise import Tortoise
from tortoise.exceptions import OperationalError

from app.database import driver, migration_tool
from app.database.migration_tool import Config


async def losses(config: Config, names: list[str]) -> list[str]:
    """Return a line for each table and column that undoing these migrations deletes.

    A migration lists them in `ROLLBACK_DELETES`, with None for a whole table.
    """
    return [line for name in names async for line in _losses(config, name)]


async def _losses(config: Config, name: str) -> AsyncIterator[str]:
    deletes = migration_tool.constant(config, name, "ROLLBACK_DELETES")
    if deletes is None:
        yield f"{name} does not say what it deletes"
    elif not deletes:
        yield f"{name} deletes nothing"
    for table, column in deletes or ():
        yield f"{name} deletes {await _with_rows(table, column)}"


async def _with_rows(table: str, column: str | None) -> str:
    """Return the name of a table or column, with the number of rows that have a value in it."""
    what = f"{table}.{column}" if column else f"table {table}"
    connection = Tortoise.get_connection("default")
    quote = migration_tool.quoted
    query = f"SELECT count(*) AS number FROM {quote(table)} it"  # noqa: S608 - quoted
    if column:
        query += f" WHERE it.{quote(column)} IS NOT NULL"
    try:
        (row,) = await connection.execute_query_dict(query)
    except OperationalError as error:
        if driver.is_unavailable(error):
            raise
        return what  # a later migration deleted it
    rows = "1 row" if row["number"] == 1 else f"{row['number']} rows"
    if not column:
        return f"{what} ({rows})"
    return f"{what} ({rows} {'has' if row['number'] == 1 else 'have'} a value)"
