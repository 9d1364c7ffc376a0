"""Probes."""

from http import HTTPStatus

from httpx import AsyncClient


async def test_live_answers(client: AsyncClient) -> None:
    response = await client.get("/health/live")

    assert response.status_code == HTTPStatus.OK
    assert response.json() == {"status": "ok"}


async def test_ready_names_each_check(client: AsyncClient) -> None:
    response = await client.get("/health/ready")

    assert response.json() == {"status": "ok", "checks": {"database": "ok", "migrations": "ok"}}
    assert response.status_code == HTTPStatus.OK
