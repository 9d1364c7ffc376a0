"""Refresh tokens: each buys one successor, and a second use ends the session."""

import logging
from datetime import datetime
from uuid import UUID

from tortoise import timezone

from app.accounts import tokens
from app.accounts.models import Token, User
from app.database.queries import transactional

log = logging.getLogger(__name__)

REFRESH = "refresh"


async def rotate(secret: str, expires_at: datetime) -> tuple[User, UUID, str] | None:
    """Exchange a refresh token for its successor, exactly once.

    A token that was exchanged before is in two hands, one of them a thief's,
    so its whole family ends (RFC 9700 §4.14.2).

    Returns:
        The owner, the family and the new secret, or None if the token is not worth one.
    """
    token = await _get(secret)
    if token is None or token.revoked_at or not token.is_current:
        return None
    successor = await _exchange(token, expires_at)
    if successor is None:
        if not await Token.exists(id=token.id, used_at=None):  # else it ended meanwhile
            log.warning("Refresh token used twice; family %s ends", token.family)
            await tokens.revoke(family=token.family)
        return None
    return (token.owner, token.family, successor) if token.owner.is_active else None


async def end_session(secret: str) -> None:
    """End the session of a refresh token; one that ended before is left alone."""
    token = await _get(secret)
    if token is not None:
        await tokens.revoke(family=token.family)


async def _get(secret: str) -> Token | None:
    """Return the token, good or spent, with its owner."""
    found = Token.filter(secret_hash=tokens.digest(secret), kind=REFRESH)
    return await found.select_related("owner").first()


@transactional
async def _exchange(token: Token, expires_at: datetime) -> str | None:
    """Mark the token as used and issue its successor, if nobody did so first."""
    unused = Token.filter(id=token.id, used_at=None, revoked_at=None)
    if await unused.update(used_at=timezone.now()) != 1:
        return None
    owner, family = token.owner, token.family
    return (await tokens.issue(owner, REFRESH, expires_at=expires_at, family=family))[1]
