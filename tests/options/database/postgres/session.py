"""Sessions of asyncpg."""

from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Any

import asyncpg

from tests.support.databases import Row, Session
from tests.support.sessions import driven

Connection = Any  # asyncpg has no types


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Connection]:
    """Connect to the database of a URL."""
    connection = await asyncpg.connect(url, timeout=10)
    try:
        yield connection
    finally:
        await connection.close(timeout=5)


def session(url: str) -> AbstractContextManager[Session]:
    """Connect to the database of a URL, for plain code."""
    return driven(connected(url), _fetch)


async def _fetch(connection: Connection, statement: str) -> list[Row]:
    return [tuple(row) for row in await connection.fetch(statement)]
