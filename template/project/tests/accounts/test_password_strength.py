"""Passwords that are easy to guess."""

import pytest

from app import NAME, TITLE
from app.accounts.password_strength import weakness

ABOUT = ("ada-lovelace", "grace@engines.example.org")


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("password1", "Many people use this password"),
        ("QwErTyUiOp", "Many people use this password"),
        ("P@$$w0rd2024", "Common words and passwords are easy to guess"),
        ("88888888", "Repeats"),
        ("********", "Repeats"),
        ("x" * 1024, "Repeats"),
        ("4@8({[<3690!1|7$5+%2" * 50, None),
        ("abcdefghijkl", "Sequences"),
        ("!QAZ@WSX", "Rows of keys"),
        ("11.03.1988", "Dates"),
        ("ada-lovelace", "Do not build the password from"),
        ("Ada-Lovelace2026", "Do not build the password from"),
        ("grace@engines.example.org1", "Do not build the password from"),
        ("Grace2026", "Do not build the password from"),
        ("engines!1", "Do not build the password from"),
        (f"{NAME}1", "Do not build the password from"),
        (TITLE * 2, "Do not build the password from"),
        ("correct horse", None),
        ("adafruit-soup", None),
        ("пароль-на-ночь", None),
        ("fx7Kq2Lw9Zs4", None),
        ("8 signs!", None),
    ],
    ids=lambda value: repr(value)[:20],
)
async def test_a_password_is_weak_if_it_takes_few_guesses(
    password: str, reason: str | None
) -> None:
    found = await weakness(password, ABOUT)

    assert (found is None) == (reason is None)
    assert found is None or (found.startswith(reason or "") and password not in found)
