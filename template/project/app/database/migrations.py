"""Migrations of the database, one process at a time."""

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from tortoise import Tortoise

from app.database import adoption, driver, migration_tool, rollback
from app.database.migration_tool import Config, reason
from app.web.errors import AppError

TRIES = 3
"""How often a migration waits for a lock that another session holds."""

log = logging.getLogger(__name__)


class FailedMigration(AppError):
    """A migration could not be applied or undone; the sentence names it."""


class Migrations:
    """The migrations in `migrations/` and the database that they are for.

    Args:
        config: Tortoise's configuration.
        url: The URL of the same database.
    """

    def __init__(self, config: Config, url: str) -> None:
        connection = driver.migration_connection(config["connections"]["default"])
        self.config = config | {"connections": {"default": connection}}
        self.url = url

    async def upgrade(
        self, then: Callable[[], Awaitable[None]] | None = None, *, adopt: bool = False
    ) -> list[str]:
        """Create the database where that is allowed, and apply what is pending.

        Processes that come at the same time wait for the first and find nothing to do.

        Args:
            then: What to do afterwards, still under the lock, such as storing built-in rows.
            adopt: Whether other tools made the tables; the migrations of these are recorded first.

        Returns:
            The names of the migrations that were applied.

        Raises:
            PermissionError: The database does not exist and may not be created.
            TimeoutError: Another process has been migrating for a minute.
            FailedMigration: The database, or the migration itself, refused.
            CannotAdopt: The database is not one to adopt, or must be adopted first.
        """
        await driver.create_database(self.url)
        async with driver.migration_lock(self.url), self._open():
            if adopt:
                await adoption.adopt(self.config)
            else:
                await adoption.expect_own_tables(self.config)
            names = await migration_tool.pending(self.config)
            self._check(names)
            if names:
                await self._run(migration_tool.upgrade, names)
            if then is not None:
                await then()
            return names

    async def downgrade(self, *, to_nothing: bool = False) -> list[str]:
        """Undo the last migration, or all of them, and return their names.

        Raises:
            TimeoutError: Another process has been migrating for a minute.
            FailedMigration: The database, or the migration itself, refused.
            UnusableFile: The file of one is missing, or has no way back.
        """
        async with driver.migration_lock(self.url), self._open():
            names = await self._last(to_nothing=to_nothing)
            self._check(names)
            for name in names:
                await self._run(migration_tool.downgrade, [name])
            return names

    async def losses(self, *, to_nothing: bool = False) -> list[str]:
        """Say which migrations `downgrade` would undo, and which rows that would delete."""
        async with self._open():
            names = await self._last(to_nothing=to_nothing)
            return await rollback.losses(self.config, names)

    @asynccontextmanager
    async def _open(self) -> AsyncGenerator[None]:
        await Tortoise.init(config=self.config)
        try:
            yield
        finally:
            await Tortoise.close_connections()

    async def _last(self, *, to_nothing: bool) -> list[str]:
        """Name what is to be undone, the last first."""
        names = await adoption.applied(self.config)
        return names[::-1] if to_nothing else names[-1:]

    def _check(self, names: list[str]) -> None:
        """Refuse a file that was written for another database, before anything is done."""
        ours = Tortoise.get_connection("default").schema_generator.DIALECT
        for name in names:
            theirs = migration_tool.constant(self.config, name, "DIALECT")
            if theirs not in {None, ours}:
                raise FailedMigration(
                    f"{name} is written for {theirs}, but this database is {ours}."
                    " Run `just restart-migrations`."
                )

    async def _run(self, step: Callable[[Config], Awaitable[Any]], names: list[str]) -> None:
        """Apply or undo, and try again where another session held a lock for too long."""
        for number in range(1, TRIES + 1):
            try:
                await step(self.config)
            except SystemExit as refusal:  # how a migration refuses what rows forbid
                raise FailedMigration(str(refusal)) from refusal
            except Exception as error:  # of the database, or of what an owner wrote
                if number == TRIES or not driver.is_lock_timeout(error):
                    raise await self._failure(error, names) from error
                log.warning("A lock is held by others. Try %s of %s failed.", number, TRIES)
            else:
                return

    async def _failure(self, error: Exception, names: list[str]) -> Exception:
        """Return what to raise: which migration stopped, and which were done before it."""
        is_locked = driver.is_lock_timeout(error)
        if isinstance(error, AppError) or (driver.is_unavailable(error) and not is_locked):
            return error
        waiting = await migration_tool.pending(self.config)
        at = next((number for number, name in enumerate(names) if name in waiting), 0)
        done = f" Applied before it: {', '.join(names[:at])}." if at else ""
        why = "another session holds a lock on the table" if is_locked else reason(error)
        return FailedMigration(
            f"{names[at]} failed ({why}).{done} docs/migrations.md says how to go on."
        )
