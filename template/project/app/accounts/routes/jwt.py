"""Sign-in with the OAuth 2 password grant: short-lived access tokens, rotated refresh tokens."""

import time
from http import HTTPStatus
from typing import Annotated, Literal
from uuid import uuid4

from fastapi import APIRouter, Depends, Request
from fastapi.security import OAuth2PasswordRequestForm
from pydantic import Field
from tortoise import timezone

from app import NAME
from app.accounts import refresh_tokens, signed_tokens, tokens
from app.accounts.attempts import TooManyAttempts
from app.accounts.authentication.jwt import CHALLENGE
from app.accounts.caller import NotAuthenticated
from app.accounts.jwt_settings import ACCESS, JwtSettings
from app.accounts.login import EmailNotVerified, verify_credentials
from app.accounts.models import User
from app.accounts.refresh_tokens import REFRESH, IssuedToken
from app.web.errors import Conflict, documents_errors
from app.web.schemas import Input, Output
from app.web.types import SingleLine

public_router = APIRouter(prefix="/api/auth", tags=["auth"])


class TokenPair(Output):
    """An access token and a refresh token (RFC 6749 §5.1). `expires_in` is in seconds."""

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - no secret
    expires_in: int


class RefreshToken(Input):
    """A refresh token, which can be used once."""

    refresh_token: Annotated[SingleLine, Field(max_length=200)]


@public_router.post("/login")
@documents_errors(NotAuthenticated, EmailNotVerified, TooManyAttempts, tokens.AccountChanged)
async def login(
    request: Request, form: Annotated[OAuth2PasswordRequestForm, Depends()]
) -> TokenPair:
    """Exchange a user name or e-mail address and a password for tokens."""
    user = await verify_credentials(request, form.username, form.password, challenge=CHALLENGE)
    return await open_session(user, request.app.state.settings)


@public_router.post("/refresh")
@documents_errors(NotAuthenticated, Conflict)  # the account is deleted at the same time
async def refresh(request: Request, body: RefreshToken) -> TokenPair:
    """Exchange a refresh token for new tokens. Using it a second time revokes the session."""
    settings: JwtSettings = request.app.state.settings
    successor = await refresh_tokens.rotate(
        body.refresh_token, timezone.now() + settings.refresh_lifetime
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
