"""Password hashes: argon2id, off the event loop, a few at a time.

Only this module imports `passlib`, from its maintained fork `libpass`. Each network of clients has
few calls queued at a time, so that a flood from one delays the others only a little.
"""

import asyncio
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import ContextVar
from typing import TypeVar, TypeVarTuple
from weakref import WeakValueDictionary

from passlib.context import CryptContext

Args = TypeVarTuple("Args")
Result = TypeVar("Result")

network: ContextVar[str] = ContextVar("network", default="")
"""The network of the current request, if `password_attempts` has set it; else empty."""

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
_THREAD_COUNT = max(1, (os.cpu_count() or 1) // 2)
_pool = ThreadPoolExecutor(_THREAD_COUNT, "passwords", _lower_priority)

_turns: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
"""A semaphore per network; it disappears when the network has no call left."""


async def create_hash(password: str) -> str:
    """Return the hash of a password of any length and script."""
    return await in_turn(_pool, _context.hash, password)


async def verify(password: str, password_hash: str | None) -> tuple[bool, str | None]:
    """Compare a password with a stored hash.

    Without a hash, as for an unknown user, a dummy hash is verified, so that the
    response time reveals nothing.

    Returns:
        Whether they match, and a new hash to store if the old one has outdated parameters.
    """
    password = password.encode(errors="replace").decode()  # a form may hold lone surrogates
    stored = password_hash or _DUMMY_HASH
    is_right, better_hash = await in_turn(_pool, _context.verify_and_update, password, stored)
    return bool(is_right and password_hash), better_hash


async def in_turn(
    threads: ThreadPoolExecutor, work: Callable[[*Args], Result], *args: *Args
) -> Result:
    """Call a function in a thread, after the earlier calls of the same network.

    No network has more calls in the queue than there are threads for hashes, so that a call of
    another one waits for a few and not for a flood.
    """
    turn = _turns.setdefault(network.get(), asyncio.Semaphore(_THREAD_COUNT))
    async with turn:
        return await asyncio.get_running_loop().run_in_executor(threads, work, *args)
