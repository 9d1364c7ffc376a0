"""Sign-in with the OAuth 2 password grant: short-lived access tokens, rotated refresh tokens."""

import time
from http import HTTPStatus
from typing import Annotated, Literal
from uuid import uuid4

from fastapi import APIRouter, Depends, Request
from pydantic import AfterValidator, BaseModel, Field, WithJsonSchema
from pydantic.config import JsonDict
from tortoise import timezone

from app import NAME
from app.accounts import refresh_tokens, signed_tokens, tokens
from app.accounts.attempts import TooManyAttempts
from app.accounts.authentication.jwt import CHALLENGE
from app.accounts.caller import NotAuthenticated
from app.accounts.json_or_form import (
    RepeatedField,
    UnsupportedMediaType,
    form_body,
    json_body,
    read_body,
    read_form,
)
from app.accounts.jwt_settings import ACCESS, JwtSettings
from app.accounts.login import EmailNotVerified, verify_credentials
from app.accounts.models import User
from app.accounts.refresh_tokens import REFRESH, IssuedToken
from app.web.errors import BadRequest, documents_errors, with_error_codes
from app.web.schemas import Input, Output
from app.web.types import SingleLine

public_router = APIRouter(prefix="/api/auth", tags=["auth"])

ERROR_CODES: dict[int, str] = {
    HTTPStatus.BAD_REQUEST: "invalid_request",
    HTTPStatus.UNAUTHORIZED: "invalid_grant",
    HTTPStatus.FORBIDDEN: "invalid_grant",
    HTTPStatus.CONFLICT: "invalid_grant",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "invalid_request",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "invalid_request",
    HTTPStatus.UNPROCESSABLE_ENTITY: "invalid_request",
    HTTPStatus.TOO_MANY_REQUESTS: "invalid_grant",
}
"""The member `error` of error responses of the token routes, by status (RFC 6749 §5.2).

`with_error_codes` marks a route, so that errors of its dependencies have it too. An error class
with a `code` of its own keeps that.
"""


class UnsupportedGrantType(BadRequest):
    """The route is for another grant type (RFC 6749 §5.2)."""

    code = "unsupported_grant_type"


def _grant(name: str) -> tuple[object, ...]:
    """Return the validator and the schema of a field that names the grant type of its route.

    The default is left out of the schema: with it, generated clients require the field.
    """

    def check(sent: str) -> str:
        if sent != name:  # no ValueError, so that the status is 400 and not 422
            raise UnsupportedGrantType(f"Send the grant type {name}, which this call is for")
        return sent

    def drop_default(schema: JsonDict) -> None:
        del schema["default"]

    schema = WithJsonSchema({"type": "string", "pattern": f"^{name}$"})
    return AfterValidator(check), schema, Field(json_schema_extra=drop_default)


class PasswordGrant(BaseModel):
    """A user name or e-mail address, and the password. Other fields of OAuth 2 are ignored."""

    grant_type: Annotated[str, *_grant("password")] = "password"
    username: str
    password: Annotated[str, Field(json_schema_extra={"format": "password"})]


class TokenPair(Output):
    """An access token and a refresh token (RFC 6749 §5.1). `expires_in` is in seconds."""

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - no secret
    expires_in: int


class RefreshToken(Input):
    """A refresh token, which can be used once."""

    refresh_token: Annotated[SingleLine, Field(max_length=200)]


class RefreshGrant(RefreshToken):
    """A refresh token, with or without the field that OAuth 2 clients send (RFC 6749 §6)."""

    grant_type: Annotated[str, *_grant("refresh_token")] = "refresh_token"


@documents_errors(UnsupportedMediaType, RepeatedField)
async def _get_password_grant(request: Request) -> PasswordGrant:
    return await read_form(request, PasswordGrant)


@documents_errors(UnsupportedMediaType, RepeatedField)
async def _get_refresh_grant(request: Request) -> RefreshGrant:
    return await read_body(request, RefreshGrant)


@public_router.post(
    "/login", openapi_extra={"requestBody": form_body(PasswordGrant.model_json_schema())}
)
@documents_errors(NotAuthenticated, EmailNotVerified, TooManyAttempts, tokens.AccountChanged)
@with_error_codes(ERROR_CODES)
async def login(
    request: Request, grant: Annotated[PasswordGrant, Depends(_get_password_grant)]
) -> TokenPair:
    """Exchange a user name or e-mail address and a password for tokens."""
    user = await verify_credentials(request, grant.username, grant.password, challenge=CHALLENGE)
    return await open_session(user, request.app.state.settings)


@public_router.post(
    "/refresh",
    # The schema of `logout`, without `grant_type`, which generated clients need not know.
    openapi_extra={"requestBody": json_body({"$ref": "#/components/schemas/RefreshToken"})},
)
@documents_errors(NotAuthenticated)
@with_error_codes(ERROR_CODES)
async def refresh(
    request: Request, grant: Annotated[RefreshGrant, Depends(_get_refresh_grant)]
) -> TokenPair:
    """Exchange a refresh token, sent as JSON or as a form of OAuth 2, for new tokens.

    Using it a second time revokes the session.
    """
    settings: JwtSettings = request.app.state.settings
    successor = await refresh_tokens.rotate(
        grant.refresh_token, timezone.now() + settings.refresh_lifetime
    )
    if successor is None:
        raise NotAuthenticated("The refresh token is not valid; sign in again", CHALLENGE)
    return _pair(settings, successor)


@public_router.post("/logout", status_code=HTTPStatus.NO_CONTENT)
async def logout(body: RefreshToken) -> None:
    """Revoke the session: its refresh token and its access tokens stop working at once."""
    await refresh_tokens.revoke_session(body.refresh_token)


async def open_session(user: User, settings: JwtSettings) -> TokenPair:
    """Open a session for an authenticated user."""
    expires_at = timezone.now() + settings.refresh_lifetime
    token, secret = await tokens.issue_if_unchanged(user, REFRESH, expires_at=expires_at)
    return _pair(settings, IssuedToken(user, token.family, secret))


def _pair(settings: JwtSettings, refresh_token: IssuedToken) -> TokenPair:
    """Return the refresh token with an access token of the same session."""
    now = int(time.time())
    seconds = int(settings.access_lifetime.total_seconds())
    claims = {"iss": NAME, "aud": NAME, "typ": ACCESS, "jti": uuid4().hex}
    claims |= {"sub": str(refresh_token.owner.id), "sid": str(refresh_token.family)}
    times = {"iat": now, "nbf": now, "exp": now + seconds}
    return TokenPair(
        access_token=signed_tokens.encode(claims | times, settings.access_keys),
        refresh_token=refresh_token.secret,
        expires_in=seconds,
    )
