"""Signing in with a name and a password."""

from collections.abc import Callable
from unittest.mock import Mock

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response
from tortoise.expressions import F

from app.accounts import passwords
from app.accounts.models import LoginFailure, User
from app.config import get_settings
from tests.conftest import ChangeSettings, LogLines
from tests.factories import PASSWORD, add_user, headers_of, log_in

WEAK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
Elsewhere = Callable[[int], AsyncClient]


@pytest.fixture
def elsewhere(app: FastAPI) -> Elsewhere:
    """Offer a function that makes a client in another network."""

    def client_of(number: int) -> AsyncClient:
        transport = ASGITransport(app, client=(f"192.0.2.{number}", 1))
        return AsyncClient(transport=transport, base_url="http://test")

    return client_of


@pytest.fixture
def hashing(monkeypatch: pytest.MonkeyPatch) -> Mock:
    """Spy on the password library."""
    library = Mock(wraps=vars(passwords)["_context"])
    monkeypatch.setattr(passwords, "_context", library)
    return library


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        *(("ada", typed) for typed in ["ada", "ADA", " ada ", "ａｄａ", "Ada@Example.ORG"]),
        ("zoë", "zoe\N{COMBINING DIAERESIS}@example.org"),
    ],
)
async def test_people_sign_in_by_name_or_address_as_they_type_it(
    client: AsyncClient, hashing: Mock, name: str, typed: str
) -> None:
    await add_user(name)
    hashing.reset_mock()

    response = await log_in(client, typed)

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
        ("grace", "x" * 60_000),
        ("ada\x00", PASSWORD),
        ("%", PASSWORD),
    ],
    ids=range(8),
)
async def test_every_failed_sign_in_has_the_same_response_and_hashing_cost(
    client: AsyncClient, hashing: Mock, name: str, password: str
) -> None:
    await add_user("ada")
    await add_user("grace", password="x" * 1024)
    disabled = await add_user("disabled")
    await disabled.update_from_dict({"is_active": False}).save()
    hashing.reset_mock()

    response = await log_in(client, name, password)

    assert response.status_code == 401
    assert response.headers["www-authenticate"]
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


async def test_after_too_many_failures_the_right_password_is_refused_too(
    client: AsyncClient,
) -> None:
    await add_user("ada")
    for name in ("nobody", "ada"):
        statuses = [(await log_in(client, name, "wrong")).status_code for _ in range(11)]

        assert statuses == [401] * 10 + [429]

    response = await log_in(client, "ada")
    assert response.status_code == 429
    assert 1 <= int(response.headers["retry-after"]) <= 66  # windows slide
    assert (await log_in(client, "ada@example.org")).status_code == 200


