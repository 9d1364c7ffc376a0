"""SQLite."""

from tests.options.database.sqlite.session import is_busy, session
from tests.support.databases import Database

DATABASE = Database(
    name="sqlite",
    session=session,
    drivers=("sqlite3.", "aiosqlite"),
    file="db.sqlite3",
    ask_version="SELECT 'SQLite ' || sqlite_version()",
    list_tables="SELECT name FROM sqlite_master WHERE type = 'table'",
    describe_schema=(
        """SELECT type, name, tbl_name, sql FROM sqlite_master
        WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name""",
    ),
    list_columns="SELECT name FROM pragma_table_info('{table}')",
    list_indexes="SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = '{table}'",
    refuse_writes=(
        "CREATE TRIGGER failing BEFORE {event} BEGIN SELECT RAISE(ABORT, 'refused'); END",
    ),
    allow_writes="DROP TRIGGER failing",
    hold_lock=("BEGIN IMMEDIATE",),
    count_others="SELECT 0",
    sleep="WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000000)"
    " SELECT max(i) FROM n",
    is_sleeping=is_busy,
    patience=("LOCK_TIMEOUT_SECONDS = 5", "LOCK_TIMEOUT_SECONDS = 0.3"),
    checks_types=False,
)
