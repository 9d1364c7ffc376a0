"""Tortoise's client of asyncpg, with time limits."""

from contextlib import suppress
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it ships no types
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import TransactionContext

from app.database.deadline import CLOSE_SECONDS, LimitedTransaction, limited
from app.database.pooled import PooledClient, PooledTransaction

TRIAL_WRITE = """
    INSERT INTO aerich (version, app, content)
    SELECT '', '', to_jsonb(string_agg(md5(random()::text), '')) FROM generate_series(1, 2048)"""
"""Writes more than a page that has room."""


class Client(PooledClient, AsyncpgDBClient):
    """The client that commands and requests use."""

    async def create_pool(self, *, dsn: str | None = None, **arguments: Any) -> asyncpg.Pool:  # noqa: ANN401 - of many types
        """Create the pool; a DSN has the options of libpq.

        A single statement sets nothing for its session, so that no second one has to reset it.
        """
        return await asyncpg.create_pool(dsn, reset=_leave, **arguments)

    async def release(self, pool: Any, connection: Any) -> None:  # noqa: ANN401 - as above
        """Return a connection to the pool."""
        await pool.release(connection, timeout=self.timeout_seconds)

    async def reset(self, connection: Any) -> None:  # noqa: ANN401 - as above
        """Undo what a transaction has set for its session."""
        if not connection.is_closed():
            await connection.reset()

    async def drop(self, connection: Any) -> None:  # noqa: ANN401 - as above
        """Ask the server to cancel the statement, and close the connection."""
        with suppress(Exception):
            await connection.close(timeout=CLOSE_SECONDS / 2)

    def _in_transaction(self) -> TransactionContext:
        return PooledTransaction(Transaction(self), self._pool_init_lock)


class Transaction(LimitedTransaction, TransactionWrapper):
    """The client within a transaction; its savepoints are asyncpg's."""

    begin = limited(TransactionWrapper.begin)
    commit = limited(TransactionWrapper.commit)
    rollback = limited(TransactionWrapper.rollback)


async def _leave(_connection: Any) -> None:  # noqa: ANN401 - of the driver
    """Leave a connection as it is."""


client_class = Client  # Tortoise looks for this name in the module that `engine` names
