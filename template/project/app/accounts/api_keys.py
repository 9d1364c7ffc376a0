"""API keys: credentials for programs, with a name and optional scopes.

A key looks like `sk_<prefix>_<secret><checksum>`: secret scanners recognise it, and a mistyped
one is refused without a database query.
"""

import secrets
import string
from collections.abc import Set as AbstractSet

from tortoise import timezone
from tortoise.expressions import Q

from app.accounts import permissions, tokens
from app.accounts.api_key_schemas import ApiKeyCreate
from app.accounts.authentication.api_key import ALPHABET, KIND, checksum
from app.accounts.models import Token, User
from app.web.errors import Forbidden, NotFound
from app.web.schemas import InvalidField

PREFIX_LENGTH = 8
SECRET_LENGTH = 32
"""Characters; they hold 190 bits of entropy."""


class KeyNotFound(NotFound):
    """The owner has no such key."""

    detail = "There is no such key"


class MissingPermission(Forbidden):
    """A scope is a permission that the owner lacks."""

    detail = "A key cannot have permissions that its owner lacks"


async def create(
    owner: User, new_key: ApiKeyCreate, granted: AbstractSet[str]
) -> tuple[Token, str]:
    """Store a new key of an owner with the granted permissions; return its row and its secret.

    Raises:
        InvalidField: A scope is no permission, or the expiry is in the past.
        MissingPermission: A scope is a permission that the owner lacks.
    """
    scopes = new_key.scopes
    if not set(permissions.of_all_parts()).issuperset(scopes or ()):
        raise InvalidField(f"Choose from {', '.join(permissions.of_all_parts())}", "scopes")
    if not granted >= set(scopes or ()):
        raise MissingPermission
    if new_key.expires_at and new_key.expires_at <= timezone.now():
        raise InvalidField("Choose a time in the future", "expires_at")
    prefix = _random(string.ascii_lowercase + string.digits, PREFIX_LENGTH)
    body = f"sk_{prefix}_{_random(ALPHABET, SECRET_LENGTH)}"
    return await tokens.issue_if_unchanged(
        owner,
        KIND,
        secret=body + checksum(body),
        prefix=prefix,
        **new_key.model_dump(),
    )


async def find_all(owner: User) -> list[Token]:
    """Return the owner's keys that are not revoked, the oldest first."""
    return await Token.filter(owner=owner, kind=KIND, revoked_at=None).order_by("id")


async def summary(owner: User) -> str:
    """Return the name and the prefix of each valid key, one a line, for a mail to the owner."""
    now = timezone.now()
    is_unexpired = Q(expires_at=None) | Q(expires_at__gt=now)
    keys = Token.filter(is_unexpired, owner=owner, kind=KIND, revoked_at=None).order_by("id")
    lines = [f"- {key.name} (sk_{key.prefix}_…)" async for key in keys]
    return "\n".join(lines) or "- none"


async def revoke(owner: User, key_id: int) -> None:
    """Revoke a key; it stops working at once.

    Raises:
        KeyNotFound: The owner has no such key.
    """
    if not await Token.exists(id=key_id, owner=owner, kind=KIND, revoked_at=None):
        raise KeyNotFound
    await tokens.revoke(id=key_id)


def _random(alphabet: str, length: int) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(length))
