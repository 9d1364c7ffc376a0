"""The development database: its rows are looked at, and only looked at."""

from collections.abc import Sequence
from pathlib import Path
from runpy import run_path

from tortoise.exceptions import BaseORMException
from tortoise.transactions import in_transaction

from tools.migrations import dialect, files, scratch
from tools.migrations.changes import Check
from tools.migrations.refusal import Refused
from tools.migrations.scratch import Config


async def look(config: Config, folder: Path, checks: Sequence[Check]) -> str:
    """Count the rows that forbid a change, if the database answers and is up to date.

    Returns:
        Why they were not counted, or nothing.

    Raises:
        Refused: There are some; the sentence names column and number.
    """
    if not checks:
        return ""
    count = run_path(str(folder.parent / "checks.py"))["look"]
    try:
        async with scratch.connected(config), in_transaction("default") as transaction:
            rows = await transaction.execute_query_dict("SELECT version FROM aerich")
            seen = {row["version"] for row in rows}
            if any(path.name not in seen for path in files.versions(folder)):
                return "Rows were not looked at: run `just migrate`, and make it again."
            if dialect.PREPARE:
                await run_path(str(folder.parent / f"{dialect.HELPER}.py"))["prepare"](transaction)
            found = await count(transaction, checks)
    except (BaseORMException, OSError):
        return "Rows were not looked at: the development database does not answer."
    if found:
        message = (
            f"Rows of the development database forbid it: {'; '.join(found)}."
            " With --anyway the file is written all the same."
        )
        raise Refused(message)
    return ""
