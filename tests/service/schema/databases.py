"""Databases of a trial: made at its start, emptied between cases, dropped at its end."""

import contextlib
import importlib
import os
import secrets
import shutil
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import asyncmy
import asyncpg

from tests.service.schema import catalogue_mysql, catalogue_postgres, catalogue_sqlite
from tests.service.schema.catalogue import Catalogue
from tests.support.harness import RUN, SERVERS

ROLES = ("filled", "expected", "scratch")
"""What is under test, what it should look like, and what a planner may do its sums in."""
LISTING_FROM = {"sqlite": "", "postgres": "postgres", "mysql": "information_schema"}
OTHER_SCHEMAS = """
    SELECT nspname FROM pg_namespace WHERE nspname <> 'information_schema' AND nspname !~ '^pg_'
"""


@dataclass(frozen=True)
class Database:
    """A database of its own, on a server or in a file."""

    kind: str
    """`sqlite`, `postgres` or `mysql`."""
    url: str

    @property
    def path(self) -> Path:
        """The file of an SQLite database."""
        return Path(self.url.removeprefix("sqlite://"))

    @property
    def name(self) -> str:
        """Its name on the server."""
        return urlsplit(self.url).path.removeprefix("/")

    def connection(self) -> dict[str, Any]:
        """Return the connection as the service under test describes it to Tortoise."""
        driver = importlib.import_module("app.database.driver")
        described: dict[str, Any] = driver.connection(self.url, driver.PoolSettings())
        return described

    def arguments(self, *, name: str | None = None) -> dict[str, Any]:
        """Return what the driver wants to know about the server."""
        parts = urlsplit(self.url)
        arguments = {
            "host": parts.hostname or "127.0.0.1",
            "port": parts.port,
            "user": unquote(parts.username or ""),
            "password": unquote(parts.password or ""),
            "database": self.name if name is None else name,
        }
        return {key: value for key, value in arguments.items() if value}

    async def catalogue(self) -> Catalogue:
        """Read its tables."""
        match self.kind:
            case "sqlite":
                return catalogue_sqlite.read(str(self.path))
            case "postgres":
                return await catalogue_postgres.read(**self.arguments())
            case _:
                return await catalogue_mysql.read(**self.arguments())

    async def empty(self) -> None:
        """Make it without a table, and make it first if it is not there."""
        match self.kind:
            case "sqlite":
                self._remove_files()
            case "postgres":
                await self._empty_schemas()
            case _:
                await self.drop()
                await _on_mysql(self.arguments(name=""), f"CREATE DATABASE `{self.name}`")

    async def drop(self) -> None:
        """Drop it, if it is there."""
        match self.kind:
            case "sqlite":
                self._remove_files()
            case "postgres":
                statement = f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)'
                await _on_postgres(self.arguments(name="postgres"), statement)
            case _:
                await _on_mysql(self.arguments(name=""), f"DROP DATABASE IF EXISTS `{self.name}`")

    async def execute(self, statements: Iterable[str]) -> None:
        """Execute statements one after the other, in one session."""
        match self.kind:
            case "sqlite":
                with contextlib.closing(sqlite3.connect(self.path, isolation_level=None)) as file:
                    for statement in statements:
                        file.execute(statement)
            case "postgres":
                await _on_postgres(self.arguments(), *statements)
            case _:
                await _on_mysql(self.arguments(), *statements)

    async def delete_rows(self, tables: Sequence[str]) -> None:
        """Delete all rows of tables that refer to one another."""
        match self.kind:
            case "sqlite":  # which checks no key unless it is told to
                await self.execute([f'DELETE FROM "{name}"' for name in tables])  # noqa: S608 - our own names
            case "postgres":
                quoted = ", ".join(f'"{name}"' for name in tables)
                await self.execute([f"TRUNCATE {quoted} CASCADE"])
            case _:
                unchecked = "SET FOREIGN_KEY_CHECKS = 0"
                await self.execute([unchecked, *(f"DELETE FROM `{name}`" for name in tables)])  # noqa: S608 - as above

    def _remove_files(self) -> None:
        for path in self.path.parent.glob(f"{self.path.name}*"):
            path.unlink()

    async def _empty_schemas(self) -> None:
        try:
            session = await asyncpg.connect(**self.arguments())
        except asyncpg.InvalidCatalogNameError:
            server = self.arguments(name="postgres")
            await _on_postgres(server, f'CREATE DATABASE "{self.name}"')
            hasty = f'ALTER DATABASE "{self.name}" SET synchronous_commit = off'
            await _on_postgres(server, hasty)  # nobody needs it after a crash
            abroad = f"ALTER DATABASE \"{self.name}\" SET timezone = 'Europe/Berlin'"
            await _on_postgres(server, abroad)  # as servers may be: no value shifts by it
            return
        try:
            for (schema,) in await session.fetch(OTHER_SCHEMAS):
                await session.execute(f'DROP SCHEMA "{schema}" CASCADE')
            await session.execute("CREATE SCHEMA public")
        finally:
            await session.close()


async def _on_postgres(arguments: dict[str, Any], *statements: str) -> None:
    session = await asyncpg.connect(**arguments)
    try:
        for statement in statements:
            await session.execute(statement)
    finally:
        await session.close()


async def _on_mysql(arguments: dict[str, Any], *statements: str) -> None:
    session = await asyncmy.connect(**arguments, autocommit=True)
    try:
        async with session.cursor() as cursor:
            for statement in statements:
                await cursor.execute(statement)
    finally:
        session.close()


@contextlib.asynccontextmanager
async def databases(kind: str) -> AsyncIterator[dict[str, Database]]:
    """Offer a database for each role, and drop them at the end whatever happens."""
    name = f"trial_{secrets.token_hex(4)}_{RUN}"  # the run in it lets an interrupted one be tidied
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - no disk, no waiting
    folder = Path(tempfile.mkdtemp(prefix="trial_", dir=memory))
    base = f"sqlite://{folder}" if kind == "sqlite" else SERVERS[kind]
    made = {role: Database(kind, f"{base}/{name}_{role}") for role in ROLES}
    try:
        yield made
    finally:
        await _drop_all(kind, base, name)
        shutil.rmtree(folder, ignore_errors=True)


async def _drop_all(kind: str, base: str, name: str) -> None:
    """Drop what begins with the name, also what a tool made beside its scratch database."""
    server = Database(kind, f"{base}/{LISTING_FROM[kind]}")
    match kind:
        case "sqlite":
            return  # its files go with their folder
        case "postgres":
            session = await asyncpg.connect(**server.arguments())
            found = [row[0] for row in await session.fetch("SELECT datname FROM pg_database")]
            await session.close()
        case _:
            session = await asyncmy.connect(**server.arguments())
            async with session.cursor() as cursor:
                await cursor.execute("SHOW DATABASES")
                found = [row[0] for row in await cursor.fetchall()]
            session.close()
    for left in [left for left in found if left.startswith(name)]:
        await Database(kind, f"{base}/{left}").drop()
