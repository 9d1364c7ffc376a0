"""Tortoise's client of SQLite, with time limits: one connection, which statements share."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from types import TracebackType
from typing import Any

from tortoise.backends.base.client import (
    TransactionContext,
)
from tortoise.backends.sqlite.client import (
    SqliteClient,
    SqliteTransactionContext,
    SqliteTransactionWrapper,
)
from tortoise.connection import get_connections

from app.database.administration import create_file
from app.database.deadline import (
    CLOSE_SECONDS,
    LimitedClient,
    LimitedTransaction,
    limited,
    note_wait,
)

TRIAL_WRITE = "INSERT INTO aerich (version, app, content) VALUES ('', '', zeroblob(4194304))"
"""Writes more than the cache holds, so that some of it is written to the disk before a commit."""


class Client(LimitedClient, SqliteClient):
    """The client that commands and requests use."""

    async def create_connection(self, with_db: bool) -> None:  # noqa: FBT001 - as in Tortoise
        """Open the file unless it is open; a new one can be read by its owner alone."""
        if self._connection:
            return
        create_file(self.filename)
        try:
            await super().create_connection(with_db)
            connection: Any = self._connection
            await connection.create_function("UPPER", 1, _upper, deterministic=True)
        except BaseException:
            await self.drop(self._connection)
            raise

    @asynccontextmanager
    async def _statement(self) -> AsyncGenerator[Any]:
        async with self.deadline():
            began = time.monotonic()
            await self._lock.acquire()
            note_wait(began)
            try:
                await self.create_connection(with_db=True)
                yield self._connection
            except asyncio.CancelledError:
                await self.drop(self._connection)
                raise
            finally:
                self._lock.release()

    def acquire_connection(self) -> Any:  # noqa: ANN401 - Tortoise's wrapper is another class
        """Return a context with the connection for one statement."""
        return self._statement()

    async def drop(self, connection: Any) -> None:  # noqa: ANN401 - of aiosqlite
        """Interrupt the statement, and let the connection's thread close it when it has ended."""
        if connection is self._connection:
            self._connection = None
        if connection:
            with suppress(ValueError, sqlite3.ProgrammingError):  # it is closed already
                await connection.interrupt()
            connection.stop()

    async def close(self) -> None:
        """Close the file; a statement that still runs only gets a second."""
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._lock.acquire()
        except TimeoutError:
            await self.drop(self._connection)
        else:
            try:
                await super().close()
            finally:
                self._lock.release()

    def _in_transaction(self) -> TransactionContext:
        return Context(Transaction(self), self._lock)


class Transaction(LimitedTransaction, SqliteTransactionWrapper):
    """The client within a transaction."""

    begin = limited(SqliteTransactionWrapper.begin)
    commit = limited(SqliteTransactionWrapper.commit)
    rollback = limited(SqliteTransactionWrapper.rollback)
    savepoint = limited(SqliteTransactionWrapper.savepoint)
    release_savepoint = limited(SqliteTransactionWrapper.release_savepoint)
    savepoint_rollback = limited(SqliteTransactionWrapper.savepoint_rollback)


class Context(SqliteTransactionContext):
    """A transaction that leaves the connection in a known state, or drops it.

    Tortoise's own keeps the lock if it cannot connect, so that every later statement waits for
    ever, and leaves the transaction open if COMMIT fails, so that the next one commits it.
    """

    async def __aenter__(self) -> Transaction:
        """Begin: waiting for the connection, opening the file and BEGIN share one time limit."""
        transaction: Transaction = self.connection
        client = transaction.client
        async with client.deadline():
            began = time.monotonic()
            await self._trxlock.acquire()
            note_wait(began)
            try:
                await client.create_connection(with_db=True)
                transaction._connection = client._connection  # noqa: SLF001 - as Tortoise does
                await transaction.begin()
            except BaseException:
                await client.drop(client._connection)  # noqa: SLF001 - as above
                self._trxlock.release()
                raise
        self.token = get_connections().set(self.connection_name, transaction)
        return transaction

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Commit, or roll back after an exception."""
        transaction, client = self.connection, self.connection.client
        get_connections().reset(self.token)
        try:
            if transaction._finalized:  # noqa: SLF001 - as Tortoise does
                pass
            elif kind is None:
                await transaction.commit()
            else:
                await self._roll_back()
        except BaseException:
            await client.drop(transaction._connection)  # noqa: SLF001 - as above
            raise
        finally:
            self._trxlock.release()

    async def _roll_back(self) -> None:
        """Roll back; if that fails, closing the connection does it."""
        try:
            await self.connection.rollback()
        except Exception:  # noqa: BLE001 - the first error is the one to report
            await self.connection.client.drop(self.connection._connection)  # noqa: SLF001


def _upper(value: object) -> str | None:
    """Return a text in upper case, as searches compare it; SQLite's own function knows ASCII."""
    return None if value is None else str(value).upper()


client_class = Client  # Tortoise looks for this name in the module that `engine` names
