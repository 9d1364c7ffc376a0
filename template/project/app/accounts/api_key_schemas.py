"""API keys over HTTP."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from app.accounts.models import Token
from app.web.schemas import Input, ListQuery, Output
from app.web.types import SingleLine, UtcDateTime


class ApiKeyCreate(Input):
    """A new key. Without `scopes` it has all permissions of its owner, now and later."""

    name: Annotated[SingleLine, Field(min_length=1, max_length=100)]
    scopes: (
        Annotated[list[Annotated[SingleLine, Field(max_length=50)]], Field(max_length=100)] | None
    ) = None
    expires_at: UtcDateTime | None = None


class ApiKeyBrief(Output):
    """A key without its secret."""

    id: int
    name: str
    prefix: str
    scopes: list[str] | None
    expires_at: datetime | None
    created_at: datetime


class ApiKeyDetail(ApiKeyBrief, model=Token):
    """A key in the list of its owner."""

    last_used_at: datetime | None


class ApiKeyCreated(ApiKeyBrief):
    """A new key with its secret, which is shown only once."""

    key: str


class ApiKeyQuery(ListQuery, model=Token):
    """Parameters of the list of keys, the oldest first."""
