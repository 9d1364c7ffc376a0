"""PostgreSQL."""

import os

from tests.options.database.postgres.session import session
from tests.support.databases import Database, Server

SLEEPING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event = 'PgSleep'
"""


def is_sleeping(url: str) -> bool:
    """Return whether a session of the database sleeps."""
    with session(url) as ours:
        return bool(ours.execute(SLEEPING)[0][0])


SERVER = Server(
    url=os.environ.get("POSTGRES_URL", "postgres://postgres@127.0.0.1:5432").rstrip("/"),
    administration="postgres",
    list_databases="SELECT datname FROM pg_database",
    drop_database='DROP DATABASE IF EXISTS "{name}" WITH (FORCE)',
    lock_function="pg_try_advisory_lock",
    administrator="postgres@",
    plain_user="postgres@",
    create_plain_user=(),
    create_user="CREATE ROLE {name} LOGIN PASSWORD '{name}'",
    make_read_only=(
        "ALTER SYSTEM SET default_transaction_read_only = on",
        "SELECT pg_reload_conf()",
    ),
    make_writable=(
        "ALTER SYSTEM RESET default_transaction_read_only",
        "SELECT pg_reload_conf()",
    ),
    lock_table=("BEGIN", "LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"),
    count_waiting="SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'",
    count_transactions="SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid() AND xact_start IS NOT NULL AND backend_type = 'client backend'",
    delay_deadlocks=("SET LOCAL deadlock_timeout = '60s'",),
)
DATABASE = Database(
    name="postgres",
    session=session,
    drivers=("asyncpg",),
    server=SERVER,
    ask_version="SELECT version()",
    list_tables="SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
    describe_schema=(
        """SELECT table_name, column_name, data_type, character_maximum_length, is_nullable,
        column_default FROM information_schema.columns WHERE table_schema = 'public'
        ORDER BY table_name, column_name""",
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY indexname",
        """SELECT conname, pg_get_constraintdef(oid) AS definition FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace ORDER BY conname""",
    ),
    list_columns="SELECT column_name FROM information_schema.columns"
    " WHERE table_name = '{table}' AND table_schema = current_schema()",
    list_indexes="SELECT indexdef FROM pg_indexes WHERE tablename = '{table}'",
    refuse_writes=(
        (
            "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql"
            " AS 'BEGIN RAISE EXCEPTION ''refused''; END'"
        ),
        "CREATE TRIGGER failing BEFORE {event} FOR EACH ROW EXECUTE FUNCTION refuse()",
    ),
    allow_writes="DROP TRIGGER failing ON {table}",
    hold_lock=("BEGIN", "SELECT count(*) FROM {table}"),
    count_others="SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    sleep="SELECT pg_sleep(2)",
    is_sleeping=is_sleeping,
    patience=("LOCK_TIMEOUT_SECONDS = 5", "LOCK_TIMEOUT_SECONDS = 1"),
    undoes_scripts=True,
)
