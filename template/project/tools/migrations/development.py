"""The development database: its rows are looked at, and only looked at."""

from collections.abc import Collection, Sequence
from pathlib import Path
from runpy import run_path

from tortoise.transactions import in_transaction

from tools.migrations import dialect, scratch
from tools.migrations.changes import Check
from tools.migrations.refusal import Refused
from tools.migrations.scratch import Config

STRANGE = (
    "The development database has applied {}, whose file is not here, so rows were not looked at."
    " Bring the file back (`git`, or `just restore-migrations`), or undo it where it is."
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
        Refused: There are some; the sentence names column and number.
    """
    count = run_path(str(folder.parent / "checks.py"))["look"]
    try:
        async with scratch.connected(config), in_transaction("default") as transaction:
            seen = await scratch.recorded(transaction) if needed is not None else set()
            if strange := sorted(seen.difference(needed or ())):
                return STRANGE.format(", ".join(strange))
            if checks and not seen.issuperset(needed or ()):
                return BEHIND
            if dialect.PREPARE:
                await run_path(str(folder.parent / f"{dialect.HELPER}.py"))["prepare"](transaction)
            found = await count(transaction, checks)
    except Exception as error:  # noqa: BLE001 - of any driver
        refused = f"Rows were not looked at, as the development database refused: {error}"
        return refused if checks else ""
    if found:
        message = f"Rows of the development database forbid it: {'; '.join(found)}.{advice}"
        raise Refused(message)
    return ""
