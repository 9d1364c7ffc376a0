"""Databases of a trial: made at its start, emptied between cases, dropped at its end."""

import asyncio
import contextlib
import importlib
import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.service.schema import dialects
from tests.service.schema.catalogue import Catalogue
from tests.service.schema.dialects import FILLED, Contents, Dialect
from tests.support import databases
from tests.support.harness import RUN

ROLES = (FILLED, "expected", "scratch")
"""The database under test, the expected one, and one for the planner's own work."""


@dataclass(frozen=True)
class TrialDatabase:
    """A database of its own, on a server or in a file."""

    kind: str
    """An answer to the question, such as `sqlite`."""
    url: str

    @property
    def dialect(self) -> Dialect:
        """The trial's description of this kind."""
        return dialects.named(self.kind)

    def connection(self) -> dict[str, Any]:
        """Return the connection as the service under test describes it to Tortoise."""
        urls = importlib.import_module("app.database.urls")
        described: dict[str, Any] = urls.connection(self.url, urls.ServerSettings())
        return described

    async def catalogue(self) -> Catalogue:
        """Read its tables."""
        return await self.dialect.read_catalogue(self.url)

    async def contents(self, tables: Sequence[str]) -> Contents:
        """Read the rows and counters of its tables."""
        return await self.dialect.read_contents(self.url, tables)

    async def empty(self) -> None:
        """Drop all tables of the database, or create it."""
        await self.dialect.empty(self.url)

    async def drop(self) -> None:
        """Drop the database, if it exists."""
        await self.dialect.drop(self.url)

    async def execute(self, statements: Iterable[str]) -> None:
        """Execute statements one after the other, in one session."""
        await self.dialect.execute(self.url, statements)

    async def delete_rows(self, tables: Sequence[str]) -> None:
        """Delete all rows of tables that refer to one another."""
        await self.execute(self.dialect.delete_rows(tables))


@contextlib.asynccontextmanager
async def opened(kind: str) -> AsyncIterator[dict[str, TrialDatabase]]:
    """Offer a database for each role, and drop them at the end whatever happens."""
    name = f"trial_{secrets.token_hex(4)}_{RUN}"  # the run in it lets an interrupted one be tidied
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - no disk, no waiting
    folder = Path(tempfile.mkdtemp(prefix="trial_", dir=memory))
    known = databases.named(kind)
    try:
        yield {role: TrialDatabase(kind, known.url(f"{name}_{role}", folder)) for role in ROLES}
    finally:
        await asyncio.to_thread(_drop_all, kind, name)
        shutil.rmtree(folder, ignore_errors=True)


def _drop_all(kind: str, name: str) -> None:
    """Drop the databases whose names begin so, also those that a tool made on its own."""
    known = databases.named(kind)
    for left in known.names():
        if left.startswith(name):
            known.drop(left)
