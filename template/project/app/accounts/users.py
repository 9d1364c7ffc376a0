"""Accounts."""

import unicodedata
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from pydantic import SecretStr
from tortoise.exceptions import IntegrityError
from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from app import NAME
from app.accounts import passwords, roles, tokens
from app.accounts.models import User
from app.accounts.schemas import LONGEST_EMAIL, PasswordChange, UserCreate, UserQuery, UserUpdate
from app.database import driver
from app.database.queries import transactional
from app.web.errors import AppError, Conflict, NotFound
from app.web.schemas import InvalidField


class NameTaken(Conflict):
    """Another account has the user name, in any case or width of its letters."""

    detail = "Another account has this user name"


class EmailTaken(Conflict):
    """Another account has the e-mail address."""

    detail = "Another account has this e-mail address"


class WrongPassword(AppError):
    """The current password does not match."""

    detail = "The current password is wrong"


class UserNotFound(NotFound):
    """There is no such account."""

    detail = "There is no such user"


async def register(new_user: UserCreate) -> User:
    """Create an account with a hashed password.

    Uniqueness is the database's job: checking first and inserting afterwards
    would let two simultaneous sign-ups through.

    Raises:
        NameTaken: Another account has the name, in any case or width of its letters.
        EmailTaken: Another account has the address.
        InvalidField: The password is easy to guess.
    """
    values = new_user.model_dump(exclude={"password", "confirm_password"})
    user = User(**values, username_key=username_key(new_user.username))
    await set_password(user, new_user.password, "password")
    with _translating_conflicts():
        await user.save()
    await user.fetch_related("roles")
    return user


async def get(user_id: int, rights: AbstractSet[str] | None = None) -> User:
    """Return the account with its roles; `rights` are those of a caller who will change it.

    Raises:
        UserNotFound: There is no such account.
        Forbidden: The account has a permission that the caller lacks.
    """
    user = await User.get_or_none(id=user_id).prefetch_related("roles")
    if user is None:
        raise UserNotFound
    if rights is not None:
        roles.check_grant(list(user.roles), rights)
    return user


def column_of(name_or_email: str) -> tuple[str, str]:
    """Return the unique column that identifies the account, and the value to look for."""
    text = name_or_email.strip()[:1000].encode(errors="replace").decode()  # without lone surrogates
    return ("email", text.lower()) if "@" in text else ("username_key", username_key(text))


async def find(name_or_email: str) -> User | None:
    """Return the account with this name or address, in any case, or None."""
    column, value = column_of(name_or_email)
    if not value.isprintable() or len(value) > LONGEST_EMAIL:
        return None
    return await User.get_or_none(Q(**{column: value}))


def search(query: UserQuery) -> QuerySet[User]:
    """Return the accounts whose name or address contains the keyword, the oldest first.

    Both are stored case-folded, as databases differ in how they fold `É`.
    """
    users = query.apply(User.all())
    if query.keyword:
        folded = username_key(query.keyword)
        users = users.filter(Q(username_key__contains=folded) | Q(email__contains=folded))
    return users


async def update(user: User, changes: UserUpdate) -> User:
    """Store the fields that were sent.

    Raises:
        NameTaken: Another account has the name.
        EmailTaken: Another account has the address.
        LastAdmin: The service would be left without an administrator.
    """
    values: dict[str, Any] = changes.model_dump(exclude_unset=True)
    if "username" in values:
        values["username_key"] = username_key(values["username"])
    with _translating_conflicts():
        await _store(user, values)
    return user


async def change_password(user: User, change: PasswordChange, *, keep_session: UUID | None) -> None:
    """Replace the password and revoke the user's other sessions.

    Raises:
        WrongPassword: The current password does not match.
        InvalidField: The new one is easy to guess.
        Conflict: The account was changed at the same time.
    """
    verified_hash = user.password_hash
    current = change.current_password.get_secret_value()
    is_right, _ = await passwords.verify(current, verified_hash)
    if not is_right:
        raise WrongPassword
    await set_password(user, change.new_password, "new_password")
    await store_password(user, verified_hash, keep_session=keep_session)


async def set_password(user: User, password: SecretStr, field: str) -> None:
    """Set the hash of a new password, without saving the account.

    Raises:
        InvalidField: The password is easy to guess.
    """
    words = (user.username, user.email, user.email.partition("@")[0], NAME)
    if reason := await passwords.weakness(password.get_secret_value(), words):
        raise InvalidField(reason, field)
    user.password_hash = await passwords.create_hash(password.get_secret_value())


@transactional
async def store_password(
    user: User, verified_hash: str, *, keep_session: UUID | None = None
) -> None:
    """Store the new hash, and revoke the user's sessions except one.

    Raises:
        Conflict: The account has changed since the hash was verified.
    """
    await tokens.lock_unchanged(user, verified_hash)
    await user.save(update_fields=["password_hash", "updated_at"])
    await tokens.revoke_sessions(user, keep_session=keep_session)


@transactional
async def delete(user: User) -> None:
    """Delete the account and everything that it owns.

    Raises:
        LastAdmin: The service would be left without an administrator.
    """
    is_admin = await roles.lock_admins(user)
    await user.delete()
    if is_admin:
        await roles.check_admin_is_left()


def username_key(username: str) -> str:
    """Return the normalized, case-folded name: equal for names that look the same."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", username).casefold())


@transactional
async def _store(user: User, values: dict[str, Any]) -> None:
    is_disabled = values.get("is_active") is False
    is_admin = is_disabled and await roles.lock_admins(user)
    await user.update_from_dict(values).save(update_fields=[*values, "updated_at"])
    if is_disabled:
        await tokens.revoke(owner_id=user.id)
    if is_admin:
        await roles.check_admin_is_left()


@contextmanager
def _translating_conflicts() -> Iterator[None]:
    """Translate a violated unique constraint into NameTaken or EmailTaken."""
    try:
        yield
    except IntegrityError as error:
        match driver.taken_columns(error):
            case ["email"]:
                raise EmailTaken from error
            case ["username_key"]:
                raise NameTaken from error
        raise
