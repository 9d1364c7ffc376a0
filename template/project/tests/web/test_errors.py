"""Errors become problem documents (RFC 9457) without internal details."""

from http import HTTPStatus

import pytest
from fastapi import FastAPI, HTTPException
from httpx import AsyncClient
from pydantic import BaseModel
from tortoise import Tortoise
from tortoise.exceptions import IntegrityError, ValidationError

from app.web.errors import Conflict, NotFound


class Payment(BaseModel, extra="forbid"):
    card: str
    amount: int


@pytest.fixture(autouse=True)
def _routes(app: FastAPI) -> None:
    async def pay(payment: Payment) -> Payment:
        return payment

    async def cancel(number: int) -> None:
        pass

    async def count() -> None:
        await Tortoise.get_connection("default").execute_query("SELECT 1")

    app.add_api_route("/payments", pay, methods=["POST"])
    app.add_api_route("/payments/mine", pay, methods=["PATCH"])
    app.add_api_route("/payments/{number}", cancel, methods=["DELETE"])
    app.add_api_route("/count", count)


async def test_a_value_that_only_tortoise_refuses_is_not_repeated(
    app: FastAPI, client: AsyncClient
) -> None:
    async def fail() -> None:
        raise ValidationError("name: Length of 'hunter2' 7 > 3")

    app.add_api_route("/fail", fail)

    response = await client.get("/fail")

    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "name"
    assert "hunter2" not in response.text


@pytest.mark.parametrize(
    ("error", "status", "detail"),
    [
        (HTTPException(401, headers={"WWW-Authenticate": "Bearer"}), 401, "Unauthorized"),
        (NotFound("There is no such tree"), 404, "There is no such tree"),
        (Conflict("The name is taken"), 409, "The name is taken"),
        (
            IntegrityError("UNIQUE internal-7"),
            409,
            "Another row has one of these values, or still refers to this one",
        ),
        (RuntimeError("internal-7"), 500, "Something went wrong on our side"),
        (TimeoutError("internal-7"), 500, "Something went wrong on our side"),
    ],
)
async def test_an_error_becomes_a_problem_document(
    app: FastAPI, client: AsyncClient, error: Exception, status: int, detail: str
) -> None:
    async def fail() -> None:
        raise error

    app.add_api_route("/fails", fail)

    response = await client.get("/fails")

    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert ("www-authenticate" in response.headers) == (status == 401)
    assert response.json() == {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "request_id": response.headers["x-request-id"],
    }


async def test_an_unavailable_database_is_503_with_retry_after(
    client: AsyncClient, no_database: None
) -> None:
    response = await client.get("/count")

    assert response.status_code == response.json()["status"] == 503
    assert int(response.headers["retry-after"]) > 0


async def test_unknown_paths_and_methods_are_problems_too(client: AsyncClient) -> None:
    unknown = await client.get("/nowhere")
    wrong_method = await client.post("/health/live")
    more_methods = await client.put("/payments/mine")

    assert unknown.json()["status"] == unknown.status_code == 404
    assert wrong_method.json()["status"] == wrong_method.status_code == 405
    assert wrong_method.headers["allow"] == "GET, HEAD"
    assert more_methods.headers["allow"] == "PATCH"


async def test_invalid_fields_are_named_without_what_was_sent(client: AsyncClient) -> None:
    response = await client.post("/payments", json={"amount": "hunter2"})

    assert response.status_code == response.json()["status"] == 422
    faults = [(fault["field"], fault["type"]) for fault in response.json()["errors"]]
    assert faults == [("card", "missing"), ("amount", "int_parsing")]
    assert "hunter2" not in response.text


async def test_many_invalid_fields_are_counted(client: AsyncClient) -> None:
    body = {"card": "x", "amount": 1} | {f"\x00{'🦊' * 100}{number}": 0 for number in range(99)}

    response = await client.post("/payments", json=body)

    errors, more = response.json()["errors"], response.json()["more"]
    assert (len(errors), more) == (20, 79)
    assert {error["field"] for error in errors} == {"\ufffd" + "🦊" * 63}
    assert len(response.content) < 8192


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'{"amount": 1, "card": "\xff"}',
        b'{"amount": NaN, "card": "x"}',
        b'{"amount": 1, "card": "x", "\\ud800": NaN}',
        b"[" * 100_000,
        b'{"card":' * 900 + b"1" + b"}" * 900,
        b"[" + b"0," * 10_000 + b"0]",
    ],
    ids=range(7),
)
async def test_a_malformed_body_is_a_client_error(client: AsyncClient, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    response = await client.post("/payments", content=body, headers=headers)

    assert 400 <= response.status_code < 500
    assert response.headers["content-type"] == "application/problem+json"
