"""Sessions in browsers: an opaque id that ends when it is idle, and after some days anyway."""

from datetime import timedelta

from tortoise import timezone

from app.accounts import tokens
from app.accounts.models import Token, User
from app.accounts.sign_in.session import KIND
from app.web.errors import NotFound


async def open_for(owner: User, lifetime: timedelta) -> tuple[Token, str]:
    """Start a session, and return it with its id."""
    now = timezone.now()
    return await tokens.issue_if_unchanged(owner, KIND, expires_at=now + lifetime, last_used_at=now)


async def find_all(owner: User, idle: timedelta) -> list[Token]:
    """Return the person's sessions that are going on, the oldest first."""
    now = timezone.now()
    return await Token.filter(
        owner=owner,
        kind=KIND,
        revoked_at=None,
        expires_at__gt=now,
        last_used_at__gt=now - idle,
    ).order_by("id")


async def end(secret: str) -> None:
    """End the session with this id, if there is one."""
    await tokens.revoke(kind=KIND, secret_hash=tokens.digest(secret))


async def end_one_of(owner: User, session_id: int) -> None:
    """End one of the person's sessions.

    Raises:
        NotFound: There is no such session, or it is somebody else's.
    """
    if not await Token.exists(id=session_id, owner=owner, kind=KIND, revoked_at=None):
        raise NotFound("There is no such session")
    await tokens.revoke(id=session_id)
