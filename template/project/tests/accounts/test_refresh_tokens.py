"""Sign-in with tokens: rotation of refresh tokens, and the end of a session."""

import asyncio
import base64
import hashlib
import json
import time

import pytest
from httpx import AsyncClient, Response
from tortoise import timezone

from app.accounts.models import Token, User
from tests.conftest import LogLines
from tests.factories import PASSWORD, add_user, bearer, log_in

Tokens = dict[str, str]


async def refresh(client: AsyncClient, token: str) -> Response:
    return await client.post("/api/auth/refresh", json={"refresh_token": token})


async def status_of(client: AsyncClient, tokens: Tokens) -> int:
    """Return the status of a request that carries the access token."""
    headers = bearer(tokens["access_token"])
    return (await client.get("/api/users/me", headers=headers)).status_code


@pytest.fixture
async def tokens(client: AsyncClient) -> Tokens:
    """Return Ada's tokens."""
    await add_user("ada")
    pair: Tokens = (await log_in(client, "ada")).json()
    return pair


async def test_login_returns_an_oauth_token_response(client: AsyncClient) -> None:
    await add_user("ada")

    response = await log_in(client, "ada")

    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    tokens = response.json()
    assert tokens.keys() == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert (tokens["token_type"], tokens["expires_in"]) == ("bearer", 15 * 60)


async def test_an_access_token_names_its_owner_and_its_expiry(client: AsyncClient) -> None:
    ada = await add_user("ada", role="admin")

    tokens = (await log_in(client, "ada")).json()

    payload = tokens["access_token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    assert claims.keys() == {"iss", "aud", "sub", "sid", "jti", "typ", "iat", "nbf", "exp"}
    assert claims["sub"] == str(ada.id)
    assert claims["exp"] - claims["iat"] == tokens["expires_in"]
    assert abs(claims["iat"] - time.time()) < 60


async def test_a_refresh_token_yields_a_new_pair(client: AsyncClient, tokens: Tokens) -> None:
    response = await refresh(client, tokens["refresh_token"])

    assert response.status_code == 200
    assert response.json().keys() == tokens.keys()
    assert response.json()["refresh_token"] != tokens["refresh_token"]
    assert await status_of(client, response.json()) == 200


async def test_clients_of_oauth_refresh_with_a_form(client: AsyncClient, tokens: Tokens) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}

    refused = await client.post("/api/auth/refresh", data=form | {"grant_type": "password"})
    response = await client.post("/api/auth/refresh", data=form | {"scope": "", "client_id": "x"})

    assert (refused.status_code, refused.json()["error"]) == (400, "unsupported_grant_type")
    assert response.json().keys() == tokens.keys()
    assert response.headers["cache-control"] == "no-store"


async def test_reuse_revokes_the_session(client: AsyncClient, tokens: Tokens) -> None:
    successor = (await refresh(client, tokens["refresh_token"])).json()

    again = await refresh(client, tokens["refresh_token"])

    assert again.status_code == 401
    assert again.json()["error"] == "invalid_grant"
    assert (await refresh(client, successor["refresh_token"])).status_code == 401
    assert await status_of(client, successor) == await status_of(client, tokens) == 401


async def test_of_ten_parallel_uses_one_succeeds_and_the_session_is_revoked(
    client: AsyncClient, tokens: Tokens, log_lines: LogLines
) -> None:
    answers = await asyncio.gather(*(refresh(client, tokens["refresh_token"]) for _ in range(10)))

    winner, *losers = sorted(answers, key=lambda answer: answer.status_code)
    assert winner.status_code == 200
    assert [loser.status_code for loser in losers] == [401] * 9
    assert "Refresh token used twice" in str(log_lines())
    assert await status_of(client, winner.json()) == 401
    assert (await refresh(client, winner.json()["refresh_token"])).status_code == 401


