"""API keys: credentials for programs, with a name and optional scopes.

A key looks like `sk_<prefix>_<secret><checksum>`: secret scanners recognise it, and a mistyped
one is refused without a database query.
"""

import secrets
import string
from collections.abc import Set as AbstractSet

from tortoise import timezone
from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from app.accounts import permissions, tokens
from app.accounts.api_key_schemas import ApiKeyCreate, ApiKeyQuery
from app.accounts.authentication.api_key import ALPHABET, KIND, checksum
from app.accounts.models import Token, User
from app.database.queries import transactional
from app.web.errors import Conflict, Forbidden, InvalidField, NotFound

PREFIX_LENGTH = 8
SECRET_LENGTH = 32
"""Characters; they hold 190 bits of entropy."""
MOST_KEYS = 50


class KeyNotFound(NotFound):
    """The owner has no such key."""

    detail = "There is no such key"


class TooManyKeys(Conflict):
    """The owner has as many valid keys as an account may have."""

    detail = f"An account has at most {MOST_KEYS} valid keys; revoke one first"


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
        TooManyKeys: The owner has too many valid keys.
        AccountChanged: The owner's account has changed since it was read.
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
    return await _issue(owner, body + checksum(body), prefix, new_key)


def search(owner: User, query: ApiKeyQuery) -> QuerySet[Token]:
    """Return the queryset of the owner's keys that are not revoked, the oldest first."""
    return query.filter_and_sort(Token.filter(owner=owner, kind=KIND, revoked_at=None))


async def summary(owner: User) -> str:
    """Return the name and the prefix of each valid key, one a line, for a mail to the owner."""
    lines = [f"- {key.name} (sk_{key.prefix}_…)" async for key in _valid(owner).order_by("id")]
    return "\n".join(lines) or "- none"


async def revoke(owner: User, key_id: int) -> None:
    """Revoke a key; it stops working at once.

    Raises:
        KeyNotFound: The owner has no such key.
    """
    if not await Token.exists(id=key_id, owner=owner, kind=KIND, revoked_at=None):
        raise KeyNotFound
    await tokens.revoke(id=key_id)


@transactional
async def _issue(owner: User, secret: str, prefix: str, new_key: ApiKeyCreate) -> tuple[Token, str]:
    """Issue a key; the owner's account is locked, so that parallel calls count each other's."""
    await tokens.lock_unchanged(owner, expected_hash=owner.password_hash)
    if await _valid(owner).count() >= MOST_KEYS:
        raise TooManyKeys
    return await tokens.issue(owner, KIND, secret, prefix=prefix, **new_key.model_dump())


def _valid(owner: User) -> QuerySet[Token]:
    """Return the queryset of the owner's keys that are accepted."""
    is_unexpired = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    return Token.filter(is_unexpired, owner=owner, kind=KIND, revoked_at=None)


def _random(alphabet: str, length: int) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(length))
