"""The assembled service: documentation, CORS, hosts and compression."""

import re

import pytest
from fastapi import FastAPI, HTTPException
from httpx import AsyncClient

BROWSER = {"Accept": "text/html,*/*;q=0.8"}
ORIGIN = "https://app.example.org"
called_by_an_app = pytest.mark.settings(CORS_ORIGINS=ORIGIN)


@pytest.mark.parametrize("path", ["/", "/docs", "/redoc"])
async def test_documentation_loads_nothing_from_elsewhere(client: AsyncClient, path: str) -> None:
    page = await client.get(path, headers=BROWSER)

    assets = re.findall(r'(?:src|href)="(.+?)"', page.text)
    assert len(assets) > 1
    for asset in [*assets, "openapi.json"]:
        assert asset in page.text
        assert (await client.get(asset)).status_code == 200


@pytest.mark.settings(ROOT_PATH="/shop")
@pytest.mark.parametrize("path", ["/", "/docs", "/redoc"])
async def test_documentation_is_found_behind_a_prefix(client: AsyncClient, path: str) -> None:
    page = await client.get(path, headers=BROWSER)
    document = (await client.get("/openapi.json")).json()

    assets = re.findall(r'(?:src|href)="(.+?)"', page.text)
    assert all(asset.startswith("/shop/") for asset in assets)
    assert document["servers"][0]["url"] == "/shop"
    assert not re.findall('Url": "/(?!shop/)', str(document))


@pytest.mark.settings(ENVIRONMENT="production")
@pytest.mark.parametrize("path", ["", "docs", "redoc", "openapi.json", "docs/assets/favicon.png"])
async def test_production_has_no_documentation(client: AsyncClient, path: str) -> None:
    response = await client.get(f"/{path}", headers=BROWSER)

    assert response.status_code == 404


async def test_the_start_page_says_that_all_is_well(app: FastAPI, client: AsyncClient) -> None:
    app.title = "<b>Tea & Co</b>"

    page = await client.get("/", headers=BROWSER)
    document = await client.get("/")

    assert "<h1>&lt;b&gt;Tea &amp; Co&lt;/b&gt; <small>" in page.text
    assert "database: ok</li>" in page.text
    assert "migrations: ok</li>" in page.text
    assert document.json()["name"] == app.title
    assert document.json()["checks"] == {"database": "ok", "migrations": "ok"}


async def test_the_start_page_says_what_is_wrong(client: AsyncClient, no_database: None) -> None:
    page = await client.get("/", headers=BROWSER)

    assert page.status_code == 200
    assert "database: failing</li>" in page.text


@called_by_an_app
@pytest.mark.parametrize(("word", "status"), [("200", 200), ("401", 401), ("x", 422), ("0", 500)])
async def test_the_allowed_origin_may_read_every_answer(
    app: FastAPI, client: AsyncClient, word: str, status: int
) -> None:
    async def answer(number: int) -> None:
        raise HTTPException(number) if number else RuntimeError

    app.add_api_route("/answers/{number}", answer)

    response = await client.get(f"/answers/{word}", headers={"Origin": ORIGIN})

    assert response.status_code == status
    assert response.headers["access-control-allow-origin"] == ORIGIN
    assert "Retry-After" in response.headers["access-control-expose-headers"]
    assert "Origin" in response.headers["vary"]


@called_by_an_app
@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", f"{ORIGIN}.evil.example", "http://app.example.org"]
)
async def test_other_origins_read_nothing(client: AsyncClient, origin: str) -> None:
    headers = {"Origin": origin, "Access-Control-Request-Method": "GET"}
    for method in ("GET", "OPTIONS"):
        response = await client.request(method, "/health/live", headers=headers)

        assert "access-control-allow-origin" not in response.headers


async def test_no_origin_is_allowed_unless_one_is_set(client: AsyncClient) -> None:
    response = await client.get("/health/live", headers={"Origin": ORIGIN})

    assert "access-control-allow-origin" not in response.headers


@pytest.mark.settings(ALLOWED_HOSTS="api.example.org")
@pytest.mark.parametrize(("host", "status"), [("api.example.org", 200), ("evil.example", 400)])
async def test_only_allowed_hosts_are_answered(client: AsyncClient, host: str, status: int) -> None:
    response = await client.get("/health/live", headers={"Host": host})

    assert response.status_code == status


async def test_long_answers_are_compressed_and_short_ones_are_not(client: AsyncClient) -> None:
    long = await client.get("/openapi.json")
    short = await client.get("/health/live")

    assert long.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in short.headers
