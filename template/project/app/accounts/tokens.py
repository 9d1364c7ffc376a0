"""Opaque secrets: handing them out, finding their owners, ending them."""

import hashlib
import secrets
from typing import Any
from uuid import UUID, uuid4

from tortoise import timezone
from tortoise.expressions import F, Q

from app.accounts.models import Token, User
from app.database.queries import Statement, transactional
from app.web.errors import Conflict

_found = Statement(
    lambda kind, secret_hash: Token.filter(
        kind=kind, secret_hash=secret_hash, revoked_at=None, owner__is_active=True
    ).select_related("owner"),
    kind=str,
    secret_hash=str,
)


async def issue(owner: User, kind: str, secret: str = "", **columns: Any) -> tuple[Token, str]:  # noqa: ANN401
    """Store a new token, in a family of its own unless one is named; return it and its secret."""
    secret = secret or secrets.token_urlsafe(32)
    values = {"family": uuid4(), **columns}
    token = await Token.create(owner=owner, kind=kind, secret_hash=digest(secret), **values)
    return token, secret


@transactional
async def issue_if_unchanged(owner: User, kind: str, **columns: Any) -> tuple[Token, str]:  # noqa: ANN401
    """Issue a token, unless the account has changed since it was read.

    Raises:
        Conflict: It has.
    """
    await lock_unchanged(owner, owner.password_hash)
    return await issue(owner, kind, **columns)


async def lock_unchanged(owner: User, password_hash: str) -> None:
    """Let nobody else change the account until the transaction ends.

    Raises:
        Conflict: Somebody has: the password or the address is another, or it is disabled.
    """
    await User.filter(id=owner.id).update(is_active=F("is_active"))  # whoever writes first waits
    known = {"id": owner.id, "email": owner.email, "password_hash": password_hash}
    if not await User.exists(**known, is_active=True):
        raise Conflict("The account has changed meanwhile; try again")


async def find(kind: str, secret: str) -> Token | None:
    """Return the token that is still good, with its active owner, in one statement."""
    tokens = await _found.run(kind=kind, secret_hash=digest(secret))
    return tokens[0] if tokens and tokens[0].is_current else None


async def end_sign_ins(owner: User, *, keep_session: UUID | None = None) -> None:
    """Revoke what a password has opened, except one session; tokens with a name stay."""
    filters = {"family__not": keep_session} if keep_session else {}
    await revoke(owner_id=owner.id, name="", **filters)


async def revoke(**filters: Any) -> None:  # noqa: ANN401 - Tortoise's filters take any value
    """End these tokens, also those that are stored meanwhile.

    A statement that waits for an exchange does not see the successor, so it is repeated.
    """
    while await Token.filter(**filters, revoked_at=None).update(revoked_at=timezone.now()):
        pass


async def purge() -> int:
    """Delete what expired, and what never would have but was revoked; return how many."""
    is_over = Q(expires_at__lte=timezone.now()) | Q(expires_at=None, revoked_at__not_isnull=True)
    return await Token.filter(is_over).delete()


def digest(secret: str) -> str:
    """Return what is stored of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()
