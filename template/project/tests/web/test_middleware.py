"""Middleware of every request."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI, Request
from httpx import AsyncClient

from tests.conftest import LogLines

small_bodies = pytest.mark.settings(MAX_BODY_BYTES="1000")


@pytest.fixture(autouse=True)
def _routes(app: FastAPI) -> None:
    async def crash() -> None:
        raise RuntimeError

    async def measure(request: Request) -> int:
        return len(await request.body())

    app.add_api_route("/crash", crash)
    app.add_api_route("/measure", measure, methods=["POST"])


async def test_a_valid_request_id_is_echoed(client: AsyncClient) -> None:
    response = await client.get("/health/live", headers={"X-Request-ID": "order-4711-a"})

    assert response.headers.get_list("x-request-id") == ["order-4711-a"]


@pytest.mark.parametrize("hostile", ["", "short", "x" * 65, "a b c d e f", "<b>1234567"])
async def test_an_invalid_request_id_is_replaced(client: AsyncClient, hostile: str) -> None:
    headers = {"X-Request-ID": hostile}
    answers = [await client.get("/health/live", headers=headers) for _ in range(2)]

    ids = {answer.headers["x-request-id"] for answer in answers}
    assert [len(request_id) for request_id in ids] == [32, 32]


@pytest.mark.parametrize("path", ["/health/live", "/nowhere", "/crash"])
async def test_every_answer_carries_the_security_headers(client: AsyncClient, path: str) -> None:
    response = await client.get(path)

    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["x-frame-options"] == "DENY"
    assert response.headers["content-security-policy"] == "frame-ancestors 'none'"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers["cache-control"] == "no-store"
    assert "strict-transport-security" not in response.headers


async def test_responses_over_https_have_the_hsts_header(client: AsyncClient) -> None:
    response = await client.get("https://test/health/live")

    assert "max-age=" in response.headers["strict-transport-security"]


async def test_a_slash_at_the_end_makes_no_difference(client: AsyncClient) -> None:
    response = await client.get("/health/live/")

    assert response.status_code == 200


@pytest.mark.settings(ROOT_PATH="/shop/")
@pytest.mark.parametrize("path", ["/health/live", "/shop/health/live", "/shop/health/live/"])
async def test_a_proxy_may_remove_the_prefix_or_not(client: AsyncClient, path: str) -> None:
    response = await client.get(path)

    assert response.status_code == 200


@pytest.mark.settings(ALLOWED_HOSTS="test")
async def test_a_refused_host_is_named_in_the_log(client: AsyncClient, log_lines: LogLines) -> None:
    response = await client.get("/health/live", headers={"Host": "evil.example"})

    assert response.status_code == 400
    assert "'evil.example'" in log_lines()[0]["message"]


@pytest.mark.parametrize(
    "headers",
    [{f"X-{number}": "x" for number in range(101)}, {"X-Long": "x" * 33_000}],
    ids=["many", "long"],
)
async def test_too_many_or_too_long_headers_are_refused(
    client: AsyncClient, headers: dict[str, str]
) -> None:
    response = await client.get("/health/live", headers=headers)

    assert response.status_code == response.json()["status"] == 431


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/json", b"[" + b'"a,[{",' * 4_900 + b"0]", 200),
        ("application/json", b"[" + b'"a",' * 5_100 + b"0]", 422),
        ("application/json", b"[" * 11_000, 422),
        ("application/json", f'["∀"{",1" * 20_000}]'.encode("utf-16-le"), 400),
        ("application/x-www-form-urlencoded", b"a" * 65_536, 200),
        ("application/x-www-form-urlencoded", b"a" * 65_537, 413),
        ("application/octet-stream", b"a" * 100_000, 200),
    ],
    ids=range(7),
)
async def test_a_body_that_takes_long_to_parse_is_refused(
    client: AsyncClient, kind: str, body: bytes, status: int
) -> None:
    response = await client.post("/measure", content=body, headers={"Content-Type": kind})

    assert response.status_code == status
    if status == 422:
        assert response.json()["errors"][0]["type"] == "too_many_values"


async def test_of_two_content_types_the_first_counts(client: AsyncClient) -> None:
    headers = [("Content-Type", "application/json"), ("Content-Type", "text/plain")]

    response = await client.post("/measure", content=b"[" * 11_000, headers=headers)

    assert response.status_code == 422


@small_bodies
async def test_a_body_of_the_largest_size_is_read(client: AsyncClient) -> None:
    response = await client.post("/measure", content=b"x" * 1000)

    assert response.json() == 1000


@small_bodies
@pytest.mark.parametrize(("header", "chunks_read"), [("Content-Length", 0), ("Size-Unknown", 11)])
async def test_a_larger_body_is_refused_before_it_is_all_read(
    client: AsyncClient, header: str, chunks_read: int
) -> None:
    sent: list[bytes] = []

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(100):
            sent.append(b"x" * 100)
            yield sent[-1]

    response = await client.post("/measure", content=chunks(), headers={header: "10000"})

    assert response.status_code == response.json()["status"] == 413
    assert response.headers["connection"] == "close"
    assert len(sent) == chunks_read


@pytest.mark.settings(BODY_TIMEOUT_SECONDS="1")
async def test_a_body_that_does_not_arrive_in_time_is_refused(client: AsyncClient) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.Event().wait()

    response = await client.post("/measure", content=chunks(), headers={"Content-Length": "9"})

    assert response.status_code == response.json()["status"] == 408
    assert response.headers["connection"] == "close"
