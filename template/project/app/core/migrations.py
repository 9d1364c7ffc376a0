"""Migrations of every app, one process at a time."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from tortoise import Tortoise
from tortoise.exceptions import OperationalError

from app.core import dialect, migration_tool
from app.core.errors import AppError


class FailedMigration(AppError):
    """A migration could not be applied; the sentence names it."""


class Migrations:
    """The migrations in `migrations/` and the database that they are for.

    Args:
        config: Tortoise's configuration, as `migration_tool.prepare` returns it.
        url: The URL of the same database.
    """

    def __init__(self, config: dict[str, Any], url: str) -> None:
        self.config = config
        self.url = url

    @asynccontextmanager
    async def _open(self) -> AsyncGenerator[None]:
        await Tortoise.init(config=self.config)
        try:
            yield
        finally:
            await Tortoise.close_connections()

    async def upgrade(self, then: Callable[[], Awaitable[None]] | None = None) -> list[str]:
        """Create the database where that is allowed, and apply what is pending.

        Processes that come at the same time wait for the first and find nothing to do.

        Args:
            then: What to do afterwards, still under the lock, such as storing built-in rows.

        Returns:
            The names of the migrations that were applied.

        Raises:
            PermissionError: The database does not exist and may not be created.
            TimeoutError: Another process has been migrating for a minute.
            FailedMigration: The database refused a statement.
        """
        await dialect.create_database(self.url)
        async with dialect.migration_lock(self.url), self._open():
            try:
                names = await migration_tool.upgrade(self.config)
            except OperationalError as error:
                raise await self._failure(error) from error
            if then is not None:
                await then()
            return names

    async def _failure(self, error: OperationalError) -> Exception:
        if dialect.is_unavailable(error):
            return error
        stuck = next(iter(await migration_tool.pending(self.config)), "no migration")
        message = (
            f"Migration {stuck} failed ({error}). Those before it are applied; if it stopped"
            " half-way, docs/migrations.md says how to go on."
        )
        return FailedMigration(message)

    async def downgrade(self, *, to_nothing: bool = False) -> list[str]:
        """Undo the last migration, or all of them, and return their names."""
        names: list[str] = []
        async with dialect.migration_lock(self.url), self._open():
            while name := await migration_tool.downgrade(self.config):
                names.append(name)
                if not to_nothing:
                    break
        return names

    async def make(self, name: str) -> list[str]:
        """Write migrations for what changed in the models, and return their paths.

        Raises:
            CannotWriteMigration: The tool lacks the change; the sentence says what to do.
        """
        async with self._open():
            return await migration_tool.make(self.config, name)
