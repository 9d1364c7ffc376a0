"""Creation and deletion of PostgreSQL databases, and the lock of migrations."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it ships no types
from tortoise import Tortoise

from app.database.urls import ServerSettings, credentials

LOCK_WAIT_SECONDS = 60
LOCK_POLL_SECONDS = 0.2
ANSWER_SECONDS = 30
"""Time for an answer of the server to all that is no migration."""
LOCK_KEY = 7_215_043_101


async def create_database(url: str) -> None:
    """Create the database unless it exists.

    Raises:
        PermissionError: The role lacks the right; the message contains the statement to run.
    """
    arguments = credentials(url)
    try:
        connection = await _connect(arguments)
    except asyncpg.InvalidCatalogNameError:
        statement = f"CREATE DATABASE {_quoted(arguments['database'])}"
    else:
        await connection.close(timeout=ANSWER_SECONDS)
        return
    try:
        with suppress(asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):  # a race
            await _execute_elsewhere(arguments, statement)
    except asyncpg.InsufficientPrivilegeError as error:
        raise PermissionError(
            f"This role may not create databases. Ask an administrator to run: {statement};"
        ) from error


async def drop_database(url: str) -> None:
    """Drop the database with all its rows, if it exists."""
    arguments = credentials(url)
    statement = f"DROP DATABASE IF EXISTS {_quoted(arguments['database'])} WITH (FORCE)"
    await _execute_elsewhere(arguments, statement)


@asynccontextmanager
async def migration_lock(url: str) -> AsyncIterator[None]:
    """Hold the migration lock: one process migrates while the others wait.

    A separate session holds it, so it is released even if the process dies. Waiting processes
    poll: a blocked statement would be a transaction for which CREATE INDEX CONCURRENTLY waits.

    Raises:
        TimeoutError: Another process has held the lock for a minute.
    """
    connection = await _connect(credentials(url))
    try:
        for _ in range(round(LOCK_WAIT_SECONDS / LOCK_POLL_SECONDS)):
            if await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK_KEY):
                break
            await asyncio.sleep(LOCK_POLL_SECONDS)
        else:
            raise TimeoutError(
                f"Another process has been migrating for {LOCK_WAIT_SECONDS} seconds"
            )
        yield
    finally:
        await connection.close(timeout=ANSWER_SECONDS)


async def grant(settings: ServerSettings) -> None:
    """Let the role of MIGRATION_GRANT_TO, if it is set, use all tables but not alter them."""
    if not settings.migration_grant_to:
        return
    connection = Tortoise.get_connection("default")
    role = _quoted(settings.migration_grant_to)
    row, *_ = await connection.execute_query_dict("SELECT quote_ident(current_schema()) AS name")
    for what in (
        "USAGE ON SCHEMA {}",
        "SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {}",
        "USAGE ON ALL SEQUENCES IN SCHEMA {}",
    ):
        await connection.execute_script(f"GRANT {what.format(row['name'])} TO {role}")


async def _execute_elsewhere(arguments: dict[str, Any], statement: str) -> None:
    connection = await _connect(arguments | {"database": "postgres"})
    try:
        await connection.execute(statement)
    finally:
        await connection.close(timeout=ANSWER_SECONDS)


async def _connect(arguments: dict[str, Any]) -> asyncpg.Connection:
    """Connect, with a time limit for each statement."""
    return await asyncpg.connect(**arguments, command_timeout=ANSWER_SECONDS)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
