"""Signing in with a name and a password."""

from unittest.mock import Mock

import pytest
from argon2 import PasswordHasher
from httpx import AsyncClient
from tortoise.expressions import F

from app.accounts import passwords
from app.accounts.models import LoginFailure, User
from app.config import get_settings
from tests.conftest import ChangeSettings
from tests.factories import PASSWORD, add_user, headers_of, log_in

WEAK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


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
    for name in ("ada", "nobody"):
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


async def test_a_success_starts_the_count_anew(client: AsyncClient) -> None:
    await add_user("ada")
    for _ in range(3):
        statuses = [
            (await log_in(client, "ada", password)).status_code
            for password in ["wrong"] * 9 + [PASSWORD]
        ]

        assert statuses == [401] * 9 + [200]


@pytest.mark.settings(RATE_LIMIT_LOGIN="10/day")  # no window ends on the way
async def test_the_limit_holds_for_one_address(client: AsyncClient) -> None:
    statuses = [(await log_in(client, f"name{number}")).status_code for number in range(51)]

    assert statuses == [401] * 50 + [429]


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
