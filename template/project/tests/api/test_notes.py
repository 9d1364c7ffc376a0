"""Notes."""

from http import HTTPStatus

import pytest
from httpx import AsyncClient

from tests.factories import headers_of

NOTE = {"title": "Bread", "body": "Flour, water, salt"}


@pytest.fixture
async def ada(client: AsyncClient) -> AsyncClient:
    """Sign the client in as Ada."""
    client.headers.update(await headers_of(client, "ada"))
    return client


async def test_a_note_is_written_and_read_back(ada: AsyncClient) -> None:
    written = await ada.post("/api/notes", json=NOTE)
    read = await ada.get(f"/api/notes/{written.json()['id']}")

    assert written.status_code == HTTPStatus.CREATED
    assert read.json() == written.json()
    assert {name: read.json()[name] for name in NOTE} == NOTE
