"""What `app.core.jwt` and `app.core.passwords` promise, whichever libraries are behind them."""

import asyncio
import time

import pytest
from argon2 import PasswordHasher

from app.core import jwt, passwords

KEY = b"0123456789abcdef0123456789abcdef"
EXPECTED = {"audience": "us", "issuer": "us", "kind": "access"}
NOW = int(time.time())
CLAIMS: dict[str, object] = {"iat": NOW, "nbf": NOW, "exp": NOW + 3600}
CLAIMS |= {"sub": "1", "aud": "us", "iss": "us", "jti": "1", "typ": "access"}


def test_what_was_signed_is_read_back() -> None:
    assert jwt.decode(jwt.encode(CLAIMS, KEY), KEY, **EXPECTED) == CLAIMS


@pytest.mark.parametrize("name", CLAIMS)
def test_every_claim_is_required(name: str) -> None:
    token = jwt.encode({other: CLAIMS[other] for other in CLAIMS if other != name}, KEY)

    with pytest.raises(jwt.InvalidToken):
        jwt.decode(token, KEY, **EXPECTED)


@pytest.mark.parametrize(
    "token", ["", "a.b.c", "\x00", "é.é.é", "\ud800", "e30.e30.e30", jwt.encode(CLAIMS, KEY[::-1])]
)
def test_what_we_did_not_sign_is_called_invalid(token: str) -> None:
    with pytest.raises(jwt.InvalidToken):
        jwt.decode(token, KEY, **EXPECTED)


@pytest.mark.parametrize("password", ["correct horse", " space ", "пароль🔑", "x" * 1024, "a\x00"])
async def test_a_password_opens_its_own_hash_and_no_other(password: str) -> None:
    stored = await passwords.create_hash(password)

    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await passwords.verify(password, stored) == (True, None)
    assert await passwords.verify(f"{password}x", stored) == (False, None)
    assert await passwords.verify(password.strip()[:-1], stored) == (False, None)


async def test_two_hashes_of_one_password_differ() -> None:
    assert await passwords.create_hash("horse") != await passwords.create_hash("horse")


async def test_no_hash_is_matched_by_no_password() -> None:
    assert await passwords.verify("nobody's password", None) == (False, None)


async def test_a_weaker_hash_is_replaced_by_one_of_today() -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("horse")

    is_right, better = await passwords.verify("horse", weak)

    assert is_right
    assert better is not None
    assert await passwords.verify("horse", better) == (True, None)


async def test_the_event_loop_goes_on_while_a_password_is_hashed() -> None:
    hashing = asyncio.create_task(passwords.create_hash("horse"))
    turns = 0
    while not hashing.done():
        await asyncio.sleep(0)
        turns += 1

    assert turns > 10
