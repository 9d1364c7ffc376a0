"""Settings of accounts."""

import pytest

from app.auth.settings import derive, get_auth_settings
from app.main import create_app
from tests.conftest import ChangeSettings


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
    ],
)
def test_a_key_that_can_be_guessed_is_refused(change_settings: ChangeSettings, key: str) -> None:
    change_settings(SECRET_KEY=key)

    with pytest.raises(SystemExit, match="\n  SECRET_KEY: ") as refusal:
        create_app()

    assert not key or key not in str(refusal.value)


def test_each_purpose_has_a_key_of_its_own() -> None:
    secret = get_auth_settings().secret_key
    read, write = (derive(secret, purpose) for purpose in ("read", "write"))

    assert read != write
    assert read == derive(secret, "read")


@pytest.mark.parametrize(
    "rate", ["10", "0/minute", "10/week", "-1/minute", "10 per minute", "1.5/hour"]
)
def test_a_rate_is_a_number_and_a_time(change_settings: ChangeSettings, rate: str) -> None:
    change_settings(RATE_LIMIT_LOGIN=rate)

    with pytest.raises(SystemExit, match="\n  RATE_LIMIT_LOGIN: write a number and a time"):
        create_app()
