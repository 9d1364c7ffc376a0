"""The development database: its rows are looked at, and only looked at."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from runpy import run_path

from tortoise.transactions import in_transaction

from tools.migrations import dialect, scratch
from tools.migrations.changes import Check
from tools.migrations.refusal import Refused
from tools.migrations.scratch import Config


async def look(
    config: Config, folder: Path, checks: Sequence[Check], needed: Iterable[str], advice: str = ""
) -> str:
    """Count the rows that forbid a change, if the database answers.

    Args:
        config: Its configuration.
        folder: The folder of the files.
        checks: What to count.
        needed: The files that the database must have recorded, or it has other tables.
        advice: What to say if there are such rows.

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
            seen = await scratch.recorded(transaction)
            if not seen.issuperset(needed):
                return (
                    "Rows were not looked at, as the development database lacks migrations. To"
                    " look at them, delete this file, run `just migrate`, and make it again."
                )
            if dialect.PREPARE:
                await run_path(str(folder.parent / f"{dialect.HELPER}.py"))["prepare"](transaction)
            found = await count(transaction, checks)
    except Refused:
        raise
    except Exception as error:  # noqa: BLE001 - of any driver
        return f"Rows were not looked at, as the development database refused: {error}"
    if found:
        message = f"Rows of the development database forbid it: {'; '.join(found)}.{advice}"
        raise Refused(message)
    return ""
