"""The start page of development."""

import re

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


async def test_a_browser_gets_a_page_that_loads_nothing(app: FastAPI, client: AsyncClient) -> None:
    app.title = "<b>Tea & Co</b>"

    page = await client.get("/", headers=BROWSER)

    assert page.headers["content-type"].startswith("text/html")
    assert "<h1>&lt;b&gt;Tea &amp; Co&lt;/b&gt;" in page.text
    assert "database: ok" in page.text
    assert "migrations: ok" in page.text
    assert not re.search(r"src=|<link|//", page.text.partition("<title>")[2])
    for link in re.findall(r'href="(.+?)"', page.text):
        assert (await client.get(f"/{link}")).status_code == 200


async def test_a_program_gets_json(client: AsyncClient) -> None:
    response = await client.get("/")

    assert response.json()["docs"] == "/docs"
    assert response.json()["checks"] == {"database": "ok", "migrations": "ok"}


async def test_the_page_says_what_is_wrong(client: AsyncClient, no_database: None) -> None:
    page = await client.get("/", headers=BROWSER)

    assert page.status_code == 200
    assert "database: failing" in page.text


@pytest.mark.settings(ENVIRONMENT="production")
async def test_production_has_none(client: AsyncClient) -> None:
    response = await client.get("/", headers=BROWSER)

    assert response.status_code == 404
