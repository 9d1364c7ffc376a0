"""Password hashes: argon2id, off the event loop, a few at a time.

Only this module imports `passlib`, from its maintained fork `libpass`.
"""

import asyncio
import os
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache
from typing import TypeVar

from passlib.context import CryptContext

from app.accounts.schemas import SHORTEST_PASSWORD

Result = TypeVar("Result")

# The profile of the OWASP Password Storage Cheat Sheet: 19 MiB, two passes, one lane.
_context = CryptContext(
    schemes=["argon2"],
    argon2__type="ID",
    argon2__memory_cost=19_456,
    argon2__time_cost=2,
    argon2__parallelism=1,
)

_DUMMY_HASH = _context.hash("nobody's password")


def _lower_priority() -> None:
    """Let the event loop run first; only Linux has a priority per thread."""
    with suppress(OSError):  # a sandbox may forbid it
        if sys.platform == "linux":
            os.setpriority(os.PRIO_PROCESS, 0, 15)


# More threads would take CPU time from the event loop, and 19 MiB of memory each.
_threads = ThreadPoolExecutor(max(1, (os.cpu_count() or 1) // 2), "passwords", _lower_priority)


async def create_hash(password: str) -> str:
    """Return the hash of a password of any length and script."""
    return await _in_thread(_context.hash, password)


async def verify(password: str, password_hash: str | None) -> tuple[bool, str | None]:
    """Compare a password with a stored hash.

    Without a hash, as for an unknown user, a dummy hash is verified, so that the
    response time reveals nothing.

    Returns:
        Whether they match, and a new hash to store if the old one has outdated parameters.
    """
    password = password.encode(errors="replace").decode()  # a form may hold lone surrogates
    stored = password_hash or _DUMMY_HASH
    is_right, better_hash = await _in_thread(_context.verify_and_update, password, stored)
    return bool(is_right and password_hash), better_hash


async def weakness(password: str, about: Iterable[str]) -> str | None:
    """Return why a password is easy to guess, or None.

    No character classes are required (NIST SP 800-63B-4 §3.1.1.2): a password must not be common,
    and must be long enough without the publicly known words `about` its owner.
    """
    folded = password.casefold()
    if folded in await _in_thread(_common):
        return "Many people use this password; choose another"
    for word in sorted(map(str.casefold, about), key=len, reverse=True):
        if len(word) > 2:  # noqa: PLR2004 - shorter ones occur anywhere
            folded = folded.replace(word, "")
    if len(folded) < SHORTEST_PASSWORD:
        return "Do not build it from your name, your address or the name of this service"
    return None


async def _in_thread(work: Callable[..., Result], *args: str) -> Result:
    return await asyncio.get_running_loop().run_in_executor(_threads, work, *args)


@lru_cache
def _common() -> frozenset[str]:
    """Return the common passwords of zxcvbn's list (30,000) that have the minimum length."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415 - 15 MB, on first use

    words = FREQUENCY_LISTS["passwords"]
    return frozenset(word for word in words if len(word) >= SHORTEST_PASSWORD)
