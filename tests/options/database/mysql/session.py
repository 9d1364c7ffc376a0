"""Sessions of asyncmy."""

from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

import asyncmy

from tests.support.databases import Row, Session, name_of
from tests.support.sessions import driven

Connection = Any  # asyncmy has no types


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Connection]:
    """Connect to the database of a URL."""
    parts = urlsplit(url)
    connection = await asyncmy.connect(
        host=parts.hostname or "127.0.0.1",
        port=parts.port or 3306,
        user=unquote(parts.username or "root"),
        password=unquote(parts.password or ""),
        database=name_of(url),
        charset="utf8mb4",
        autocommit=True,
    )
    try:
        yield connection
    finally:
        connection.close()


def session(url: str) -> AbstractContextManager[Session]:
    """Connect to the database of a URL, for plain code."""
    return driven(connected(url), _fetch)


async def _fetch(connection: Connection, statement: str) -> list[Row]:
    async with connection.cursor() as cursor:
        await cursor.execute(statement)
        return list(await cursor.fetchall()) if cursor.description else []
