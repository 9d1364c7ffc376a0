"""The connection to the database of the service and of commands."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from tortoise import Tortoise
from tortoise.contrib.fastapi import RegisterTortoise

from app import parts
from app.database import driver
from app.database.migrations import Migrations
from app.database.settings import DatabaseSettings


def orm_config(settings: DatabaseSettings, url: str = "") -> dict[str, Any]:
    """Return Tortoise's configuration, for the service's database or that of the URL."""
    url = url or settings.database_url.get_secret_value()
    models = {
        "models": [*parts.module_names("models"), "aerich.models"],
        "default_connection": "default",
    }
    return {
        "connections": {"default": driver.connection(url, settings)},
        "apps": {"models": models},
        "use_tz": True,
        "timezone": "UTC",
    }


def migrations(settings: DatabaseSettings) -> Migrations:
    """Return the migrations of the service's database."""
    return Migrations(orm_config(settings), settings.database_url.get_secret_value())


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    """Initialize Tortoise while the service runs.

    The first query connects, so the service starts even if its database is down.
    """
    async with RegisterTortoise(app, config=orm_config(app.state.settings)):
        yield


@asynccontextmanager
async def connected(settings: DatabaseSettings) -> AsyncGenerator[None]:
    """Initialize Tortoise while a command runs."""
    await Tortoise.init(config=orm_config(settings))
    try:
        yield
    finally:
        await Tortoise.close_connections()
