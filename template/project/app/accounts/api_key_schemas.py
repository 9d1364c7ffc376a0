"""API keys over HTTP."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from app.web.schemas import Input, Output
from app.web.types import DateTime, SingleLine


class ApiKeyCreate(Input):
    """A new key. Without `scopes` it may do what its owner may, at any time."""

    name: Annotated[SingleLine, Field(min_length=1, max_length=100)]
    scopes: (
        Annotated[list[Annotated[SingleLine, Field(max_length=50)]], Field(max_length=100)] | None
    ) = None
    expires_at: DateTime | None = None


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
