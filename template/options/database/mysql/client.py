"""Tortoise's client of asyncmy, with time limits, and tables that tell all letters apart."""

import asyncio
from typing import Any

from tortoise.backends.base.client import TransactionContext
from tortoise.backends.mysql.client import MySQLClient, TransactionWrapper
from tortoise.backends.mysql.schema_generator import MySQLSchemaGenerator
from tortoise.exceptions import DBConnectionError

from app.database.deadline import LimitedTransaction, limited
from app.database.pooled import PooledClient, PooledTransaction
from app.database.urls import COLLATION

TRIAL_WRITE = """
    INSERT INTO aerich (version, app, content) VALUES ('', '', JSON_QUOTE(REPEAT('x', 65536)))"""
"""Writes more than a page that has room."""


class ExactTables(MySQLSchemaGenerator):
    """Creates tables that distinguish `é` from `e` and all emoji, as other databases do."""

    def _table_generate_extra(self, table: str) -> str:
        return f"{super()._table_generate_extra(table)} COLLATE {COLLATION}"


class Client(PooledClient, MySQLClient):
    """The client that commands and requests use."""

    schema_generator = ExactTables

    def __init__(self, **credentials: Any) -> None:  # noqa: ANN401 - of many types
        super().__init__(**credentials)
        self._slots = asyncio.Semaphore(self.pool_maxsize)

    async def create_connection(self, with_db: bool) -> None:  # noqa: FBT001 - as in Tortoise
        """Open the pool; an error is reported in the server's words."""
        try:
            await super().create_connection(with_db)
        except DBConnectionError as error:
            cause = error.__context__ or error
            raise DBConnectionError(*cause.args) from cause

    async def acquire(self, pool: Any) -> Any:  # noqa: ANN401 - of asyncmy
        """Return a connection of the pool, once there is one.

        The pool's own queue cannot be left while another task connects, as it holds the lock that
        a condition takes before it raises. So only as many enter as there are connections.
        """
        await self._slots.acquire()
        try:
            return await pool.acquire()
        except BaseException:
            self._slots.release()
            raise

    async def release(self, pool: Any, connection: Any) -> None:  # noqa: ANN401 - as above
        """Return a connection to the pool, which forgets one that was closed."""
        try:
            await pool.release(connection)
        finally:
            self._slots.release()

    async def drop(self, connection: Any) -> None:  # noqa: ANN401 - as above
        """Close the connection; the server ends the statement after the same time."""
        connection.close()

    async def close_pool(self, pool: Any) -> None:  # noqa: ANN401 - as above
        """Close the pool once all connections have been returned."""
        pool.close()
        await pool.wait_closed()

    def _in_transaction(self) -> TransactionContext:
        return PooledTransaction(Transaction(self), self._pool_init_lock)


class Transaction(LimitedTransaction, TransactionWrapper):
    """The client within a transaction."""

    begin = limited(TransactionWrapper.begin)
    commit = limited(TransactionWrapper.commit)
    rollback = limited(TransactionWrapper.rollback)
    savepoint = limited(TransactionWrapper.savepoint)
    release_savepoint = limited(TransactionWrapper.release_savepoint)
    savepoint_rollback = limited(TransactionWrapper.savepoint_rollback)


client_class = Client  # Tortoise looks for this name in the module that `engine` names
