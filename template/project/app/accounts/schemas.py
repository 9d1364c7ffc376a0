"""Bodies and lists of accounts: what a name, an e-mail address and a password may be."""

import re
import unicodedata
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated

from email_validator import EmailNotValidError, validate_email
from pydantic import (
    MISSING,
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    Strict,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from app.accounts.models import Role, User
from app.web.schemas import Input, ListQuery, Output
from app.web.types import Keyword, SingleLine, Text, reject_unstorable

SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 1024
LONGEST_EMAIL = 254
LONGEST_NAME = 50
PASSWORD_EXAMPLES = ["correct horse battery staple"]  # Swagger UI would show `********` instead
INVISIBLE = "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\ufe00-\ufe0f\U000e0100-\U000e01ef]"


def normalized_email(text: str) -> str:
    """Return the address in lower case, as providers treat `A@` and `a@` alike.

    Raises:
        ValueError: It is no e-mail address.
    """
    try:
        address = validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise ValueError("Write an e-mail address such as ada@example.org") from error
    return address.lower()


def _reject_invisible(name: str) -> str:
    """Refuse `@`, which marks an address, and invisible characters, which make names look alike."""
    if not name.isprintable() or re.search(INVISIBLE, name) or "@" in name:
        raise ValueError("Leave out @, control and invisible characters")
    return name


def _reject_unstorable_password(value: object) -> object:
    """Keep a password unchanged, spaces included; refuse text that cannot be encoded."""
    return reject_unstorable(value) if isinstance(value, str) else value


Username = Annotated[
    SingleLine,
    Field(max_length=4 * LONGEST_NAME),  # before normalization, whose time may be quadratic
    AfterValidator(partial(unicodedata.normalize, "NFKC")),  # full-width letters become ASCII
    AfterValidator(_reject_invisible),
    AfterValidator(str.strip),
    Field(min_length=3, max_length=LONGEST_NAME),
]
EmailAddress = Annotated[
    Text,
    StringConstraints(max_length=LONGEST_EMAIL),
    AfterValidator(normalized_email),
    WithJsonSchema({"type": "string", "format": "email", "maxLength": LONGEST_EMAIL}),
]
NewPassword = Annotated[
    SecretStr,
    BeforeValidator(_reject_unstorable_password),
    Field(min_length=SHORTEST_PASSWORD, max_length=LONGEST_PASSWORD, examples=PASSWORD_EXAMPLES),
]
Password = Annotated[
    SecretStr,
    BeforeValidator(_reject_unstorable_password),
    Field(max_length=LONGEST_PASSWORD, examples=PASSWORD_EXAMPLES),
]
Age = Annotated[int, Strict(), Field(ge=1, le=150)]
RoleNames = Annotated[list[str], BeforeValidator(lambda roles: [role.name for role in roles])]


def same_as(first: str) -> Callable[[SecretStr, ValidationInfo], SecretStr]:
    """Return a validator that compares a password with that of another field."""

    def check(second: SecretStr, fields: ValidationInfo) -> SecretStr:
        if fields.data.get(first, second) != second:  # absent if the first is invalid
            raise ValueError("The two passwords differ")
        return second

    return check


class UserCreate(Input):
    """A new account."""

    username: Username
    email: EmailAddress
    password: NewPassword
    confirm_password: Password
    age: Age | None = None

    _confirmed = field_validator("confirm_password")(same_as("password"))


class UserUpdate(Input):
    """Changes to the caller's account; fields that are not sent stay unchanged."""

    username: Username | MISSING = MISSING
    email: EmailAddress | MISSING = MISSING
    age: Age | MISSING | None = MISSING


class UserUpdateByAdmin(UserUpdate):
    """Changes to any account, by callers with `user:write`."""

    is_active: Annotated[bool, Strict()] | MISSING = MISSING


class PasswordChange(Input):
    """A new password, and the current one as proof."""

    current_password: Password
    new_password: NewPassword
    confirm_password: Password

    _confirmed = field_validator("confirm_password")(same_as("new_password"))


class UserBrief(Output, model=User):
    """An account in a list."""

    id: int
    username: str
    email: str


class UserDetail(UserBrief):
    """An account."""

    age: int | None
    is_active: bool
    roles: RoleNames
    created_at: datetime
    updated_at: datetime


class UserQuery(ListQuery, model=User):
    """Parameters of the list of accounts, sorted by id: the oldest first."""

    keyword: Keyword | None = None


class RoleDetail(Output, model=Role):
    """A role and its permissions."""

    name: str
    description: str
    permissions: list[str]


class RoleAssignment(Input):
    """The roles of an account; they replace its present ones."""

    roles: Annotated[list[Annotated[SingleLine, Field(max_length=50)]], Field(max_length=100)]
