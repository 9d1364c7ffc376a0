"""Probes."""

from fastapi import FastAPI
from httpx import AsyncClient


async def test_live_answers_while_the_database_is_down(
    client: AsyncClient, no_database: None
) -> None:
    response = await client.get("/health/live")

    assert response.status_code == 200
    assert response.json() == {"status": "ok"}


async def test_ready_names_each_check(client: AsyncClient) -> None:
    response = await client.get("/health/ready")

    assert response.status_code == 200
    assert response.json() == {"status": "ok", "checks": {"database": "ok", "migrations": "ok"}}


async def test_not_ready_while_the_database_is_down(client: AsyncClient, no_database: None) -> None:
    response = await client.get("/health/ready")

    assert response.status_code == 503
    assert response.json()["status"] == "failing"
    assert response.json()["checks"]["database"] == "failing"


async def test_not_ready_while_the_service_drains(app: FastAPI, client: AsyncClient) -> None:
    app.state.is_draining = True

    response = await client.get("/health/ready")

    assert response.status_code == 503
    assert response.json() == {"status": "failing", "checks": {"draining": "failing"}}
