"""API keys over HTTP."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field

from app.web.schemas import Input, Output
from app.web.types import SingleLine


def _written(value: object) -> object:
    """Refuse a number, which does not say whether it counts seconds or milliseconds."""
    if not isinstance(value, datetime) and not (isinstance(value, str) and "T" in value.upper()):
        raise ValueError("Write a time such as 2030-01-31T12:00:00Z")
    return value


def _in_utc(moment: datetime) -> datetime:
    """Refuse a time that is in the year 10000 in UTC: no database has it."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("Choose a time in the years 1 to 9999") from None


Moment = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_in_utc)]


class ApiKeyCreate(Input):
    """A new key. Without `scopes` it may do what its owner may, at any time."""

    name: Annotated[SingleLine, Field(min_length=1, max_length=100)]
    scopes: (
        Annotated[list[Annotated[SingleLine, Field(max_length=50)]], Field(max_length=100)] | None
    ) = None
    expires_at: Moment | None = None


class ApiKeyBrief(Output):
    """A key without its secret."""

    id: int
    name: str
    prefix: str
    scopes: list[str] | None
    expires_at: datetime | None
    created_at: datetime


class ApiKeyDetail(ApiKeyBrief):
    """A key as its owner sees it later."""

    last_used_at: datetime | None


class ApiKeyCreated(ApiKeyBrief):
    """A key with its secret, which is shown this once."""

    key: str