@pytest.mark.parametrize(("minutes", "status"), [(1, 429), (2, 200)])
async def test_nobody_is_locked_out_for_good(
    client: AsyncClient, minutes: int, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What happened a minute ago counts in full only at the start of the next one.
    monkeypatch.setattr("app.accounts.attempts.time", Mock(time=lambda: 1_800_000_000))
    await add_user("ada")
    for _ in range(10):
        await log_in(client, "ada", "wrong")
    await LoginFailure.all().update(window=F("window") - 60 * minutes, count=1000)

    assert (await log_in(client, "ada")).status_code == status


@pytest.mark.settings(RATE_LIMIT_LOGIN="2/day")
async def test_guesses_from_one_network_lock_nobody_out_elsewhere(
    client: AsyncClient, elsewhere: Elsewhere
) -> None:
    await add_user("ada")

    statuses = [(await log_in(client, "ada", "wrong")).status_code for _ in range(25)]

    assert statuses == [401] * 2 + [429] * 23
    async with elsewhere(0) as home:
        assert (await log_in(home, "ada")).status_code == 200
    assert (await log_in(client, "ada")).status_code == 429  # a success resets no other count


@pytest.mark.settings(RATE_LIMIT_LOGIN="2/day")
async def test_guesses_from_many_networks_are_rate_limited(
    client: AsyncClient, elsewhere: Elsewhere
) -> None:
    await add_user("ada")
    for number in range(10):
        async with elsewhere(number) as place:
            assert [(await log_in(place, "ada", "x")).status_code for _ in "12"] == [401] * 2

    assert (await log_in(client, "ada")).status_code == 429


async def test_a_successful_sign_in_resets_the_count_of_attempts(client: AsyncClient) -> None:
    await add_user("ada")
    for _ in range(3):
        statuses = [
            (await log_in(client, "ada", password)).status_code
            for password in ["wrong"] * 9 + [PASSWORD]
        ]

        assert statuses == [401] * 9 + [200]


@pytest.mark.settings(RATE_LIMIT_LOGIN="10/day")  # no window ends on the way
async def test_sign_ins_from_one_network_are_limited_across_names(client: AsyncClient) -> None:
    statuses = [(await log_in(client, f"name{number}")).status_code for number in range(51)]

    assert statuses == [401] * 50 + [429]


@pytest.mark.settings(RATE_LIMIT_SIGN_UP="2/day")
async def test_registrations_from_one_network_are_rate_limited(
    client: AsyncClient, elsewhere: Elsewhere
) -> None:
    form = {"password": PASSWORD, "confirm_password": PASSWORD}

    async def register(http: AsyncClient, number: int) -> Response:
        new = {"username": f"ada{number}", "email": f"ada{number}@example.org"}
        return await http.post("/api/users", json=form | new)

    answers = [await register(client, number) for number in range(3)]

    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert int(answers[2].headers["retry-after"]) > 0
    async with elsewhere(0) as place:
        assert (await register(place, 3)).status_code == 201
    client.headers.update(await headers_of(await add_user("root", role="admin")))
    assert (await register(client, 4)).status_code == 201


@pytest.mark.parametrize(
    ("headers", "lines"),
    [
        ({}, 0),
        ({"X-Forwarded-For": "192.0.2.1"}, 1),
        ({"Forwarded": "for=192.0.2.1"}, 1),
        ({"X-Forwarded-For": "127.0.0.1"}, 0),  # it was trusted: the client is a named one
    ],
)
async def test_an_untrusted_proxy_is_logged_once(
    app: FastAPI, client: AsyncClient, log_lines: LogLines, headers: dict[str, str], lines: int
) -> None:
    for name in ("ada", "grace"):
        client.headers.update(headers)
        await log_in(client, name)

    found = [line["message"] for line in log_lines() if "TRUSTED_PROXIES" in line["message"]]
    assert len(found) == lines


@pytest.mark.parametrize(
    ("registration", "role", "status"),
    [
        ("open", "stranger", 201),
        ("closed", "stranger", 401),
        ("closed", None, 403),
        ("closed", "member", 403),
        ("closed", "admin", 201),
    ],
)
async def test_closed_registration_is_for_administrators(
    client: AsyncClient,
    change_settings: ChangeSettings,
    registration: str,
    role: str | None,
    status: int,
) -> None:
    change_settings(REGISTRATION=registration)
    if role != "stranger":
        client.headers.update(await headers_of(await add_user("ada", role=role)))
    form = {"username": "eve", "email": "eve@example.org", "password": PASSWORD}

    response = await client.post("/api/users", json={**form, "confirm_password": PASSWORD})

    assert response.status_code == status


@pytest.mark.parametrize(
    ("environment", "registration", "is_open"),
    [
        ("development", "", True),
        ("production", "", False),
        ("production", "open", True),
        ("development", "closed", False),
    ],
)
def test_registration_is_closed_in_production_unless_set_open(
    change_settings: ChangeSettings, environment: str, registration: str, *, is_open: bool
) -> None:
    change_settings(ENVIRONMENT=environment, REGISTRATION=registration)

    assert get_settings().registration_is_open == is_open
