"""API keys: secrets for programs, with a name, and confined to what the program needs.

A key looks like `sk_<prefix>_<secret><checksum>`: scanners of code recognise it, and a
mistyped one is refused without a look into the database.
"""

import secrets
import string
from collections.abc import Set as AbstractSet

from tortoise import timezone

from app.accounts import permissions, tokens
from app.accounts.api_key_schemas import ApiKeyCreate
from app.accounts.models import Token, User
from app.accounts.sign_in.api_key import KIND, SIGNS, checksum
from app.web.errors import Forbidden, NotFound
from app.web.schemas import InvalidField

PREFIX_LENGTH = 8
SECRET_LENGTH = 32
"""190 bits."""


async def create(owner: User, new_key: ApiKeyCreate, rights: AbstractSet[str]) -> tuple[Token, str]:
    """Store a new key of somebody with these rights, and return it with its secret.

    Raises:
        InvalidField: There is no such permission, or the key would have expired already.
        Forbidden: A scope permits more than its owner may do.
    """
    scopes = new_key.scopes
    if not set(permissions.of_all_parts()).issuperset(scopes or ()):
        raise InvalidField(f"Choose from {', '.join(permissions.of_all_parts())}", "scopes")
    if not rights >= set(scopes or ()):
        raise Forbidden("A key cannot do more than you may")
    if new_key.expires_at and new_key.expires_at <= timezone.now():
        raise InvalidField("Choose a time to come", "expires_at")
    prefix = _random(string.ascii_lowercase + string.digits, PREFIX_LENGTH)
    body = f"sk_{prefix}_{_random(SIGNS, SECRET_LENGTH)}"
    return await tokens.issue_if_unchanged(
        owner,
        KIND,
        secret=body + checksum(body),
        prefix=prefix,
        **new_key.model_dump(),
    )


async def find_all(owner: User) -> list[Token]:
    """Return the person's keys that were not revoked, the oldest first."""
    return await Token.filter(owner=owner, kind=KIND, revoked_at=None).order_by("id")


async def revoke(owner: User, key_id: int) -> None:
    """End a key at once.

    Raises:
        NotFound: There is no such key, or it is somebody else's.
    """
    if not await Token.exists(id=key_id, owner=owner, kind=KIND, revoked_at=None):
        raise NotFound("There is no such key")
    await tokens.revoke(id=key_id)


def _random(signs: str, length: int) -> str:
    return "".join(secrets.choice(signs) for _ in range(length))
