"""The development database: its rows are looked at, and only looked at."""

from collections.abc import Collection, Sequence
from pathlib import Path
from runpy import run_path

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.transactions import in_transaction

from tools.migrations import dialect, scratch
from tools.migrations.changes import Check
from tools.migrations.refusal import Refused
from tools.migrations.scratch import Config

STRANGE = (
    "The development database has applied {}, whose file is not here: bring it back (`git`, or"
    " `just restore-migrations`), or take a database without it. --anyway does not look at it."
)
BEHIND = (
    "Rows were not looked at, as the development database lacks migrations. To look at them,"
    " delete this file, run `just migrate`, and make it again."
)


async def look(
    config: Config,
    folder: Path,
    checks: Sequence[Check],
    needed: Collection[str] | None = None,
    advice: str = "",
) -> str:
    """Count the rows that forbid a change, if the database answers.

    Args:
        config: Its configuration.
        folder: The folder of the files.
        checks: What to count.
        needed: The files that the database must have recorded, and no others, or it has other
            tables; without them nobody asks what it has recorded.
        advice: What to say if there are such rows.

    Returns:
        Why they were not counted, or nothing.

    Raises:
        Refused: There are some, which the sentence counts; or a file was applied and is gone.
    """
    found: list[str] = []
    try:
        async with scratch.connected(config), in_transaction("default") as transaction:
            seen = await scratch.recorded(transaction)
            if needed is None or seen == {*needed}:
                found = await _count(transaction, folder, checks)
    except Exception as error:  # noqa: BLE001 - of any driver
        refused = f"Rows were not looked at, as the development database refused: {error}"
        return refused if checks else ""
    if needed is not None and (strange := sorted(seen.difference(needed))):
        raise Refused(STRANGE.format(", ".join(strange)))
    if found:
        raise Refused(f"Rows of the development database forbid it: {'; '.join(found)}.{advice}")
    return BEHIND if checks and needed is not None and not seen.issuperset(needed) else ""


async def _count(
    transaction: BaseDBAsyncClient, folder: Path, checks: Sequence[Check]
) -> list[str]:
    """Return a sentence for each check that finds rows, by what the files themselves would run."""
    if any(dialect.needs_helper(check.query) for check in checks):
        helper = run_path(str(folder.parent / f"{dialect.HELPER}.py"))
        await helper["prepare"](transaction)
    found: list[str] = await run_path(str(folder.parent / "checks.py"))["look"](transaction, checks)
    return found
