"""Refresh tokens: rotated on each use; reuse revokes the session.

The id of the session is their `family`, and the claim `sid` of its access tokens.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tortoise import timezone
from tortoise.exceptions import IntegrityError

from app.accounts import tokens
from app.accounts.models import Token, User
from app.database.queries import transactional

log = logging.getLogger(__name__)

REFRESH = "refresh"
"""The kind of these tokens."""
MOST_ROTATED = 100
"""Rotated tokens of a session whose reuse is noticed; older ones are deleted."""


@dataclass(frozen=True)
class IssuedToken:
    """A refresh token, with its secret."""

    owner: User
    family: UUID
    secret: str


async def rotate(secret: str, expires_at: datetime) -> IssuedToken | None:
    """Exchange a refresh token for its successor, exactly once; return None if it is not valid.

    A reused token is treated as stolen: its whole session is revoked (RFC 9700 §4.14.2).
    """
    token = await _get(secret)
    if token is None or token.revoked_at or not token.is_unexpired:
        return None
    try:
        successor = await _exchange(token, expires_at)
    except IntegrityError:  # the account was deleted meanwhile
        return None
    if successor is None:
        if await Token.exists(id=token.id, rotated_at__not_isnull=True):
            log.warning("Refresh token used twice; session %s is revoked", token.family)
            await tokens.revoke(family=token.family)
        return None
    return IssuedToken(token.owner, token.family, successor) if token.owner.is_active else None


async def revoke_session(secret: str) -> None:
    """Revoke the session of a refresh token, if there is one."""
    token = await _get(secret)
    if token is not None:
        await tokens.revoke(family=token.family)


async def _get(secret: str) -> Token | None:
    """Return the token with its owner, also if it was rotated or revoked."""
    found = Token.filter(secret_hash=tokens.digest(secret), kind=REFRESH)
    return await found.select_related("owner").first()


@transactional
async def _exchange(token: Token, expires_at: datetime) -> str | None:
    """Mark the token as rotated and issue its successor, unless another request has done so."""
    unused = Token.filter(id=token.id, rotated_at=None, revoked_at=None)
    if await unused.update(rotated_at=timezone.now()) != 1:
        return None
    rotated = Token.filter(family=token.family, rotated_at__not_isnull=True).order_by("-id")
    if old := await rotated.offset(MOST_ROTATED).limit(MOST_ROTATED).values_list("id", flat=True):
        await Token.filter(id__in=old).delete()
    _, secret = await tokens.issue(token.owner, REFRESH, expires_at=expires_at, family=token.family)
    return secret
