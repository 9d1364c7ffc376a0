"""The development database, whose rows are checked; it is only read."""

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
    "The development database has applied {}, whose file is missing: restore it (`git`, or"
    " `just restore-migrations`), or use a database without it. --anyway skips this check."
)
BEHIND = (
    "Rows were not checked, as the development database lacks migrations. To check them,"
    " delete this file, run `just migrate`, and write it again."
)


async def check_rows(
    config: Config,
    folder: Path,
    checks: Sequence[Check],
    needed: Collection[str] | None = None,
    advice: str = "",
) -> str:
    """Count the rows that violate a change, if the database answers.

    Args:
        config: The configuration of the development database.
        folder: The folder of the migrations.
        checks: The checks to run.
        needed: The migrations that the database must have recorded, and no others; None skips
            this comparison.
        advice: Appended to the message about such rows.

    Returns:
        Why the rows were not counted, or an empty text.

    Raises:
        Refused: There are such rows; or a migration was applied whose file is missing.
    """
    found: list[str] = []
    try:
        async with scratch.connected(config), in_transaction("default") as transaction:
            seen = await scratch.recorded(transaction)
            if needed is None or seen == {*needed}:
                found = await _count(transaction, folder, checks)
    except Exception as error:  # noqa: BLE001 - of any driver
        refused = f"Rows were not checked, as the development database refused: {error}"
        return refused if checks else ""
    if needed is not None and (strange := sorted(seen.difference(needed))):
        raise Refused(STRANGE.format(", ".join(strange)))
    if found:
        raise Refused(f"Rows of the development database violate it: {'; '.join(found)}.{advice}")
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
