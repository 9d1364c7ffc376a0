"""Scratch databases, dropped at the end of a command, and aerich in them."""

import re
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from aerich import Command
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.context import TortoiseContext

from tools.migrations import dialect
from tools.migrations.refusal import loading, refusing

Config = dict[str, Any]
"""Tortoise's configuration, with a connection `default` that has credentials."""
APP = "models"
LONGEST_NAME = 36
"""Characters of the service's database that the name of a scratch database keeps; 63 in all."""
LIFE = timedelta(hours=12)
"""Age after which a scratch database counts as a leftover of a killed command."""
RECORDED = f"""
    SELECT version FROM aerich WHERE app = '{APP}'
      AND id > (SELECT coalesce(max(id), 0) FROM aerich WHERE app = 'adopted')"""
"""Ignores the records of other tools, from before the database was adopted."""


def database_of(config: Config) -> str:
    """Return the name of the database, or of its file."""
    return str(config["connections"]["default"]["credentials"][dialect.DATABASE])


def with_database(config: Config, name: str) -> Config:
    """Return the configuration with another database name."""
    default = config["connections"]["default"]
    credentials = default["credentials"] | {dialect.DATABASE: name}
    return config | {"connections": {"default": default | {"credentials": credentials}}}


@asynccontextmanager
async def connected(config: Config) -> AsyncIterator[BaseDBAsyncClient]:
    """Provide a connection, with the models registered.

    It is opened before anything else: after a transaction that could not connect, Tortoise keeps
    the lock of its only connection to a file, and the next statement would wait for ever.
    """
    async with TortoiseContext() as context:
        with loading("A module of models"):
            await context.init(config=config)
        connection = context.connections.get("default")
        await connection.create_connection(with_db=True)
        yield connection


@asynccontextmanager
async def scratch_database(config: Config) -> AsyncIterator[Config]:
    """Provide an empty database beside the configured one, and drop it afterwards.

    Its name contains the time and a token, since commands on other machines may use the server
    too. Leftovers of other commands are dropped, if possible.
    """
    stem = database_of(config)
    stem = f"{stem[:LONGEST_NAME] if dialect.SERVER else stem}_scratch_"
    beside = with_database(config, f"{stem}{int(time.time()):x}_{secrets.token_hex(4)}")
    await renew(beside)
    for name in await _databases(config):
        if _is_left_over(name, stem):
            with suppress(Exception):  # it is another user's, or somebody looks into it
                await drop(with_database(config, name))
    try:
        yield beside
    finally:
        with suppress(Exception):  # the same; another command will drop it
            await drop(beside)


async def renew(config: Config) -> None:
    """Drop the database and create it again, empty.

    Raises:
        Refused: The server does not answer, or creating it is not permitted.
    """
    name = database_of(config)
    advice = " Set TEST_DATABASE_URL to a place where it can."
    with refusing(f"The planner cannot create its scratch database {name}", advice=advice):
        await drop(config)
        if dialect.SERVER:
            await _on_server(config, f"CREATE DATABASE {dialect.quote(name)}")
        else:
            _create_file(Path(name))


def _create_file(path: Path) -> None:
    path.touch(mode=0o600)


async def drop(config: Config) -> None:
    """Drop the database, if it exists."""
    if dialect.SERVER:
        name = database_of(config)
        if name in await _databases(config):
            await _on_server(config, f"DROP DATABASE {dialect.quote(name)}")
    else:
        path = Path(database_of(config))
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)


async def recorded(connection: BaseDBAsyncClient) -> set[str]:
    """Return the names of the files that aerich has recorded; none where it has no table."""
    if not await connection.execute_query_dict(dialect.HAS_AERICH):
        return set()  # a statement that fails would end the caller's transaction
    return {row["version"] for row in await connection.execute_query_dict(RECORDED)}


async def upgrade(config: Config, folder: Path) -> list[str]:
    """Let aerich apply pending files; needs connected models."""
    return await (await _command(config, folder)).upgrade()


async def downgrade(config: Config, folder: Path) -> list[str]:
    """Let aerich undo the last file; needs connected models."""
    return await (await _command(config, folder)).downgrade(version=-1, delete=False)


async def _command(config: Config, folder: Path) -> Command:
    command = Command(config, app=APP, location=str(folder.parent))
    await command.init()
    return command


async def _databases(config: Config) -> list[str]:
    if not dialect.SERVER:
        path = Path(database_of(config))
        return [str(each) for each in path.parent.glob(f"{path.name}_scratch_*")]
    return [str(row["name"]) for row in await _on_server(config, dialect.DATABASES)]


async def _on_server(config: Config, statement: str) -> list[dict[str, Any]]:
    default = with_database(config, dialect.SERVER)["connections"]["default"]
    client = import_module(default["engine"]).client_class(
        **default["credentials"], connection_name="server"
    )
    await client.create_connection(with_db=True)
    try:
        if statement.startswith("SELECT"):
            return list(await client.execute_query_dict(statement))
        await client.execute_script(statement)
        return []
    finally:
        await client.close()


def _is_left_over(name: str, stem: str) -> bool:
    """Return whether the command that created a database must have ended long ago."""
    found = re.fullmatch(f"{re.escape(stem)}([0-9a-f]{{8}})_[0-9a-f]{{8}}", name)
    return found is not None and time.time() - int(found[1], 16) > LIFE.total_seconds()
