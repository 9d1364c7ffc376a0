"""Transactions, unique constraints and prepared queries."""

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from app.accounts.models import Role
from app.database import driver
from app.database.queries import CompiledQuery, transactional

pytestmark = pytest.mark.usefixtures("database")

CANDIDATES = [
    kind(reason)
    for kind in driver.UNAVAILABLE
    for reason in ("database is locked", Exception(1213, "Deadlock found"))
]
DEADLOCK = next(error for error in CANDIDATES if driver.must_retry(error))
"""An error after which the transaction must be retried."""
OTHER = next(error for error in CANDIDATES if not driver.must_retry(error))


@transactional
async def add_roles(*names: str, failures: list[Exception]) -> None:
    """Store roles, but raise while failures are left."""
    for name in names:
        await Role.create(name=name)
    if failures:
        raise failures.pop()


async def stored() -> list[str]:
    return [role.name for role in await Role.filter(name__in=["reader", "writer"])]


async def test_a_failure_undoes_every_write() -> None:
    with pytest.raises(ValueError, match="too late"):
        await add_roles("reader", "writer", failures=[ValueError("too late")])

    assert await stored() == []


async def test_a_deadlock_is_retried() -> None:
    await add_roles("reader", "writer", failures=[DEADLOCK, DEADLOCK])

    assert sorted(await stored()) == ["reader", "writer"]


async def test_a_transaction_is_tried_three_times() -> None:
    failures = [DEADLOCK] * 5

    with pytest.raises(type(DEADLOCK)):
        await add_roles("reader", failures=failures)

    assert len(failures) == 2
    assert await stored() == []


@pytest.mark.parametrize("failure", [ValueError("wrong"), OTHER], ids=["ours", "the driver's"])
async def test_another_failure_is_not_retried(failure: Exception) -> None:
    failures = [failure, failure]

    with pytest.raises(type(failure)):
        await add_roles("reader", failures=failures)

    assert len(failures) == 1


@pytest.mark.parametrize("name", ["reader", "a)=(b", "it's \"x\"' for key 'x.y'", "roles.x, y.z"])
async def test_a_conflict_names_the_unique_column(
    app: FastAPI, client: AsyncClient, name: str
) -> None:
    async def add() -> None:
        await Role.create(name=name)

    app.add_api_route("/roles", add, methods=["POST"])

    first, second = [await client.post("/roles") for _ in range(2)]

    assert (first.status_code, second.status_code) == (200, 409)
    assert second.json()["detail"] == "Another row has the same name"


async def test_a_compiled_query_binds_values_by_name() -> None:
    await Role.create(name="reader", description="Reads")
    named = CompiledQuery(
        lambda text, name: Role.filter(name=name, description=text), name=str, text=str
    )

    assert [role.name for role in await named.fetch(text="Reads", name="reader")] == ["reader"]
    assert await named.fetch(name="Reads", text="reader") == []
