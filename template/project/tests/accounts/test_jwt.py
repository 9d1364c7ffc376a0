"""Access tokens: which are accepted and which refused, with any signing library."""

import base64
import hmac
import json
import time
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from httpx import AsyncClient, Response
from tortoise import timezone

from app import NAME
from app.accounts import signed_tokens, tokens
from app.accounts.refresh_tokens import REFRESH
from app.accounts.settings import derive_key
from app.config import get_settings
from tests.conftest import ChangeSettings
from tests.factories import add_user, bearer

KEY = b"0123456789abcdef0123456789abcdef"
KEYS = signed_tokens.Keys([KEY])
EXPECTED = {"audience": "us", "issuer": "us", "token_type": "access"}
NOW = int(time.time())
CLAIMS: dict[str, object] = {"iat": NOW, "nbf": NOW, "exp": NOW + 3600}
CLAIMS |= {"sub": "1", "aud": "us", "iss": "us", "jti": "1", "typ": "access"}
PAST, FUTURE = 1_000_000_000, 4_000_000_000
"""Times in 2001 and 2096, which do not change: xdist compares the ids of tests."""


async def token_of(name: str, **claims: object) -> str:
    """Open a session and return an access token with changed claims; None removes a claim."""
    user = await add_user(name)
    expires_at = timezone.now() + timedelta(hours=1)
    row, _ = await tokens.issue(user, REFRESH, expires_at=expires_at)
    now = int(time.time())
    good: dict[str, object] = {"iss": NAME, "aud": NAME, "typ": "access", "jti": uuid4().hex}
    good |= {"sub": str(user.id), "sid": str(row.family), "iat": now, "nbf": now, "exp": now + 60}
    changed = {name: value for name, value in (good | claims).items() if value is not None}
    return signed_tokens.encode(changed, get_settings().access_keys)


