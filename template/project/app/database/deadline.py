"""The time limit of statements, with which the clients of Tortoise in `client.py` are extended."""

import asyncio
from abc import abstractmethod
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import wraps
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.exceptions import DBConnectionError

from app.database import driver

CLOSE_SECONDS = 1
"""Time for a connection to be closed in order, when the service stops or a statement is late."""


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
        try:
            async with asyncio.timeout(self.timeout_seconds):
                yield
        except TimeoutError as error:
            raise DatabaseTimeout("The database did not answer in time") from error
        except DBConnectionError:
            raise
        except OSError as error:
            raise DBConnectionError(f"{type(error).__name__}: {error}") from error
        except Exception as error:
            if driver.is_refused_write(error):
                self.refuses_writes = True
            raise


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
