"""Opaque secrets: handing them out, using them once, ending them."""

import hashlib
import logging
import secrets
from datetime import timedelta
from uuid import UUID, uuid4

from tortoise import timezone

from app.core.queries import Statement, transactional
from app.models.token import Token
from app.models.user import User

log = logging.getLogger(__name__)

REFRESH = "refresh"

_owner = Statement(
    lambda: User.filter(
        is_active=True,
        tokens__family=UUID(int=0),
        tokens__used_at=None,
        tokens__revoked_at=None,
        tokens__expires_at__gt=timezone.now(),
    )
)


async def open_family(user: User, *, lifetime: timedelta) -> tuple[UUID, str]:
    """Start a session: return its family and the first refresh token."""
    family = uuid4()
    return family, await _issue(user.id, family, lifetime)


async def rotate(secret: str, *, lifetime: timedelta) -> tuple[User, UUID, str] | None:
    """Exchange a refresh token for its successor, exactly once.

    A token that was exchanged before is in two hands, one of them a thief's,
    so its whole family ends (RFC 9700 §4.14.2).

    Returns:
        The owner, the family and the new secret, or None if the token is not worth one.
    """
    token = await Token.get_or_none(secret_hash=_digest(secret), kind=REFRESH)
    if token is None or token.revoked_at or token.expires_at <= timezone.now():
        return None
    successor = await _exchange(token, lifetime)
    if successor is None:
        if not await Token.exists(id=token.id, used_at=None):  # else it ended meanwhile
            log.warning("Refresh token used twice; family %s ends", token.family)
            await _revoke(family=token.family)
        return None
    owner = await User.get_or_none(id=token.owner_id, is_active=True)
    return (owner, token.family, successor) if owner else None


async def owner_of(family: UUID) -> User | None:
    """Return the owner of a session that is still going on, in one statement."""
    owners = await _owner.run(True, str(family), timezone.now())
    return owners[0] if owners else None


async def end_session(secret: str) -> None:
    """End the session of a refresh token; one that ended before is left alone."""
    token = await Token.get_or_none(secret_hash=_digest(secret), kind=REFRESH)
    if token is not None:
        await _revoke(family=token.family)


async def revoke_all(user: User) -> None:
    """End every session of a person."""
    await _revoke(owner_id=user.id)


async def purge() -> int:
    """Delete the rows that expired, and return how many."""
    return await Token.filter(expires_at__lte=timezone.now()).delete()


@transactional
async def _exchange(token: Token, lifetime: timedelta) -> str | None:
    """Mark the token as used and issue its successor, if nobody did so first."""
    unused = Token.filter(id=token.id, used_at=None, revoked_at=None)
    if await unused.update(used_at=timezone.now()) != 1:
        return None
    return await _issue(token.owner_id, token.family, lifetime)


async def _issue(owner_id: int, family: UUID, lifetime: timedelta) -> str:
    secret = secrets.token_urlsafe(32)
    await Token.create(
        kind=REFRESH,
        secret_hash=_digest(secret),
        family=family,
        owner_id=owner_id,
        expires_at=timezone.now() + lifetime,
    )
    return secret


async def _revoke(**which: UUID | int) -> None:
    """End these tokens, also those that are stored meanwhile.

    An exchange under way stores a successor that the statement waiting for it does not
    see, so the statement is repeated until nothing is left to end.
    """
    while await Token.filter(**which, revoked_at=None).update(revoked_at=timezone.now()):
        pass


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
