"""MySQL and MariaDB."""

import os

from tests.options.database.mysql.session import session
from tests.support.databases import Database, Server

SLEEPING = """
    SELECT count(*) FROM information_schema.processlist
    WHERE db = database() AND state = 'User sleep'
"""


def is_sleeping(url: str) -> bool:
    """Return whether a session of the database sleeps."""
    with session(url) as ours:
        return bool(ours.execute(SLEEPING)[0][0])


SERVER = Server(
    url=os.environ.get("MYSQL_URL", "mysql://root@127.0.0.1:3306").rstrip("/"),
    administration="information_schema",
    list_databases="SELECT schema_name FROM information_schema.schemata",
    drop_database="DROP DATABASE IF EXISTS `{name}`",
    lock_function="GET_LOCK",
    administrator="root@",
    plain_user="plain:plain@",
    create_plain_user=(
        "CREATE OR REPLACE USER plain@'%' IDENTIFIED BY 'plain'",
        "GRANT ALL ON running.* TO plain@'%'",
    ),
    create_user="CREATE OR REPLACE USER {name}@'%' IDENTIFIED BY '{name}'",
    make_read_only=("SET GLOBAL read_only = 1",),
    make_writable=("SET GLOBAL read_only = 0",),
    lock_table=("LOCK TABLES {table} WRITE",),
    count_waiting="SELECT count(*) FROM information_schema.innodb_trx"
    " JOIN information_schema.processlist ON id = trx_mysql_thread_id"
    " WHERE db = database() AND trx_state = 'LOCK WAIT'",
    count_transactions="SELECT count(*) FROM information_schema.innodb_trx"
    " JOIN information_schema.processlist ON id = trx_mysql_thread_id WHERE db = database()",
    refresh_counts=("DO sleep(0.2)",),  # its list is 0.1 s old if asked for all the time
)
DATABASE = Database(
    name="mysql",
    session=session,
    drivers=("asyncmy",),
    server=SERVER,
    ask_version="SELECT version()",
    list_tables="SELECT table_name FROM information_schema.tables WHERE table_schema = database()",
    describe_schema=(
        """SELECT table_name, column_name, column_type, is_nullable, column_default, column_key
        FROM information_schema.columns WHERE table_schema = DATABASE()
        ORDER BY table_name, column_name""",
        """SELECT table_name, index_name, column_name, non_unique FROM information_schema.statistics
        WHERE table_schema = DATABASE() ORDER BY table_name, index_name, seq_in_index""",
        """SELECT table_name, constraint_name, delete_rule
        FROM information_schema.referential_constraints WHERE constraint_schema = DATABASE()
        ORDER BY table_name, constraint_name""",
    ),
    list_columns="SELECT column_name FROM information_schema.columns"
    " WHERE table_name = '{table}' AND table_schema = database()",
    list_indexes="SELECT column_name FROM information_schema.statistics"
    " WHERE table_schema = database() AND table_name = '{table}' AND seq_in_index = 1",
    refuse_writes=(
        (
            "CREATE TRIGGER failing BEFORE {event} FOR EACH ROW"
            " SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'refused'"
        ),
    ),
    allow_writes="DROP TRIGGER failing",
    hold_lock=("BEGIN", "SELECT count(*) FROM {table}"),
    count_others="SELECT count(*) FROM information_schema.processlist"
    " WHERE db = database() AND id <> connection_id()",
    sleep="DO sleep(2)",
    is_sleeping=is_sleeping,
    patience=("LOCK_TIMEOUT_SECONDS = 5", "LOCK_TIMEOUT_SECONDS = 1"),
    quote="`",
    knows_time_zones=False,
)
