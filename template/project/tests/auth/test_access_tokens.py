"""What is accepted as an access token, and what is not."""

import base64
import hmac
import json
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response

from app.auth.settings import get_auth_settings
from app.services import token as token_service
from tests.factories import access_token, add_user, bearer

PUBLIC = {
    ("/api/auth/login", "post"),
    ("/api/auth/logout", "post"),
    ("/api/auth/refresh", "post"),
    ("/api/users", "post"),
    ("/health/live", "get"),
    ("/health/ready", "get"),
}
IN_AN_HOUR = int(time.time()) + 3600


async def token_with(**claims: object) -> str:
    """Open a session for Ada and return an access token with other claims."""
    ada = await add_user("ada")
    family, _ = await token_service.open_family(ada, lifetime=timedelta(hours=1))
    return access_token(ada, family, **claims)


def forge(token: str, *, alg: str = "HS256", key: bytes = b"", **header: object) -> str:
    """Sign the claims again (RFC 7515 §3), with another header or another key."""
    head = base64.urlsafe_b64encode(json.dumps({"alg": alg, **header}).encode()).rstrip(b"=")
    signed = head + b"." + token.split(".")[1].encode()
    digest = "sha512" if alg == "HS512" else "sha256"
    signature = hmac.digest(key or get_auth_settings().key_for("access"), signed, digest)
    return (signed + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


async def ask(client: AsyncClient, token: str) -> Response:
    return await client.get("/api/users/me", headers=bearer(token))


def assert_refused(response: Response) -> None:
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"


async def test_a_token_with_all_claims_and_our_signature_is_accepted(client: AsyncClient) -> None:
    token = await token_with()

    assert (await ask(client, token)).status_code == 200
    assert (await ask(client, forge(token))).status_code == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": IN_AN_HOUR - 7200},
        {"exp": "soon"},
        {"nbf": IN_AN_HOUR},
        {"iat": IN_AN_HOUR},
        {"aud": "another-service"},
        {"iss": "another-service"},
        {"typ": "refresh"},
        {"sub": "9999"},
        {"sub": "ada"},
        {"sub": str(10**40)},
        {"sub": ["1"]},
        {"sid": "7a9f1f6e-3b0f-4f0e-9c0a-6a1f0c7b2d11"},
        {"sid": "x"},
        {"sid": 7},
        *({name: None} for name in ("exp", "nbf", "iat", "aud", "iss", "typ", "sub", "sid", "jti")),
    ],
    ids=str,
)
async def test_a_wrong_or_missing_claim_is_refused(
    client: AsyncClient, claims: dict[str, object]
) -> None:
    token = await token_with(**claims)

    assert_refused(await ask(client, token))


@pytest.mark.parametrize(
    "change",
    [
        lambda token: forge(token, alg="none"),
        lambda token: forge(token, alg="nOnE").rpartition(".")[0] + ".",
        lambda token: forge(token, alg="HS512"),
        lambda token: forge(token, crit=["exp"]),
        lambda token: forge(token, key=get_auth_settings().key_for("refresh")),
        lambda token: forge(token, key=get_auth_settings().secret_key.get_secret_value().encode()),
        lambda token: token[:-4],
        lambda token: token.rpartition(".")[0],
        lambda token: token.replace(".", ".e30", 1),
    ],
    ids=range(9),
)
async def test_a_forged_token_is_refused(client: AsyncClient, change: Callable[[str], str]) -> None:
    token = await token_with()

    assert_refused(await ask(client, change(token)))


async def test_a_session_serves_nobody_but_its_owner(client: AsyncClient) -> None:
    eve = await add_user("eve")
    token = await token_with(sub=str(eve.id))

    assert_refused(await ask(client, token))


@pytest.mark.parametrize(
    "value",
    [b"", b"Bearer", b"Basic YWRhOmFkYQ==", b"Bearer a.b.c", b"Bearer \xff\xe9", b"Bearer" * 999],
    ids=range(6),
)
async def test_another_authorization_header_is_refused(client: AsyncClient, value: bytes) -> None:
    response = await client.get("/api/users/me", headers={b"Authorization": value})

    assert_refused(response)


async def test_a_token_is_sent_once_as_a_bearer_and_not_in_the_url(client: AsyncClient) -> None:
    token = await token_with()
    header = ("Authorization", f"Bearer {token}")

    assert_refused(await client.get("/api/users/me", headers=[header, header]))
    assert_refused(await client.get("/api/users/me", headers={"Authorization": f"Basic {token}"}))
    assert_refused(await client.get("/api/users/me", params={"access_token": token}))


async def test_every_operation_that_is_not_public_needs_a_caller(
    app: FastAPI, client: AsyncClient
) -> None:
    paths = app.openapi()["paths"]
    operations = {(path, method) for path in paths for method in paths[path]}

    assert operations > PUBLIC
    for path, method in operations - PUBLIC:
        assert_refused(await client.request(method, path.replace("{", "").replace("}", "")))
