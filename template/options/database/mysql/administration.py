"""Creation and deletion of MySQL databases, and the lock of migrations."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncmy
from asyncmy import errors
from tortoise import Tortoise

from app.database.driver import ACCESS_DENIED, UNKNOWN_DATABASE
from app.database.urls import ServerSettings, credentials

LOCK_WAIT_SECONDS = 60
ANSWER_SECONDS = 30
"""Time for an answer of the server to all that is no migration."""
DATABASE_EXISTS = 1007
CREATE_NO_USER = "/*M! SET STATEMENT sql_mode = 'NO_AUTO_CREATE_USER' FOR */"
"""Without it, MariaDB may create the user of a grant, without a password."""


async def create_database(url: str) -> None:
    """Create the database unless it exists.

    Raises:
        PermissionError: The user lacks the right; the message contains the statement to run.
    """
    arguments = credentials(url)
    name = _quoted(arguments["database"])
    statement = f"CREATE DATABASE {name} CHARACTER SET utf8mb4"
    try:
        connection = await _connect(arguments)
    except errors.MySQLError as error:
        if error.args[0] != UNKNOWN_DATABASE:
            raise
    else:
        connection.close()
        return
    try:
        await _execute_elsewhere(arguments, statement)
    except errors.MySQLError as error:
        if error.args[0] in ACCESS_DENIED:
            raise PermissionError(
                f"This user may not create databases. Let an administrator run: {statement};"
            ) from error
        if error.args[0] != DATABASE_EXISTS:
            raise


async def drop_database(url: str) -> None:
    """Drop the database with all its rows, if it exists."""
    arguments = credentials(url)
    statement = f"DROP DATABASE IF EXISTS {_quoted(arguments['database'])}"
    await _execute_elsewhere(arguments, statement)


@asynccontextmanager
async def migration_lock(url: str) -> AsyncIterator[None]:
    """Hold the migration lock: one process migrates while the others wait.

    A separate session holds it, so it is released even if the process dies.

    Raises:
        TimeoutError: Another process has held the lock for a minute.
    """
    arguments = credentials(url)
    connection = await _connect(arguments, seconds=LOCK_WAIT_SECONDS + ANSWER_SECONDS)
    try:
        async with connection.cursor() as cursor:
            name = f"migrate:{arguments['database']}"[:64]
            await cursor.execute("SELECT GET_LOCK(%s, %s)", (name, LOCK_WAIT_SECONDS))
            (is_held,) = await cursor.fetchone()
            if is_held != 1:
                raise TimeoutError(
                    f"Another process has been migrating for {LOCK_WAIT_SECONDS} seconds"
                )
            yield
    finally:
        connection.close()


async def grant(settings: ServerSettings) -> None:
    """Let the user of MIGRATION_GRANT_TO, if it is set, use all tables but not alter them."""
    if not settings.migration_grant_to:
        return
    connection = Tortoise.get_connection("default")
    user, _, host = settings.migration_grant_to.partition("@")
    account = f"{_quoted(user)}@{_quoted(host or '%')}"
    row, *_ = await connection.execute_query_dict("SELECT DATABASE() AS name")
    database = _quoted(re.sub(r"([_%])", r"\\\1", row["name"]))  # both are wildcards here
    await connection.execute_script(
        f"{CREATE_NO_USER} GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.* TO {account}"
    )


async def _execute_elsewhere(arguments: dict[str, Any], statement: str) -> None:
    rest = {name: value for name, value in arguments.items() if name != "database"}
    connection = await _connect(rest)
    try:
        async with connection.cursor() as cursor:
            await cursor.execute(statement)
    finally:
        connection.close()


async def _connect(arguments: dict[str, Any], *, seconds: int = ANSWER_SECONDS) -> Any:  # noqa: ANN401 - of the driver
    """Connect, with a time limit for each answer."""
    return await asyncmy.connect(**arguments, read_timeout=seconds)


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
