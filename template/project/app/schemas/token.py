"""Tokens over HTTP, as OAuth 2 names them (RFC 6749 §5.1)."""

from typing import Annotated, Literal

from pydantic import Field

from app.schemas.base import Input, Line, Output


class TokenPair(Output):
    """Access for some minutes, and what renews it. `expires_in` is in seconds."""

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - no secret
    expires_in: int


class RefreshToken(Input):
    """A refresh token, which works once."""

    refresh_token: Annotated[Line, Field(max_length=200)]
