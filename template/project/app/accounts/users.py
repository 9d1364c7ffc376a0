"""Rules of accounts: names, passwords, changes, deletion."""

import unicodedata
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager, nullcontext
from typing import Any
from uuid import UUID

from pydantic import SecretStr
from tortoise.exceptions import IntegrityError
from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from app.accounts import password_strength, passwords, roles, tokens
from app.accounts.models import User
from app.accounts.schemas import (
    LONGEST_EMAIL,
    PasswordChange,
    UserCreate,
    UserQuery,
    UserUpdate,
    normalized_email,
)
from app.database import driver
from app.database.queries import transactional
from app.web.errors import BadRequest, Conflict, InvalidField, NotFound


class NameTaken(Conflict):
    """Another account has the user name, apart from case and full-width forms."""

    detail = "Another account has this user name"


class EmailTaken(Conflict):
    """Another account has the e-mail address."""

    detail = "Another account has this e-mail address"


class WrongPassword(BadRequest):
    """The current password does not match."""

    detail = "The current password is wrong"


class UserNotFound(NotFound):
    """There is no such account."""

    detail = "There is no such user"


async def register(new_user: UserCreate, *, email_verified: bool = True) -> User:
    """Create an account with a hashed password.

    Uniqueness is the database's job: checking first and inserting afterwards
    would let two simultaneous sign-ups through.

    Raises:
        NameTaken: Another account has the name, apart from case and full-width forms.
        EmailTaken: Another account has the address.
        InvalidField: The password is easy to guess.
    """
    values = new_user.model_dump(exclude={"password", "confirm_password"})
    key = username_key(new_user.username)
    user = User(**values, username_key=key, email_verified=email_verified)
    await set_password_hash(user, new_user.password, field="password")
    with _translating_conflicts():
        await user.save()
    await user.fetch_related("roles")
    return user


async def get(user_id: int) -> User:
    """Return the account with its roles.

    Raises:
        UserNotFound: There is no such account.
    """
    user = await User.get_or_none(id=user_id).prefetch_related("roles")
    if user is None:
        raise UserNotFound
    return user


async def get_manageable(user_id: int, permissions: AbstractSet[str]) -> User:
    """Return the account with its roles, for a caller with these permissions who will change it.

    Raises:
        UserNotFound: There is no such account.
        Forbidden: The account has a permission that the caller lacks.
    """
    user = await get(user_id)
    roles.forbid_escalation(list(user.roles), permissions)
    return user


def identifier_of(name_or_email: str) -> tuple[str, str]:
    """Return the unique column that the text identifies an account by, and its value there."""
    # Cut, since normalization may be quadratic; without lone surrogates.
    text = name_or_email.strip()[:1000].encode(errors="replace").decode()
    if "@" not in text:
        return "username_key", username_key(text)
    try:
        return "email", normalized_email(text)
    except ValueError:
        return "email", text


async def find(name_or_email: str) -> User | None:
    """Return the account with this name or address, in any case, or None."""
    column, value = identifier_of(name_or_email)
    # No column holds these, and some databases refuse to compare them.
    if not value.isprintable() or len(value) > LONGEST_EMAIL:
        return None
    return await User.get_or_none(Q(**{column: value}))


def search(query: UserQuery) -> QuerySet[User]:
    """Return the queryset of accounts whose name or e-mail address contains the keyword.

    Names are searched by their keys, as databases differ in which letters they fold.
    """
    users = query.filter_and_sort(User.all())
    if query.keyword:
        name, address = username_key(query.keyword), query.keyword.lower()
        users = users.filter(Q(username_key__contains=name) | Q(email__contains=address))
    return users


async def update(user: User, changes: UserUpdate) -> User:
    """Store the fields that were sent. A new address is verified, as an administrator sets it.

    Raises:
        NameTaken: Another account has the name.
        EmailTaken: Another account has the address.
        LastAdmin: The service would be left without an administrator.
    """
    values: dict[str, Any] = changes.model_dump(exclude_unset=True)
    if "username" in values:
        values["username_key"] = username_key(values["username"])
    if "email" in values:
        values["email_verified"] = True
    with _translating_conflicts():
        await _store(user, values)
    return user


async def save_address(user: User, address: str) -> None:
    """Store a verified address; links that were mailed to other addresses are revoked.

    Raises:
        EmailTaken: Another account has the address.
    """
    with _translating_conflicts():
        await _store(user, {"email": address, "email_verified": True})


async def change_password(user: User, change: PasswordChange, *, keep_session: UUID | None) -> None:
    """Replace the password and revoke the user's sessions, except `keep_session`.

    Raises:
        WrongPassword: The current password does not match.
        InvalidField: The new one is easy to guess.
        AccountChanged: The account was changed at the same time.
    """
    stored_hash = user.password_hash
    await check_password(user, change.current_password)
    await set_password_hash(user, change.new_password, field="new_password")
    await save_password_hash(user, expected_hash=stored_hash, keep_session=keep_session)


async def check_password(user: User, password: SecretStr) -> None:
    """Require that this is the user's current password.

    Raises:
        WrongPassword: It does not match.
    """
    is_right, _ = await passwords.verify(password.get_secret_value(), user.password_hash)
    if not is_right:
        raise WrongPassword


async def set_password_hash(user: User, password: SecretStr, *, field: str) -> None:
    """Set the hash of a new password, without saving the account.

    Raises:
        InvalidField: The password is easy to guess (422, as if the schema had refused `field`).
    """
    words = (user.username, user.email, user.email.partition("@")[0])
    if reason := await password_strength.weakness(password.get_secret_value(), words):
        raise InvalidField(reason, field)
    user.password_hash = await passwords.create_hash(password.get_secret_value())


@transactional
async def save_password_hash(
    user: User, *, expected_hash: str, keep_session: UUID | None = None
) -> None:
    """Save the new hash, and revoke the user's sessions except `keep_session`.

    Raises:
        AccountChanged: The account has changed since it was read with the expected hash.
    """
    await tokens.lock_unchanged(user, expected_hash=expected_hash)
    await user.save(update_fields=["password_hash", "updated_at"])
    await tokens.revoke_sessions_and_links(user, keep_session=keep_session)


@transactional
async def delete(user: User) -> None:
    """Delete the account and everything that it owns.

    Raises:
        LastAdmin: The service would be left without an administrator.
    """
    async with roles.keeping_an_admin(user):
        await user.delete()


def username_key(username: str) -> str:
    """Return the key that makes names unique, NFKC-normalized and case-folded.

    "ADA" and a full-width "ada" have the same key; look-alike letters of other scripts differ.
    Case-folding may undo the normalization, so it is repeated (UAX 15).
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", username).casefold())


@transactional
async def _store(user: User, values: dict[str, Any]) -> None:
    is_disabled = values.get("is_active") is False
    async with roles.keeping_an_admin(user) if is_disabled else nullcontext():
        await user.update_from_dict(values).save(update_fields=[*values, "updated_at"])
    if is_disabled:
        await tokens.revoke(owner_id=user.id)
    elif "email" in values:  # links in mails to other addresses
        await tokens.revoke(owner_id=user.id, address__not_in=["", values["email"]])


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
