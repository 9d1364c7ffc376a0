"""Password hashes: argon2id, off the event loop, a few at a time.

The one module that imports `passlib`, from its maintained fork `libpass`.
"""

import os

from anyio import CapacityLimiter, to_thread
from passlib.context import CryptContext

# The profile of the OWASP Password Storage Cheat Sheet: 19 MiB, two passes, one lane.
_context = CryptContext(
    schemes=["argon2"],
    argon2__type="ID",
    argon2__memory_cost=19_456,
    argon2__time_cost=2,
    argon2__parallelism=1,
)

_DECOY = _context.hash("nobody's password")

# More at once would take processor time from the event loop and 19 MiB each.
_few_at_a_time = CapacityLimiter(max(1, (os.cpu_count() or 1) // 2))


async def create_hash(password: str) -> str:
    """Return the hash to store for a password of any length and script."""
    return await to_thread.run_sync(_context.hash, password, limiter=_few_at_a_time)


async def verify(password: str, password_hash: str | None) -> tuple[bool, str | None]:
    """Compare a password with a stored hash.

    Without a hash, as for an unknown user, the same work is done in vain, so
    that the time tells nothing.

    Returns:
        Whether they match, and a hash to store instead if the old one is weaker than today's.
    """
    is_right, better_hash = await to_thread.run_sync(
        _context.verify_and_update, password, password_hash or _DECOY, limiter=_few_at_a_time
    )
    return bool(is_right and password_hash), better_hash
