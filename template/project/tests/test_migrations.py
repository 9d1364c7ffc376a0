"""The schema and the way there and back, on a database of its own."""

import asyncio
from collections.abc import Iterator

import pytest
from httpx import ASGITransport, AsyncClient
from tortoise.exceptions import OperationalError

from app.core import dialect, migration_tool
from app.database import connected, migrations, orm_config
from app.main import create_app
from tests.conftest import DATABASE_URL, ChangeSettings, beside, our_tables


@pytest.fixture(autouse=True)
def _new_database(change_settings: ChangeSettings) -> Iterator[None]:
    url = beside(DATABASE_URL, "_new")
    change_settings(DATABASE_URL=url)
    asyncio.run(dialect.drop_database(url))
    yield
    asyncio.run(dialect.drop_database(url))


@pytest.fixture
def applied() -> list[str]:
    """Migrate the new database and return the names of the migrations."""
    return asyncio.run(migrations().upgrade()) or pytest.skip("there are no tables yet")


async def readable_tables() -> list[str]:
    """Name the tables that have all columns of their models."""
    names: list[str] = []
    async with connected():
        for table in our_tables():
            try:
                await table.first()
            except OperationalError:
                continue
            names.append(table.__name__)
    return names


def test_the_models_have_no_change_that_no_migration_makes() -> None:
    async def changes() -> list[str]:
        await migrations().upgrade()
        async with connected():
            return await migration_tool.changes(orm_config())

    assert asyncio.run(changes()) == []


def test_all_migrations_can_be_undone_and_applied_again(applied: list[str]) -> None:
    before = asyncio.run(readable_tables())
    undone = asyncio.run(migrations().downgrade(to_nothing=True))
    between = asyncio.run(readable_tables())
    again = asyncio.run(migrations().upgrade())
    after = asyncio.run(readable_tables())

    assert again == applied == undone[::-1]
    assert between == []
    assert after == before != []


def test_the_service_is_not_ready_before_the_last_migration(applied: list[str]) -> None:
    async def ask() -> tuple[int, object]:
        transport = ASGITransport(create_app())
        async with connected(), AsyncClient(transport=transport, base_url="http://test") as http:
            response = await http.get("/health/ready")
            return response.status_code, response.json()["checks"]

    asyncio.run(migrations().downgrade())

    assert asyncio.run(ask()) == (503, {"database": "ok", "migrations": "failing"})
