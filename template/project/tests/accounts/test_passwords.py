"""The contract of `app.accounts.passwords`, for any password library."""

import asyncio
import os

import pytest
from argon2 import PasswordHasher

from app.accounts import passwords


@pytest.mark.parametrize("password", ["correct horse", " space ", "пароль🔑", "x" * 1024, "a\x00"])
async def test_a_password_matches_its_own_hash_and_no_other(password: str) -> None:
    stored = await passwords.create_hash(password)

    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await passwords.verify(password, stored) == (True, None)
    assert await passwords.verify(f"{password}x", stored) == (False, None)
    assert await passwords.verify(password.strip()[:-1], stored) == (False, None)


async def test_two_hashes_of_one_password_differ() -> None:
    assert await passwords.create_hash("horse") != await passwords.create_hash("horse")


async def test_without_a_hash_no_password_matches() -> None:
    assert await passwords.verify("nobody's password", None) == (False, None)


async def test_a_weak_hash_is_upgraded() -> None:
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


async def test_one_network_does_not_keep_others_waiting() -> None:
    finished: list[str] = []

    async def hash_for(network: str) -> None:
        passwords.network.set(network)
        await passwords.create_hash("horse")
        finished.append(network)

    flood = 10 * (os.cpu_count() or 1)
    await asyncio.gather(*(hash_for("a") for _ in range(flood)), hash_for("b"))

    assert "b" in finished[: flood // 2]