async def test_logout_revokes_its_session_and_no_other(client: AsyncClient, tokens: Tokens) -> None:
    other = (await log_in(client, "ada")).json()
    successor = (await refresh(client, tokens["refresh_token"])).json()

    body = {"refresh_token": tokens["refresh_token"]}
    response = await client.post("/api/auth/logout", json=body)

    assert response.status_code == 204
    assert await status_of(client, successor) == 401
    assert (await refresh(client, successor["refresh_token"])).status_code == 401
    assert await status_of(client, other) == 200


async def test_the_tokens_of_a_disabled_user_are_refused(
    client: AsyncClient, tokens: Tokens
) -> None:
    await User.all().update(is_active=False)

    assert await status_of(client, tokens) == 401
    assert (await refresh(client, tokens["refresh_token"])).status_code == 401


async def test_logout_reveals_nothing_about_a_token(client: AsyncClient, tokens: Tokens) -> None:
    for token in (tokens["refresh_token"], tokens["refresh_token"], "unknown"):
        response = await client.post("/api/auth/logout", json={"refresh_token": token})

        assert response.status_code == 204


async def test_an_expired_refresh_token_is_refused(client: AsyncClient, tokens: Tokens) -> None:
    await Token.all().update(expires_at=timezone.now())

    response = await refresh(client, tokens["refresh_token"])

    assert response.status_code == 401
    assert await status_of(client, tokens) == 401


async def test_an_access_token_is_no_refresh_token(client: AsyncClient, tokens: Tokens) -> None:
    wrong_way = await refresh(client, tokens["access_token"])
    other_way = await status_of(client, tokens | {"access_token": tokens["refresh_token"]})

    assert 400 <= wrong_way.status_code < 500
    assert other_way == 401


@pytest.mark.parametrize("token", ["unknown", "", "\x00", "\ud800", "x" * 5000, None, 1])
async def test_an_unknown_or_malformed_refresh_token_is_refused(
    client: AsyncClient, token: object
) -> None:
    body = json.dumps({"refresh_token": token})
    headers = {"Content-Type": "application/json"}
    response = await client.post("/api/auth/refresh", content=body, headers=headers)

    assert response.status_code in {401, 422}


async def test_only_the_digest_of_a_refresh_token_is_stored(
    client: AsyncClient, tokens: Tokens
) -> None:
    (row,) = await Token.all().values()

    assert row["secret_hash"] == hashlib.sha256(tokens["refresh_token"].encode()).hexdigest()
    assert tokens["refresh_token"] not in str(row)


async def test_no_secret_is_logged_even_at_debug(
    client: AsyncClient, tokens: Tokens, log_lines: LogLines
) -> None:
    rotated = (await refresh(client, tokens["refresh_token"])).json()
    await status_of(client, rotated)
    await refresh(client, tokens["refresh_token"])
    await log_in(client, "ada", "hunter2")
    await log_in(client, "ada")
    await client.post("/api/auth/logout", json={"refresh_token": rotated["refresh_token"]})

    log = str(log_lines())
    assert log.count("'app.access'") == 6
    for pair in (tokens, rotated):
        assert pair["access_token"] not in log
        assert pair["refresh_token"] not in log
    assert PASSWORD not in log
    assert "hunter2" not in log


async def test_a_new_password_revokes_every_session(client: AsyncClient, tokens: Tokens) -> None:
    other = (await log_in(client, "ada")).json()
    new = "staple battery horse correct"
    body = {"current_password": PASSWORD, "new_password": new, "confirm_password": new}

    response = await client.put(
        "/api/users/me/password", json=body, headers=bearer(other["access_token"])
    )

    assert response.status_code == 204
    for pair in (tokens, other):
        assert await status_of(client, pair) == 401
        assert (await refresh(client, pair["refresh_token"])).status_code == 401
    assert (await log_in(client, "ada")).status_code == 401
    assert (await log_in(client, "ada", new)).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"username=%ed%a0%80&password=%ed%a0%80",
        b"username=%00&password=%00",
        b"&".join(b"f%d=" % number for number in range(50_000)),
    ],
    ids=range(4),
)
async def test_a_malformed_form_is_a_client_error(client: AsyncClient, body: bytes) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    response = await client.post("/api/auth/login", content=body, headers=headers)

    assert 400 <= response.status_code < 500
