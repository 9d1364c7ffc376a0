"""Opaque tokens: issued, looked up by their hash, revoked, purged."""

import hashlib
import secrets
from typing import Any
from uuid import UUID, uuid4

from tortoise import timezone
from tortoise.expressions import F, Q

from app.accounts.models import Token, User
from app.database.queries import CompiledQuery, transactional
from app.web.errors import Conflict

MOST_PER_KIND = 50
"""Sessions, or mailed links, that an account has at a time."""

# Its SQL is built once, and run in the current transaction; the keywords are the types of the
# lambda's parameters.
_unrevoked_token = CompiledQuery(
    lambda kind, secret_hash: Token.filter(
        kind=kind, secret_hash=secret_hash, revoked_at=None, owner__is_active=True
    ).select_related("owner"),
    kind=str,
    secret_hash=str,
)


class AccountChanged(Conflict):
    """The account has changed since it was read."""

    detail = "The account was changed at the same time; try again"


async def issue(owner: User, kind: str, secret: str = "", **columns: Any) -> tuple[Token, str]:  # noqa: ANN401
    """Store a new token, of a new family unless one is given; return its row and its secret."""
    secret = secret or secrets.token_urlsafe(32)
    values = {"family": uuid4(), **columns}
    token = await Token.create(owner=owner, kind=kind, secret_hash=digest(secret), **values)
    return token, secret


@transactional
async def issue_if_unchanged(owner: User, kind: str, **columns: Any) -> tuple[Token, str]:  # noqa: ANN401
    """Issue a token, unless the account has changed since it was read.

    Beyond `MOST_PER_KIND` the oldest are revoked.

    Raises:
        AccountChanged: The account has changed.
    """
    await lock_unchanged(owner, expected_hash=owner.password_hash)
    await _make_room(owner, kind)
    return await issue(owner, kind, **columns)


async def lock_unchanged(user: User, *, expected_hash: str) -> None:
    """Lock the account until the transaction ends.

    Raises:
        AccountChanged: Since it was read, the account was disabled or deleted, or its password or
            address was changed.
    """
    # An update locks the row on every database; not every one has SELECT FOR UPDATE.
    await User.filter(id=user.id).update(is_active=F("is_active"))
    expected = {"id": user.id, "email": user.email, "password_hash": expected_hash}
    if not await User.exists(**expected, is_active=True):
        raise AccountChanged


async def _make_room(owner: User, kind: str) -> None:
    """Revoke the owner's oldest tokens of a kind, so that no account has more than a few."""
    valid = Token.filter(
        owner=owner, kind=kind, rotated_at=None, revoked_at=None, expires_at__gt=timezone.now()
    )
    newest_first = valid.order_by("-id").offset(MOST_PER_KIND - 1).limit(MOST_PER_KIND)
    if families := await newest_first.values_list("family", flat=True):
        await revoke(family__in=families)


async def find(kind: str, secret: str) -> Token | None:
    """Return the valid token with its active owner, in one statement, or None."""
    tokens = await _unrevoked_token.fetch(kind=kind, secret_hash=digest(secret))
    return tokens[0] if tokens and tokens[0].is_unexpired else None


async def revoke_sessions_and_links(owner: User, *, keep_session: UUID | None = None) -> None:
    """Revoke all that the owner has, but `keep_session` and tokens that the owner named."""
    filters = {"family__not": keep_session} if keep_session else {}
    await revoke(owner_id=owner.id, name="", **filters)


async def revoke(**filters: Any) -> None:  # noqa: ANN401 - Tortoise's filters take any value
    """Revoke the tokens that match the filters, also those that are issued concurrently.

    A rotation that commits meanwhile may add a token, so this repeats until none is left.
    """
    while await Token.filter(**filters, revoked_at=None).update(revoked_at=timezone.now()):
        pass


async def purge() -> int:
    """Delete expired and revoked tokens; return their number.

    Rotated ones of an open session stay until they expire: reuse is noticed by their rows.
    """
    is_expired = Q(expires_at__lte=timezone.now())
    return await Token.filter(is_expired | Q(revoked_at__not_isnull=True)).delete()


def digest(secret: str) -> str:
    """Return the SHA-256 of a secret, under which it is stored."""
    return hashlib.sha256(secret.encode()).hexdigest()
