"""Refresh tokens: rotated on each use; reuse revokes the session."""

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
    """Rotate a refresh token: exchange it for its successor, exactly once.

    A reused token is treated as stolen: its whole session is revoked
    (RFC 9700 §4.14.2).

    Returns:
        The owner, the session's id and the new secret, or None if the token is not valid.
    """
    token = await _get(secret)
    if token is None or token.revoked_at or not token.is_current:
        return None
    successor = await _exchange(token, expires_at)
    if successor is None:
        if await Token.exists(id=token.id, used_at__not_isnull=True):
            log.warning("Refresh token used twice; session %s is revoked", token.family)
            await tokens.revoke(family=token.family)
        return None
    return (token.owner, token.family, successor) if token.owner.is_active else None


async def revoke_session(secret: str) -> None:
    """Revoke the session of a refresh token, if there is one."""
    token = await _get(secret)
    if token is not None:
        await tokens.revoke(family=token.family)


async def _get(secret: str) -> Token | None:
    """Return the token with its owner, also if it was used or revoked."""
    found = Token.filter(secret_hash=tokens.digest(secret), kind=REFRESH)
    return await found.select_related("owner").first()


@transactional
async def _exchange(token: Token, expires_at: datetime) -> str | None:
    """Mark the token as used and issue its successor, unless another request did."""
    unused = Token.filter(id=token.id, used_at=None, revoked_at=None)
    if await unused.update(used_at=timezone.now()) != 1:
        return None
    owner, family = token.owner, token.family
    return (await tokens.issue(owner, REFRESH, expires_at=expires_at, family=family))[1]
