"""Settings and commands of accounts."""

from datetime import timedelta

import pytest
from httpx import AsyncClient
from tortoise import timezone

from app.accounts import passwords, tokens
from app.accounts.models import Token, User
from app.accounts.settings import derive_key
from app.config import get_settings
from app.main import create_app
from tests.conftest import ChangeSettings, run
from tests.factories import PASSWORD, add_user

CREATE_ADMIN = ("create-admin", "--username", "root", "--email", "root@example.org")


async def test_the_first_administrator_has_the_typed_password(database: None) -> None:
    result = await run(*CREATE_ADMIN, "--password-stdin", typed=f"{PASSWORD}\n")

    assert result.output == "Created the administrator root.\n"
    root = await User.get(roles__name="admin")
    assert root.username == "root"
    assert await passwords.verify(PASSWORD, root.password_hash) == (True, None)


async def test_create_admin_shows_a_generated_password_once(database: None) -> None:
    result = await run(*CREATE_ADMIN)

    password = result.output.split()[-1]
    root = await User.get(username="root")
    assert await passwords.verify(password, root.password_hash) == (True, None)


async def test_create_admin_does_nothing_if_there_is_an_active_administrator(
    database: None,
) -> None:
    await add_user("ada", role="admin")

    result = await run(*CREATE_ADMIN)

    assert result.exit_code == 0
    assert result.output == "There is an administrator already: ada.\n"
    assert await User.all().count() == 1


async def test_a_disabled_administrator_can_be_replaced(database: None) -> None:
    await add_user("ada", role="admin")
    await User.all().update(is_active=False)

    result = await run(*CREATE_ADMIN)

    assert result.output.startswith("Created the administrator root.")


async def test_a_password_that_is_easy_to_guess_is_refused(database: None) -> None:
    result = await run(*CREATE_ADMIN, "--password-stdin", typed="password1\n")

    assert result.exit_code == 1
    assert result.output.startswith("Error: password: ")
    assert await User.all().count() == 0


async def test_purge_deletes_expired_tokens_and_revoked_ones_without_expiry(database: None) -> None:
    ada = await add_user("ada")
    now = timezone.now()
    await tokens.issue(ada, "test", expires_at=now)
    await tokens.issue(ada, "test", expires_at=None, revoked_at=now)
    lasting, _ = await tokens.issue(ada, "test", expires_at=None)
    good, _ = await tokens.issue(ada, "test", expires_at=now + timedelta(hours=1))

    result = await run("purge")

    assert result.output == "Deleted 2 expired or revoked tokens.\n"
    assert set(await Token.all().values_list("id", flat=True)) == {good.id, lasting.id}


async def test_seed_adds_users_once(database: None) -> None:
    first = await run("seed")
    second = await run("seed")

    assert first.exit_code == second.exit_code == 0
    assert "ada exists already." in second.output
    assert await User.filter(username="ada").count() == 1


@pytest.mark.settings(ENVIRONMENT="production")
async def test_seed_adds_nobody_in_production(client: AsyncClient) -> None:
    result = await run("seed")

    assert result.exit_code == 1
    assert await User.all().count() == 0


@pytest.mark.parametrize(
    "key",
    [
        "",
        "x7Qp-2Lw9Zs4Kd8Vb-Rm6Tn",
        "written-by-just-setup",
        "changethis" * 4,
        "my-Secret-key-that-nobody-will-ever-guess",
        "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
        "abcabcabcabcabcabcabcabcabcabcabcabc",
        "12345678" * 4,
        "qwertyuiopASDFGHJKL:zxcvbnm123456",
        "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,",
        "correcthorsebatterystaple" * 2,
        "correct-horse-correct-horse-correct",
    ],
)
def test_a_key_that_can_be_guessed_is_refused(change_settings: ChangeSettings, key: str) -> None:
    change_settings(SECRET_KEY=key)

    with pytest.raises(SystemExit, match="\n  SECRET_KEY: ") as refusal:
        create_app()

    assert not key or key not in str(refusal.value)


def test_each_purpose_has_a_key_of_its_own() -> None:
    secret = get_settings().secret_key
    read, write = (derive_key(secret, purpose) for purpose in ("read", "write"))

    assert read != write
    assert read == derive_key(secret, "read")


@pytest.mark.parametrize(
    "rate", ["10", "0/minute", "10/week", "-1/minute", "10 per minute", "1.5/hour"]
)
def test_a_malformed_rate_limit_is_refused(change_settings: ChangeSettings, rate: str) -> None:
    change_settings(RATE_LIMIT_LOGIN=rate)

    with pytest.raises(SystemExit, match="\n  RATE_LIMIT_LOGIN: write a number and a unit of time"):
        create_app()


@pytest.mark.parametrize("rate", ["9999999/minute", "1001/second"])
def test_a_rate_that_limits_nothing_is_refused(change_settings: ChangeSettings, rate: str) -> None:
    change_settings(RATE_LIMIT_LOGIN=rate)

    with pytest.raises(SystemExit, match="\n  RATE_LIMIT_LOGIN: write at most 1000/second"):
        create_app()
