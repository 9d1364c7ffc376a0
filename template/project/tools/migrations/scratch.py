"""Databases that live as long as a command, and aerich at work in them."""

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
"""Tortoise's configuration, whose connection is called default and gives its credentials."""
APP = "models"


def database_of(config: Config) -> str:
    """Return the name of the database, or of its file."""
    return str(config["connections"]["default"]["credentials"][dialect.DATABASE])


def with_database(config: Config, name: str) -> Config:
    """Return a configuration that differs by the name of its database."""
    default = config["connections"]["default"]
    credentials = default["credentials"] | {dialect.DATABASE: name}
    return config | {"connections": {"default": default | {"credentials": credentials}}}


@asynccontextmanager
async def connected(config: Config) -> AsyncIterator[BaseDBAsyncClient]:
    """Offer a connection, and the models over it."""
    async with TortoiseContext() as context:
        with loading("A module of models"):
            await context.init(config=config)
        yield context.connections.get("default")


@asynccontextmanager
async def scratch_database(config: Config) -> AsyncIterator[Config]:
    """Offer an empty database beside the configured one, and drop it afterwards.

    It has the number of the process in its name, so that several can be there. Those of
    processes that are gone are dropped.
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
    """Make the database anew, with nothing in it.

    Raises:
        Refused: It may not be created.
    """
    await drop(config)
    if dialect.SERVER:
        name = dialect.quote(database_of(config))
        try:
            await _on_server(config, f"CREATE DATABASE {name}")
        except OperationalError as error:
            raise Refused(
                f"The planner needs a database of its own, {name}, and cannot create it ({error})."
                " Set TEST_DATABASE_URL to a server where it may."
            ) from error


async def drop(config: Config) -> None:
    """Drop the database, if it is there."""
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
    try:
        rows = await connection.execute_query_dict("SELECT version FROM aerich")
    except OperationalError:
        return set()
    return {row["version"] for row in rows}


async def upgrade(config: Config, folder: Path) -> list[str]:
    """Let aerich apply what it has not; the models are connected."""
    return await (await _command(config, folder)).upgrade()


async def downgrade(config: Config, folder: Path) -> list[str]:
    """Let aerich undo what it applied last; the models are connected."""
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
    if os.name == "nt":  # where signal 0 is not a question
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
