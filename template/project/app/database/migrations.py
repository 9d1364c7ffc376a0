"""Migrations of the database, under a lock: one process migrates at a time."""

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from tortoise import Tortoise
from tortoise.exceptions import OperationalError

from app.database import administration, adoption, driver, migration_tool, rollback
from app.database.migration_tool import RESTORE, Config, reason
from app.database.urls import ServerSettings
from app.web.errors import AppError

TRIES = 3
"""Attempts at a migration while another session holds a lock."""

log = logging.getLogger(__name__)


class FailedMigration(AppError):
    """A migration could not be applied or undone; the message names it."""


class Migrations:
    """The migrations in `migrations/`, for one database.

    Args:
        config: Tortoise's configuration.
        url: The URL of the same database.
        settings: The settings with the role that may use the tables.
    """

    def __init__(self, config: Config, url: str, settings: ServerSettings) -> None:
        self.config = config
        self.url = url
        self.settings = settings

    async def upgrade(
        self, then: Callable[[], Awaitable[None]] | None = None, *, adopt: bool = False
    ) -> list[str]:
        """Create the database where that is allowed, and apply the pending migrations.

        Parallel processes wait for the first one and then have nothing to apply.

        Args:
            then: Called afterwards, still under the lock, to store built-in rows for example.
            adopt: Whether other tools created the tables; their migrations are recorded first.

        Returns:
            The names of the migrations that were applied.

        Raises:
            PermissionError: The database does not exist, and creating it is not permitted.
            TimeoutError: Another process has held the lock for a minute.
            FailedMigration: The database, or a check of the migration, refused; or the database
                refused what MIGRATION_GRANT_TO asks for.
            CannotAdopt: The database cannot be adopted, or must be adopted first.
        """
        await administration.create_database(self.url)
        async with administration.migration_lock(self.url), self._open():
            if adopt:
                await adoption.adopt(self.config)
            else:
                await adoption.expect_own_tables(self.config)
            for name in await adoption.missing(self.config):
                log.warning("%s was applied, and its file is missing: %s.", name, RESTORE)
            names = await migration_tool.pending(self.config)
            self._check(names)
            if names:
                await self._run(migration_tool.upgrade, names)
            if then is not None:
                await then()
            await self._grant()
            return names

    async def downgrade(self, *, to_nothing: bool = False) -> list[str]:
        """Undo the last migration, or all of them, and return their names.

        Raises:
            TimeoutError: Another process has held the lock for a minute.
            FailedMigration: The database, or a check of the migration, refused.
            UnusableFile: The file of a migration is missing, or cannot be undone.
        """
        async with administration.migration_lock(self.url), self._open():
            names = await self._last(to_nothing=to_nothing)
            self._check(names)
            for name in names:
                await self._run(migration_tool.downgrade, [name])
            return names

    async def losses(self, *, to_nothing: bool = False) -> list[str]:
        """Return lines about the migrations that `downgrade` would undo and the rows it deletes."""
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
        """Return the names of the migrations to undo, the last first."""
        names = await adoption.applied(self.config)
        return names[::-1] if to_nothing else names[-1:]

    def _check(self, names: list[str]) -> None:
        """Refuse files that were written for another database, before any is applied."""
        ours = Tortoise.get_connection("default").schema_generator.DIALECT
        for name in names:
            theirs = migration_tool.constant(self.config, name, "DIALECT")
            if theirs not in {None, ours}:
                raise FailedMigration(
                    f"{name} is written for {theirs}, but this database is {ours}."
                    " Run `just restart-migrations`."
                )

    async def _grant(self) -> None:
        try:
            await administration.grant(self.settings)
        except OperationalError as error:
            raise FailedMigration(
                f"The database refused the grant of MIGRATION_GRANT_TO ({reason(error)})."
                " Create the role first, or correct its name."
            ) from error

    async def _run(self, step: Callable[[Config], Awaitable[Any]], names: list[str]) -> None:
        """Apply or undo; retry while another session holds a lock."""
        for number in range(1, TRIES + 1):
            try:
                await step(self.config)
            except SystemExit as refusal:  # raised by the checks of a migration
                raise FailedMigration(str(refusal)) from refusal
            except Exception as error:  # of the database, or of code in the file
                if number == TRIES or not driver.is_lock_timeout(error):
                    raise await self._failure(error, names) from error
                log.warning("Another session holds a lock. Try %s of %s failed.", number, TRIES)
            else:
                return

    async def _failure(self, error: Exception, names: list[str]) -> Exception:
        """Return the error to raise: it names the failed migration and those applied before it."""
        is_locked = driver.is_lock_timeout(error)
        if isinstance(error, AppError) or (driver.is_unavailable(error) and not is_locked):
            return error
        waiting = await migration_tool.pending(self.config)
        at = next((number for number, name in enumerate(names) if name in waiting), 0)
        done = f" Applied before it: {', '.join(names[:at])}." if at else ""
        why = "another session holds a lock on the table" if is_locked else reason(error)
        return FailedMigration(
            f"{names[at]} failed ({why}).{done} docs/migrations.md says how to continue."
        )
