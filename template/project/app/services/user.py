"""Accounts."""

import unicodedata
from typing import Any

from tortoise.exceptions import IntegrityError
from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from app.core import passwords
from app.core.errors import AppError, Conflict, NotFound
from app.core.queries import transactional
from app.models.user import User
from app.schemas.user import (
    LONGEST_EMAIL,
    LONGEST_PASSWORD,
    PasswordChange,
    UserCreate,
    UserUpdate,
)
from app.services import token as token_service

LONGEST_KEY = 200


class NameTaken(Conflict):
    """Another account has the user name."""


class EmailTaken(Conflict):
    """Another account has the e-mail address."""


class WrongPassword(AppError):
    """The current password does not match."""


async def register(new_user: UserCreate) -> User:
    """Create an account with a hashed password.

    Uniqueness is the database's job: checking first and inserting afterwards
    would let two simultaneous sign-ups through.

    Raises:
        NameTaken: Another account has the name, in any case or width of its letters.
        EmailTaken: Another account has the address.
    """
    password_hash = await passwords.create_hash(new_user.password.get_secret_value())
    try:
        user = await User.create(
            username=new_user.username,
            username_key=username_key(new_user.username),
            email=new_user.email,
            password_hash=password_hash,
            age=new_user.age,
        )
    except IntegrityError as error:
        raise _taken(error) from error
    await user.fetch_related("roles")
    return user


async def authenticate(name_or_email: str, password: str) -> User | None:
    """Return the active account with this name or address if the password is right.

    Every path costs one hash, so that time does not tell whether an account exists.
    """
    user = await _find(name_or_email.strip())
    is_right, better_hash = await passwords.verify(
        password[:LONGEST_PASSWORD], user.password_hash if user else None
    )
    if user is None or not is_right or not user.is_active or len(password) > LONGEST_PASSWORD:
        return None
    if better_hash:
        user.password_hash = better_hash
        await user.save(update_fields=["password_hash"])
    return user


async def get(user_id: int) -> User:
    """Return the account with its roles.

    Raises:
        NotFound: There is no such account.
    """
    user = await User.get_or_none(id=user_id).prefetch_related("roles")
    if user is None:
        message = "There is no such user"
        raise NotFound(message)
    return user


def search(keyword: str | None) -> QuerySet[User]:
    """Return the accounts whose name or address contains the keyword, the oldest first.

    Both are stored in one case, as databases disagree about the other case of `É`.
    """
    users = User.all().order_by("id")
    if keyword:
        folded = username_key(keyword)
        users = users.filter(Q(username_key__contains=folded) | Q(email__contains=folded))
    return users


async def update(user: User, changes: UserUpdate) -> User:
    """Store the fields that were sent.

    Raises:
        NameTaken: Another account has the name.
        EmailTaken: Another account has the address.
    """
    values: dict[str, Any] = changes.model_dump(exclude_unset=True)
    if "username" in values:
        values["username_key"] = username_key(values["username"])
    try:
        await _store(user, values)
    except IntegrityError as error:
        raise _taken(error) from error
    return user


async def change_password(user: User, change: PasswordChange) -> None:
    """Replace the password and end every session that the old one opened.

    Raises:
        WrongPassword: The current password does not match.
    """
    current = change.current_password.get_secret_value()
    is_right, _ = await passwords.verify(current, user.password_hash)
    if not is_right:
        message = "The current password is wrong"
        raise WrongPassword(message)
    user.password_hash = await passwords.create_hash(change.new_password.get_secret_value())
    await _replace_password(user)


async def delete(user: User) -> None:
    """Delete the account and all that belongs to it."""
    await user.delete()


def username_key(username: str) -> str:
    """Return what two names have in common that people would take for the same."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", username).casefold())


@transactional
async def _store(user: User, values: dict[str, Any]) -> None:
    await user.update_from_dict(values).save(update_fields=[*values, "updated_at"])
    if not user.is_active:
        await token_service.revoke_all(user)


@transactional
async def _replace_password(user: User) -> None:
    await user.save(update_fields=["password_hash", "updated_at"])
    await token_service.revoke_all(user)


async def _find(name_or_email: str) -> User | None:
    """Look for an address or a name, unless no account can have it."""
    if not name_or_email.isprintable() or len(name_or_email) > LONGEST_EMAIL:
        return None
    if "@" in name_or_email:
        return await User.get_or_none(email=name_or_email.lower())
    key = username_key(name_or_email)
    return await User.get_or_none(username_key=key) if len(key) <= LONGEST_KEY else None


def _taken(error: IntegrityError) -> Conflict:
    if "email" in str(error):
        message = "Another account has this e-mail address"
        return EmailTaken(message)
    message = "Another account has this user name"
    return NameTaken(message)
