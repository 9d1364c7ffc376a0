"""Signing in with OAuth 2 passwords: short access tokens (RFC 7519), rotated refresh tokens."""

import time
from datetime import datetime, timedelta
from functools import cached_property
from http import HTTPStatus
from typing import Annotated, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Request
from fastapi.security import OAuth2PasswordBearer, OAuth2PasswordRequestForm
from pydantic import Field
from tortoise import timezone

from app import NAME
from app.auth import refresh as refresh_tokens
from app.auth.caller import Caller, NotAuthenticated, only
from app.auth.login import log_in as check_login
from app.auth.settings import SecretKey, derive, get_auth_settings
from app.core import jwt
from app.core.settings import Section, Separated, cached
from app.models.user import User
from app.schemas.base import Input, Line, Output
from app.services import token as token_service

ACCESS = "access"
CHALLENGE = "Bearer"

scheme = OAuth2PasswordBearer("/api/auth/login", refreshUrl="/api/auth/refresh", auto_error=False)
router = APIRouter(prefix="/api/auth", tags=["auth"])


class JwtSettings(Section):
    """How long tokens work, and the keys that signed those still around."""

    secret_keys_previous: Annotated[tuple[SecretKey, ...], *Separated] = ()
    jwt_expire_minutes: Annotated[int, Field(ge=1, le=60)] = 15
    jwt_refresh_expire_days: Annotated[int, Field(ge=1, le=365)] = 30

    @cached_property
    def keys(self) -> jwt.Keys:
        """The keys of access tokens: the first signs, all are accepted."""
        secrets = (get_auth_settings().secret_key, *self.secret_keys_previous)
        return jwt.Keys([derive(secret, ACCESS) for secret in secrets])


get_jwt_settings = cached(JwtSettings)


class TokenPair(Output):
    """Access for some minutes, and what renews it (RFC 6749 §5.1). `expires_in` is in seconds."""

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - no secret
    expires_in: int


class RefreshToken(Input):
    """A refresh token, which works once."""

    refresh_token: Annotated[Line, Field(max_length=200)]


@router.post("/login")
async def log_in(
    request: Request, form: Annotated[OAuth2PasswordRequestForm, Depends()]
) -> TokenPair:
    """Exchange a user name or e-mail address and a password for tokens."""
    return await sign_in(await check_login(request, form.username, form.password, CHALLENGE))


@router.post("/refresh")
async def refresh(body: RefreshToken) -> TokenPair:
    """Exchange a refresh token for new tokens. Each works once; a second use ends the session."""
    rotated = await refresh_tokens.rotate(body.refresh_token, _refresh_expiry())
    if rotated is None:
        message = "The refresh token is not valid; sign in again"
        raise NotAuthenticated(message, CHALLENGE)
    return _pair(*rotated)


@router.post("/logout", status_code=HTTPStatus.NO_CONTENT)
async def log_out(body: RefreshToken) -> None:
    """End the session: its refresh token and its access tokens stop working at once."""
    await refresh_tokens.end_session(body.refresh_token)


async def authenticate(request: Request) -> Caller | None:
    """Return the caller, or None if the request carries no token.

    Raises:
        NotAuthenticated: It does, but the token is not valid.
    """
    value = only(request.headers.getlist("authorization"), CHALLENGE)
    if value is None:
        return None
    kind, _, token = value.partition(" ")
    caller = await _owner(token) if kind.lower() == "bearer" else None
    if caller is None:
        message = "The Authorization header holds no valid bearer token"
        raise NotAuthenticated(message, CHALLENGE)
    return caller


async def sign_in(user: User) -> TokenPair:
    """Open a session for somebody who has proved who they are."""
    token, secret = await token_service.issue_if_unchanged(
        user, refresh_tokens.REFRESH, expires_at=_refresh_expiry()
    )
    return _pair(user, token.family, secret)


async def _owner(token: str) -> Caller | None:
    keys = get_jwt_settings().keys
    try:
        claims = jwt.decode(token, keys, audience=NAME, issuer=NAME, kind=ACCESS)
        family = UUID(claims["sid"])
    except (jwt.InvalidToken, KeyError, ValueError, TypeError, AttributeError):
        return None
    owner = await refresh_tokens.owner_of(family)
    return Caller(owner) if owner and claims["sub"] == str(owner.id) else None


def _refresh_expiry() -> datetime:
    return timezone.now() + timedelta(days=get_jwt_settings().jwt_refresh_expire_days)


def _pair(user: User, family: UUID, refresh_token: str) -> TokenPair:
    settings = get_jwt_settings()
    now = int(time.time())
    seconds = settings.jwt_expire_minutes * 60
    claims = {"iss": NAME, "aud": NAME, "typ": ACCESS, "jti": uuid4().hex}
    claims |= {"sub": str(user.id), "sid": str(family)}
    times = {"iat": now, "nbf": now, "exp": now + seconds}
    return TokenPair(
        access_token=jwt.encode(claims | times, settings.keys),
        refresh_token=refresh_token,
        expires_in=seconds,
    )
