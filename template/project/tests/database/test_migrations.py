"""Migrations: upgrade, rollback and the resulting schema, on a separate database."""

from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from httpx import AsyncClient
from tortoise.context import TortoiseContext
from tortoise.exceptions import OperationalError

from app.config import get_settings
from app.database import administration, migration_tool
from app.database.connection import connected, migrations, orm_config
from app.database.migration_tool import UnusableFile
from tests.conftest import DATABASE_URL, ChangeSettings, beside, our_tables
from tools.migrations.cli import FOLDER
from tools.migrations.make import Project, remaining_changes


@pytest.fixture
async def applied(client: AsyncClient, change_settings: ChangeSettings) -> AsyncIterator[list[str]]:
    """Migrate a new database and return the names of the migrations."""
    url = beside(DATABASE_URL, "_new")
    change_settings(DATABASE_URL=url)
    await administration.drop_database(url)
    async with TortoiseContext():
        yield await migrations(get_settings()).upgrade()
    await administration.drop_database(url)


async def test_the_migrations_create_the_schema_of_the_models(client: AsyncClient) -> None:
    left = await remaining_changes(Project(None, orm_config(get_settings()), FOLDER, package="app"))

    assert [str(change) for change in left] == []


async def readable_tables() -> list[str]:
    """Return the names of the tables that have all columns of their models."""
    names: list[str] = []
    async with connected(get_settings()):
        for table in our_tables():
            with suppress(OperationalError):
                await table.first()
                names.append(table.__name__)
    return names


async def test_all_migrations_can_be_undone_and_applied_again(applied: list[str]) -> None:
    tables = await readable_tables()

    assert await migrations(get_settings()).downgrade(to_nothing=True) == applied[::-1]
    assert await readable_tables() == []
    assert await migrations(get_settings()).upgrade() == applied
    assert await readable_tables() == tables


async def test_ready_says_no_before_the_last_migration(
    client: AsyncClient, applied: list[str]
) -> None:
    if not await migrations(get_settings()).downgrade():
        pytest.skip("there are no migrations yet")
    async with connected(get_settings()):
        response = await client.get("/health/ready")

    assert response.status_code == 503
    assert response.json()["checks"] == {"database": "ok", "migrations": "failing"}


async def test_migrations_are_found_from_any_folder(
    client: AsyncClient, applied: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    await migrations(get_settings()).downgrade(to_nothing=True)

    async with connected(get_settings()):
        assert await migration_tool.pending(orm_config(get_settings())) == applied
        response = await client.get("/health/ready")

    assert response.is_success == (not applied)


async def test_a_service_without_its_migrations_is_not_ready(
    client: AsyncClient, applied: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migration_tool, "FOLDER", tmp_path)

    async with connected(get_settings()):
        response = await client.get("/health/ready")

    assert response.status_code == 503
    assert response.json()["checks"] == {"database": "ok", "migrations": "failing"}
    with pytest.raises(UnusableFile, match="models is missing"):
        await migrations(get_settings()).upgrade()
