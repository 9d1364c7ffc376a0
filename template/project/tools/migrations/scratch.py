"""Scratch databases, dropped at the end of a command, and aerich in them."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from aerich import Command
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.context import TortoiseContext
from tortoise.exceptions import OperationalError

from tools.migrations import dialect
from tools.migrations.refusal import Refused, loading

Config = dict[str, Any]
"""Tortoise's configuration, with a connection `default` that has credentials."""
APP = "models"


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
    """Provide a connection, with the models registered."""
    async with TortoiseContext() as context:
        with loading("A module of models"):
            await context.init(config=config)
        yield context.connections.get("default")


@asynccontextmanager
async def scratch_database(config: Config) -> AsyncIterator[Config]:
    """Provide an empty database beside the configured one, and drop it afterwards.

    Its name contains the process id, so that several processes can have one. Leftovers of
    dead processes are dropped.
    """
    stem = f"{database_of(config)}_scratch_"
    for name in await _databases(config):
        number = name.removeprefix(stem)
        if name.startswith(stem) and number.isdigit() and not _is_alive(int(number)):
            await drop(with_database(config, name))
    beside = with_database(config, f"{stem}{os.getpid()}")
    await renew(beside)
    try:
        yield beside
    finally:
        await drop(beside)


async def renew(config: Config) -> None:
    """Drop the database and create it again, empty.

    Raises:
        Refused: Creating it is not permitted.
    """
    await drop(config)
    if dialect.SERVER:
        name = dialect.quote(database_of(config))
        try:
            await _on_server(config, f"CREATE DATABASE {name}")
        except OperationalError as error:
            raise Refused(
                f"The planner needs a scratch database, {name}, and cannot create it ({error})."
                " Set TEST_DATABASE_URL to a server where it can."
            ) from error


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
    """Return the names of the files that aerich has recorded."""
    try:
        rows = await connection.execute_query_dict("SELECT version FROM aerich")
    except OperationalError:
        return set()
    return {row["version"] for row in rows}


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


def _is_alive(process: int) -> bool:
    if os.name == "nt":  # where os.kill would end the process
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
