"""The time limit of statements, with which the clients of Tortoise in `client.py` are extended."""

import asyncio
import time
from abc import abstractmethod
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from contextvars import ContextVar
from functools import wraps
from types import TracebackType
from typing import Any

from tortoise.backends.base.client import (
    BaseDBAsyncClient,
    NestedTransactionContext,
    TransactionContext,
)
from tortoise.exceptions import DBConnectionError

from app.database import driver

CLOSE_SECONDS = 1
"""Time for a connection to be closed in order, when the service stops or a statement is late."""
LONG_WAIT_SECONDS = 0.1
LEAST_SECONDS = 0.5

_waited: ContextVar[float] = ContextVar("waited", default=0.0)
"""Seconds for which the last statements of this task have waited for a connection.

They are subtracted from the next limit: otherwise each statement of a request could wait for all of
it. A short wait resets them.
"""


class DatabaseTimeout(DBConnectionError):
    """The database did not answer in time. Whether it executed the statement is unknown."""


class LimitedClient(BaseDBAsyncClient):
    """A client whose statements have a time limit that includes waiting for a connection.

    Tortoise asks `acquire_connection` for a connection for each statement.
    """

    refuses_writes = False
    """Whether the database has refused a write because it is read-only, or its disk full."""

    def __init__(self, *, timeout_seconds: float | None = None, **credentials: Any) -> None:  # noqa: ANN401 - of many types
        super().__init__(**credentials)
        self.timeout_seconds = timeout_seconds

    @abstractmethod
    async def drop(self, connection: Any) -> None:  # noqa: ANN401 - of the driver
        """Close a connection in an unknown state: within a statement, or in a transaction."""

    def deadline(self) -> "Deadline":
        """Return a context that limits the time of a block."""
        return Deadline(self)


class Deadline:
    """The time limit of a block.

    It is a class since each statement has one: a generator would take three times as long.

    Raises:
        DatabaseTimeout: The block took longer.
        DBConnectionError: The server cannot be reached.
    """

    __slots__ = ("client", "timeout")

    def __init__(self, client: LimitedClient) -> None:
        self.client = client

    async def __aenter__(self) -> None:
        """Begin, with less time if the last statements have waited long for a connection."""
        seconds = self.client.timeout_seconds
        if seconds is not None and (waited := _waited.get()):
            seconds = max(seconds - waited, LEAST_SECONDS)
        self.timeout = asyncio.timeout(seconds)
        await self.timeout.__aenter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End, and translate the error if there was one."""
        try:
            await self.timeout.__aexit__(kind, error, trace)
        except TimeoutError as late:
            error = late
        if isinstance(error, TimeoutError):
            _waited.set(0.0)
            raise DatabaseTimeout("The database did not answer in time") from error
        if isinstance(error, OSError) and not isinstance(error, DBConnectionError):
            raise DBConnectionError(f"{type(error).__name__}: {error}") from error
        if isinstance(error, Exception) and driver.is_refused_write(error):
            self.client.refuses_writes = True


def note_wait(began: float) -> None:
    """Add the time for which a statement has waited for a connection, since it began to wait."""
    seconds, waited = time.monotonic() - began, _waited.get()
    if seconds >= LONG_WAIT_SECONDS:
        _waited.set(waited + seconds)
    elif waited:
        _waited.set(0.0)


class LimitedTransaction(BaseDBAsyncClient):
    """The client of a transaction, whose statements have the limit of the client that began it."""

    is_dropped = False
    _lock: asyncio.Lock

    def __init__(self, parent: Any) -> None:  # noqa: ANN401 - the client, or the transaction around
        super().__init__(parent)
        is_outermost = isinstance(parent, LimitedClient)
        self.client: LimitedClient = parent if is_outermost else parent.client
        self.outermost: LimitedTransaction = self if is_outermost else parent.outermost

    def _in_transaction(self) -> TransactionContext:
        own_class: Any = type(self)
        return NestedTransactionContext(own_class(self))

    @asynccontextmanager
    async def _statement(self) -> AsyncGenerator[Any]:
        if self.outermost.is_dropped:
            raise DatabaseTimeout("An earlier statement of the transaction had no answer in time")
        async with self.client.deadline(), self._lock:
            try:
                yield self._connection
            except asyncio.CancelledError:
                self.outermost.is_dropped = True
                await self.client.drop(self._connection)
                raise

    def acquire_connection(self) -> Any:  # noqa: ANN401 - Tortoise's wrapper is another class
        """Return a context with the connection for one statement."""
        return self._statement()


def limited(method: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[[Any], Any]:
    """Limit the time of a method of a transaction, such as its commit."""

    @wraps(method)
    async def run(transaction: LimitedTransaction) -> None:
        async with transaction.acquire_connection():
            await method(transaction)

    return run
