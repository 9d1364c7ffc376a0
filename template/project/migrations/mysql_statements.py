"""Helpers of migrations on MySQL. Files of any age load this module: keep it stable.

DDL is not transactional in MySQL. So a file records its progress before each statement, in the
comment of aerich's table; after an interruption the next run resumes there.
"""

from collections.abc import Sequence
from typing import Any

DONE = {1050, 1051, 1054, 1060, 1061, 1068, 1091, 1146, 1176, 1826, 3822}
"""Errors which show that an interrupted statement had already been executed.

The table, column or key exists, or does not exist any more:
https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html
"""
DONE_IN_MARIADB = "errno: 121"
"""MariaDB's message if a foreign key exists."""
PROGRESS = (
    "SELECT table_comment AS progress FROM information_schema.tables"
    " WHERE table_schema = DATABASE() AND table_name = 'aerich'"
)


async def is_new(db: Any, name: str, direction: str) -> bool:
    """Return whether no earlier run of the file changed anything; rows may be new."""
    return await _began(db, name, direction) in {None, (0, False)}


async def run(db: Any, name: str, direction: str, statements: Sequence[str]) -> str:
    """Execute the statements one by one; return a no-op statement for aerich.

    Raises:
        SystemExit: Another file, or the other direction, was interrupted.
    """
    await _refuse_others(db, name, direction)
    began, is_unsure = await _began(db, name, direction) or (0, False)
    for number, statement in enumerate(statements[began:], began):
        await _record(db, f"{direction} {name} {number}")
        if "IF NOT EXISTS `aerich`" in statement and await db.execute_query_dict(PROGRESS):
            continue  # else the server would warn
        try:
            await db.execute_script(statement)
        except Exception as error:
            if not (is_unsure and number == began and _had_been_done(error)):
                await _record(db, f"{direction} {name} {number} refused")
                raise
    await _record(db, f"{direction} {name} {len(statements)} done")
    return "DO 0"


async def _began(db: Any, name: str, direction: str) -> tuple[int, bool] | None:
    """Return the statement at which an earlier run stopped, and whether it may be executed."""
    match await _progress(db):
        case [which, of, number, *mark] if (which, of) == (direction, name):
            return int(number), not mark
    return None


async def _refuse_others(db: Any, name: str, direction: str) -> None:
    match await _progress(db):
        case [which, of, number, *mark] if (which, of) != (direction, name):
            if "done" not in mark and (number, mark) != ("0", ["refused"]):
                verb = {"upgrade": "migrate", "downgrade": "rollback"}[which]
                raise SystemExit(
                    f"{of} was stopped half-way: `just {verb}` has to end it first."
                    " docs/migrations.md says how to abandon it."
                )


async def _progress(db: Any) -> list[str]:
    """Return direction, file, number of the statement, and `refused` or `done` if it ended."""
    rows = await db.execute_query_dict(PROGRESS)
    return str(rows[0]["progress"]).split() if rows else []


async def _record(db: Any, words: str) -> None:
    if await db.execute_query_dict(PROGRESS):
        await db.execute_script(f"ALTER TABLE aerich COMMENT = '{words}'")


def _had_been_done(error: Exception) -> bool:
    first = error.args[0] if error.args else None
    code = first.args[0] if isinstance(first, Exception) and first.args else first
    return code in DONE or DONE_IN_MARIADB in str(error)
