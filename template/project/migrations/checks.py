"""Checks before the first statement of a migration. Files of any age load this: keep it stable."""

from collections.abc import Iterable
from typing import Any

LISTED = 5


async def refuse(db: Any, name: str, checks: Iterable[tuple[str, str, str, str]]) -> None:
    """Refuse the migration if rows violate it, before it has changed anything.

    Args:
        db: Tortoise's connection.
        name: The migration.
        checks: Table, column, a query that must find no row, and a message about its rows.

    Raises:
        SystemExit: A query found rows; aerich shows the message without a traceback.
    """
    if faults := await look(db, checks):
        raise SystemExit(f"{name} was not run. {'; '.join(faults)}. {await _applied(db)}")


async def look(db: Any, checks: Iterable[tuple[str, str, str, str]]) -> list[str]:
    """Return a message for each check that finds rows, with their number."""
    faults = []
    for table, column, query, sentence in checks:
        counted = f"SELECT count(*) AS number FROM ({query}) AS found"
        number = (await db.execute_query_dict(counted))[0]["number"]
        if number:
            rows = "1 row" if number == 1 else f"{number} rows"
            faults.append(f"{table}.{column}, {rows}: {sentence}")
    return faults


async def was_adopted(db: Any, name: str) -> bool:
    """Return whether this migration adopted a database that other tools created."""
    query = f"SELECT 1 FROM aerich WHERE app = 'adopted' AND version = '{name}.py'"
    return bool(await db.execute_query_dict(query))


async def _applied(db: Any) -> str:
    rows = await db.execute_query_dict("SELECT version FROM aerich ORDER BY id")
    names = [row["version"].removesuffix(".py") for row in rows]
    before = f"{len(names) - LISTED} others, " if len(names) > LISTED else ""
    return f"Applied before: {before}{', '.join(names[-LISTED:]) or 'nothing'}."