def forge(token: str, *, alg: str = "HS256", key: bytes = b"", **header: object) -> str:
    """Sign the claims of a token again (RFC 7515 §3), with another header or key."""
    keys = get_settings().access_keys
    parts = {"alg": alg, "kid": keys.newest_id, **header}
    head = base64.urlsafe_b64encode(json.dumps(parts).encode()).rstrip(b"=")
    signed = head + b"." + token.split(".")[1].encode()
    digest = "sha512" if alg == "HS512" else "sha256"
    signature = hmac.digest(key or keys.by_id[keys.newest_id], signed, digest)
    return (signed + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


async def ask(client: AsyncClient, token: str) -> Response:
    return await client.get("/api/users/me", headers=bearer(token))


def assert_refused(response: Response, error: str | None = "invalid_token") -> None:
    """Check the challenge (RFC 6750 §3)."""
    assert response.status_code == 401
    reason = f', error="{error}"' if error else ""
    assert response.headers["www-authenticate"].startswith(f'Bearer realm="{NAME}"{reason}')
    assert ("error=" in response.headers["www-authenticate"]) == bool(error)


async def test_a_token_with_all_claims_and_our_signature_is_accepted(client: AsyncClient) -> None:
    token = await token_of("ada")

    assert (await ask(client, token)).status_code == 200
    assert (await ask(client, forge(token))).status_code == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": PAST},
        {"exp": "soon"},
        {"nbf": FUTURE},
        {"iat": FUTURE},
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
    token = await token_of("ada", **claims)

    assert_refused(await ask(client, token))


@pytest.mark.parametrize(
    "change",
    [
        lambda token: forge(token, alg="none"),
        lambda token: forge(token, alg="nOnE").rpartition(".")[0] + ".",
        lambda token: forge(token, alg="HS512"),
        lambda token: forge(token, crit=["exp"]),
        lambda token: forge(token, kid="another"),
        lambda token: forge(token, kid=["x"]),
        lambda token: forge(token, kid=None),
        lambda token: forge(token, key=derive_key(get_settings().secret_key, "refresh")),
        lambda token: forge(token, key=get_settings().secret_key.get_secret_value().encode()),
        lambda token: token[:-4],
        lambda token: token.rpartition(".")[0],
        lambda token: token.replace(".", ".e30", 1),
    ],
    ids=range(12),
)
async def test_a_forged_token_is_refused(client: AsyncClient, change: Callable[[str], str]) -> None:
    token = await token_of("ada")

    assert_refused(await ask(client, change(token)))


async def test_a_token_for_the_session_of_another_user_is_refused(client: AsyncClient) -> None:
    eve = await add_user("eve")
    token = await token_of("ada", sub=str(eve.id))

    assert_refused(await ask(client, token))


@pytest.mark.parametrize(
    ("value", "error"),
    [
        *((value, None) for value in [b"", b"Basic YWRhOmFkYQ==", b"Bearer" * 999]),
        *((value, "invalid_token") for value in [b"Bearer", b"Bearer a.b.c", b"Bearer \xff\xe9"]),
    ],
    ids=range(6),
)
async def test_a_malformed_authorization_header_is_refused(
    client: AsyncClient, value: bytes, error: str | None
) -> None:
    response = await client.get("/api/users/me", headers={b"Authorization": value})

    assert_refused(response, error)


async def test_a_repeated_token_another_scheme_or_a_token_in_the_url_is_refused(
    client: AsyncClient,
) -> None:
    token = await token_of("ada")
    header = ("Authorization", f"Bearer {token}")

    basic = {"Authorization": f"Basic {token}"}
    twice = await client.get("/api/users/me", headers=[header, header])
    assert_refused(twice, "invalid_request")
    assert_refused(await client.get("/api/users/me", headers=basic), None)
    assert_refused(await client.get("/api/users/me", params={"access_token": token}), None)


async def test_an_invalid_token_is_refused_on_public_routes_too(client: AsyncClient) -> None:
    response = await client.post("/api/users", json={}, headers=bearer("invalid"))

    assert_refused(response)


async def test_a_key_is_rotated_while_tokens_of_the_old_one_work(
    client: AsyncClient, change_settings: ChangeSettings
) -> None:
    old_key = get_settings().secret_key.get_secret_value()
    old = await token_of("ada")

    change_settings(SECRET_KEY=old_key[::-1], SECRET_KEYS_PREVIOUS=old_key)
    new = await token_of("eve")
    assert [(await ask(client, token)).status_code for token in (old, new)] == [200, 200]

    change_settings(SECRET_KEY=old_key[::-1], SECRET_KEYS_PREVIOUS="")
    assert [(await ask(client, token)).status_code for token in (old, new)] == [401, 200]


def test_signed_claims_are_decoded() -> None:
    assert signed_tokens.decode(signed_tokens.encode(CLAIMS, KEYS), KEYS, **EXPECTED) == CLAIMS


@pytest.mark.parametrize("name", CLAIMS)
def test_every_claim_is_required(name: str) -> None:
    token = signed_tokens.encode({other: CLAIMS[other] for other in CLAIMS if other != name}, KEYS)

    with pytest.raises(signed_tokens.InvalidToken):
        signed_tokens.decode(token, KEYS, **EXPECTED)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b.c",
        "\x00",
        "é.é.é",
        "\ud800",
        "e30.e30.e30",
        signed_tokens.encode(CLAIMS, signed_tokens.Keys([KEY[::-1]])),
    ],
)
def test_a_token_that_we_did_not_sign_is_invalid(token: str) -> None:
    with pytest.raises(signed_tokens.InvalidToken):
        signed_tokens.decode(token, KEYS, **EXPECTED)


def test_an_older_key_still_verifies_and_the_newest_signs() -> None:
    old, new = signed_tokens.Keys([KEY[::-1]]), signed_tokens.Keys([KEY, KEY[::-1]])

    assert signed_tokens.decode(signed_tokens.encode(CLAIMS, old), new, **EXPECTED) == CLAIMS
    with pytest.raises(signed_tokens.InvalidToken):
        signed_tokens.decode(signed_tokens.encode(CLAIMS, new), old, **EXPECTED)
