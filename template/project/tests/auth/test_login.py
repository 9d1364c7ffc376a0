"""Signing in with a name and a password."""

import base64
import json
import time
from unittest.mock import Mock

import pytest
from argon2 import PasswordHasher
from httpx import AsyncClient

from app.core import passwords
from app.models.user import User
from tests.factories import PASSWORD, add_user, log_in

WEAK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture
async def hashing(monkeypatch: pytest.MonkeyPatch) -> Mock:
    """Watch the password library at work."""
    await passwords.verify(PASSWORD, None)  # makes what unknown names are compared with
    library = Mock(wraps=vars(passwords)["_context"])
    monkeypatch.setattr(passwords, "_context", library)
    return library


async def test_the_answer_is_that_of_oauth(client: AsyncClient) -> None:
    await add_user("ada")

    response = await log_in(client, "ada")

    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    tokens = response.json()
    assert tokens.keys() == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert (tokens["token_type"], tokens["expires_in"]) == ("bearer", 15 * 60)


async def test_an_access_token_says_whose_it_is_and_until_when(client: AsyncClient) -> None:
    ada = await add_user("ada", role="admin")

    tokens = (await log_in(client, "ada")).json()

    payload = tokens["access_token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    assert claims.keys() == {"iss", "aud", "sub", "sid", "jti", "typ", "iat", "nbf", "exp"}
    assert claims["sub"] == str(ada.id)
    assert claims["exp"] - claims["iat"] == tokens["expires_in"]
    assert abs(claims["iat"] - time.time()) < 60


@pytest.mark.parametrize(
    "name", ["ada", "ADA", " ada ", "ａｄａ", "ada@example.org", "Ada@Example.ORG"]
)
async def test_people_sign_in_by_name_or_address_in_any_case(
    client: AsyncClient, hashing: Mock, name: str
) -> None:
    await add_user("ada")

    response = await log_in(client, name)

    assert response.status_code == 200
    assert [call[0] for call in hashing.method_calls] == ["verify_and_update"]


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("nobody", PASSWORD),
        ("ada", "wrong"),
        ("ada", f"{PASSWORD} "),
        ("disabled", PASSWORD),
        ("grace", "x" * 1025),
        ("grace", "x" * 900_000),
        ("ada\x00", PASSWORD),
        ("%", PASSWORD),
    ],
    ids=range(8),
)
async def test_every_failure_looks_and_costs_the_same(
    client: AsyncClient, hashing: Mock, name: str, password: str
) -> None:
    await add_user("ada")
    await add_user("grace", password="x" * 1024)
    disabled = await add_user("disabled")
    await disabled.update_from_dict({"is_active": False}).save()
    hashing.reset_mock()

    response = await log_in(client, name, password)

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.json()["detail"] == "The name or the password is wrong"
    (call,) = hashing.method_calls
    assert call[0] == "verify_and_update"
    assert len(call.args[0]) <= 1024


async def test_a_weak_hash_is_replaced_when_its_owner_signs_in(client: AsyncClient) -> None:
    ada = await add_user("ada")
    await ada.update_from_dict({"password_hash": WEAK.hash(PASSWORD)}).save()

    first = await log_in(client, "ada")
    stored = await User.get(username="ada")
    second = await log_in(client, "ada")

    assert stored.password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert first.status_code == second.status_code == 200


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
async def test_a_form_without_sense_is_the_clients_fault(client: AsyncClient, body: bytes) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    response = await client.post("/api/auth/login", content=body, headers=headers)

    assert 400 <= response.status_code < 500
