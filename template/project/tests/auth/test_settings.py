"""Settings of accounts."""

import pytest

from app.auth.settings import get_auth_settings
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


@pytest.mark.parametrize(
    ("environment", "registration", "is_open"),
    [
        ("development", "", True),
        ("production", "", False),
        ("production", "open", True),
        ("development", "closed", False),
    ],
)
def test_production_registers_strangers_only_if_told_so(
    change_settings: ChangeSettings, environment: str, registration: str, *, is_open: bool
) -> None:
    change_settings(ENVIRONMENT=environment, REGISTRATION=registration)

    assert get_auth_settings().registration_is_open == is_open


def test_each_purpose_has_a_key_of_its_own() -> None:
    read, write = (get_auth_settings().key_for(purpose) for purpose in ("read", "write"))

    assert read != write
    assert read == get_auth_settings().key_for("read")
