"""The connection to the database while the service, or a command, runs."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from tortoise import Tortoise
from tortoise.contrib.fastapi import RegisterTortoise

from app import parts
from app.config import get_settings
from app.database import driver
from app.database.migrations import Migrations


def orm_config(url: str | None = None) -> dict[str, Any]:
    """Describe connection and tables to Tortoise, for the service's database or another one."""
    url = url or get_settings().database_url.get_secret_value()
    models = {"models": [*parts.names("models"), "aerich.models"], "default_connection": "default"}
    return {
        "connections": {"default": driver.connection(url)},
        "apps": {"models": models},
        "use_tz": True,
        "timezone": "UTC",
    }


def migrations(url: str | None = None) -> Migrations:
    """Return the migrations of the service's database, or of another one."""
    url = url or get_settings().database_url.get_secret_value()
    return Migrations(orm_config(url), url)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    """Keep Tortoise ready while the service runs.

    The first query connects, so the service starts while its database is down.
    """
    async with RegisterTortoise(app, config=orm_config()):
        yield


@asynccontextmanager
async def connected() -> AsyncGenerator[None]:
    """Keep Tortoise ready while a command runs."""
    await Tortoise.init(config=orm_config())
    try:
        yield
    finally:
        await Tortoise.close_connections()


def __getattr__(name: str) -> dict[str, Any]:
    """Offer `TORTOISE_ORM` to the commands of aerich, which read it by name."""
    if name == "TORTOISE_ORM":
        return orm_config()
    raise AttributeError(name)
