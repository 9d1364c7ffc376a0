"""The connection to the database of the service and of commands."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from tortoise import Tortoise
from tortoise.contrib.fastapi import RegisterTortoise

from app import parts
from app.database import urls
from app.database.migrations import Migrations
from app.database.settings import DatabaseSettings


def orm_config(settings: DatabaseSettings, url: str = "") -> dict[str, Any]:
    """Return Tortoise's configuration, for the service's database or that of the URL."""
    return _config(settings, url or _url(settings), settings.db_timeout_seconds)


def migration_config(settings: DatabaseSettings, url: str = "") -> dict[str, Any]:
    """Return Tortoise's configuration for migrations: their statements may take any time."""
    return _config(settings, url or settings.url_for_migrations, None)


def migrations(settings: DatabaseSettings) -> Migrations:
    """Return the migrations of the service's database."""
    return Migrations(migration_config(settings), settings.url_for_migrations, settings)


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
    seconds = settings.command_timeout_seconds
    await Tortoise.init(config=_config(settings, _url(settings), seconds))
    try:
        yield
    finally:
        await Tortoise.close_connections()


def _url(settings: DatabaseSettings) -> str:
    return settings.database_url.get_secret_value()


def _config(settings: DatabaseSettings, url: str, seconds: int | None) -> dict[str, Any]:
    models = {
        "models": [*parts.module_names("models"), "aerich.models"],
        "default_connection": "default",
    }
    return {
        "connections": {"default": urls.connection(url, settings, timeout_seconds=seconds)},
        "apps": {"models": models},
        "use_tz": True,
        "timezone": "UTC",
    }
