"""The time limit of statements, with which the clients of Tortoise in `client.py` are extended."""

import asyncio
import time
from abc import abstractmethod
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.exceptions import DBConnectionError

from app.database import driver

CLOSE_SECONDS = 1
"""Time for a connection to be closed in order, when the service stops or a statement is late."""
LONG_WAIT_SECONDS = 0.1
LEAST_SECONDS = 0.5

_waited: ContextVar[float] = ContextVar("waited", default=0.0)
"""Seconds for which the last statements of this task waited for a connection; short waits end it.

They count for the next statement too. Else a request whose first statement got its connection
late would wait as long again.
"""


class DatabaseTimeout(DBConnectionError):
    """The database did not answer in time. Whether it executed the statement is unknown."""


class LimitedClient(BaseDBAsyncClient):
    """A client whose statements have a time limit that includes waiting for a connection.

    Tortoise asks `acquire_connection` for a connection for each statement.
    """

    timeout_seconds: float | None
    refuses_writes = False
    """Whether the database has refused a write because it is read-only, or its disk full."""

    @abstractmethod
    async def drop(self, connection: Any) -> None:  # noqa: ANN401 - of the driver
        """Close a connection in an unknown state: within a statement, or in a transaction."""

    @asynccontextmanager
    async def deadline(self) -> AsyncGenerator[None]:
        """Limit the time of a block.

        Raises:
            DatabaseTimeout: The block took longer.
            DBConnectionError: The server cannot be reached.
        """
        seconds = self.timeout_seconds
        if seconds is not None and (waited := _waited.get()):
            seconds = max(seconds - waited, LEAST_SECONDS)
        try:
            async with asyncio.timeout(seconds):
                yield
        except TimeoutError as error:
            _waited.set(0.0)
            raise DatabaseTimeout("The database did not answer in time") from error
        except DBConnectionError:
            raise
        except OSError as error:
            raise DBConnectionError(f"{type(error).__name__}: {error}") from error
        except Exception as error:
            if driver.is_refused_write(error):
                self.refuses_writes = True
            raise


@contextmanager
def waiting() -> Iterator[None]:
    """Take the time of a block that waits for a connection."""
    began = time.monotonic()
    yield
    seconds, waited = time.monotonic() - began, _waited.get()
    if seconds >= LONG_WAIT_SECONDS:
        _waited.set(waited + seconds)
    elif waited:
        _waited.set(0.0)


class LimitedTransaction(BaseDBAsyncClient):
    """The client of a transaction, whose statements have the limit of the client that began it."""

    client: LimitedClient
    outermost: "LimitedTransaction"
    is_dropped = False
    _lock: asyncio.Lock

    def join(self, parent: "LimitedClient | LimitedTransaction") -> None:
        """Take the limit from the client, or from the transaction around this one."""
        self.client = parent if isinstance(parent, LimitedClient) else parent.client
        self.outermost = self if isinstance(parent, LimitedClient) else parent.outermost

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
