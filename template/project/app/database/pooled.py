"""Statements and transactions on the connections of a pool, with a time limit."""

import asyncio
import time
from types import TracebackType
from typing import Any

from tortoise.backends.base.client import TransactionContextPooled
from tortoise.connection import get_connections

from app.database.deadline import CLOSE_SECONDS, Deadline, LimitedClient, note_wait


class PooledClient(LimitedClient):
    """A client with a pool of connections."""

    _pool_init_lock: asyncio.Lock

    async def pool(self) -> Any:  # noqa: ANN401 - of the driver
        """Return the pool, opened by the first statement."""
        if not self._pool:
            async with self._pool_init_lock:
                if not self._pool:
                    await self.create_connection(with_db=True)
        return self._pool

    def acquire_connection(self) -> Any:  # noqa: ANN401 - Tortoise's wrapper is another class
        """Return a context with a connection for one statement."""
        return Statement(self)

    async def acquire(self, pool: Any) -> Any:  # noqa: ANN401 - of the driver
        """Return a connection of the pool, once there is one."""
        return await pool.acquire()

    async def release(self, pool: Any, connection: Any) -> None:  # noqa: ANN401 - of the driver
        """Return a connection to the pool, unless it was dropped."""
        await pool.release(connection)

    async def reset(self, connection: Any) -> None:  # noqa: ANN401 - of the driver
        """Undo what a transaction has set for its session, if the driver can."""

    async def _close(self) -> None:
        """Close the pool; connections that are still in use only get a second."""
        pool, self._pool = self._pool, None
        if pool:
            try:
                async with asyncio.timeout(CLOSE_SECONDS):
                    await self.close_pool(pool)
            except TimeoutError:
                pool.terminate()

    async def close_pool(self, pool: Any) -> None:  # noqa: ANN401 - of the driver
        """Close the pool once all connections have been returned."""
        await pool.close()


class Statement(Deadline):
    """A connection for one statement, which has a time limit."""

    __slots__ = ("connection", "pool")
    client: PooledClient

    async def __aenter__(self) -> Any:  # noqa: ANN401 - of the driver
        """Wait for a connection of the pool, and return it."""
        await super().__aenter__()
        began = time.monotonic()
        try:
            self.pool = self.client._pool or await self.client.pool()  # noqa: SLF001 - opened or not
            self.connection = await self.client.acquire(self.pool)
        except BaseException as error:
            await super().__aexit__(type(error), error, error.__traceback__)
            raise
        note_wait(began)
        return self.connection

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Return the connection to the pool, or drop it within a statement."""
        try:
            try:
                if isinstance(error, asyncio.CancelledError):
                    await self.client.drop(self.connection)
            finally:
                await self.client.release(self.pool, self.connection)
        except BaseException as later:
            await super().__aexit__(type(later), later, later.__traceback__)
            raise
        await super().__aexit__(kind, error, trace)


class PooledTransaction(TransactionContextPooled):
    """A transaction whose connection goes back to the pool in a known state, or is dropped.

    Tortoise's own loses the connection if BEGIN fails, and waits for ROLLBACK without a limit.
    """

    client: Any

    async def __aenter__(self) -> Any:  # noqa: ANN401 - the client of the database
        """Begin: waiting for a connection, connecting and BEGIN share one time limit."""
        root: PooledClient = self.client.client
        async with root.deadline():
            began = time.monotonic()
            self.pool = await root.pool()
            self.client._connection = await root.acquire(self.pool)  # noqa: SLF001 - as Tortoise does
            note_wait(began)
            try:
                await self.client.begin()
            except BaseException:
                await self._drop()
                raise
        self.token = get_connections().set(self.connection_name, self.client)
        return self.client

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Commit, or roll back after an exception."""
        get_connections().reset(self.token)
        try:
            if self.client._finalized:  # noqa: SLF001 - as Tortoise does
                pass
            elif kind is None:
                await self.client.commit()
            else:
                await self._roll_back()
        except BaseException:
            await self._drop()
            raise
        root, connection = self.client.client, self.client._connection  # noqa: SLF001
        async with root.deadline():
            try:
                await root.reset(connection)
            finally:
                await root.release(self.pool, connection)

    async def _roll_back(self) -> None:
        """Roll back; if that fails, the server does it when the connection is closed."""
        try:
            await self.client.rollback()
        except Exception:  # noqa: BLE001 - the first error is the one to report
            await self.client.client.drop(self.client._connection)  # noqa: SLF001

    async def _drop(self) -> None:
        root, connection = self.client.client, self.client._connection  # noqa: SLF001
        await root.drop(connection)
        await root.release(self.pool, connection)
