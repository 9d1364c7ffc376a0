"""Sessions of asynchronous drivers, for synchronous code."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Any

from tests.support.databases import Row, Session

Execute = Callable[[Any, str], Awaitable[list[Row]]]
"""Runs a statement in a driver's connection and returns its rows."""


class _Driven:
    def __init__(self, connection: object, execute: Execute, runner: asyncio.Runner) -> None:
        self.connection = connection
        self.run = execute
        self.runner = runner

    def execute(self, statement: str) -> list[Row]:
        async def work() -> list[Row]:
            return await self.run(self.connection, statement)

        return self.runner.run(work())


@contextmanager
def driven(opening: AbstractAsyncContextManager[Any], execute: Execute) -> Iterator[Session]:
    """Offer a driver's connection as a synchronous session; close it afterwards."""
    with asyncio.Runner() as runner:

        async def enter() -> object:
            return await opening.__aenter__()

        async def leave() -> None:
            await opening.__aexit__(None, None, None)

        connection = runner.run(enter())
        try:
            yield _Driven(connection, execute, runner)
        finally:
            runner.run(leave())
