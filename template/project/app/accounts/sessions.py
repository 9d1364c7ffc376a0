"""Sessions of browsers: opaque ids that expire when idle, and after some days in any case."""

from datetime import timedelta

from tortoise import timezone

from app.accounts import tokens
from app.accounts.authentication.session import KIND
from app.accounts.models import Token, User
from app.web.errors import NotFound


class SessionNotFound(NotFound):
    """The owner has no such session."""

    detail = "There is no such session"


async def open_for(owner: User, lifetime: timedelta) -> tuple[Token, str]:
    """Open a session; return its row and its secret id."""
    now = timezone.now()
    return await tokens.issue_if_unchanged(owner, KIND, expires_at=now + lifetime, last_used_at=now)


async def find_all(owner: User, idle: timedelta) -> list[Token]:
    """Return the owner's active sessions, the oldest first."""
    now = timezone.now()
    return await Token.filter(
        owner=owner,
        kind=KIND,
        revoked_at=None,
        expires_at__gt=now,
        last_used_at__gt=now - idle,
    ).order_by("id")


async def revoke(secret: str) -> None:
    """Revoke the session with this secret id, if there is one."""
    await tokens.revoke(kind=KIND, secret_hash=tokens.digest(secret))


async def revoke_by_id(owner: User, session_id: int) -> None:
    """Revoke one of the owner's sessions.

    Raises:
        SessionNotFound: The owner has no such session.
    """
    if not await Token.exists(id=session_id, owner=owner, kind=KIND, revoked_at=None):
        raise SessionNotFound
    await tokens.revoke(id=session_id)
