"""Signing in with OAuth 2 passwords: short access tokens (RFC 7519), rotated refresh tokens."""

import time
from http import HTTPStatus
from typing import Annotated, ClassVar
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Request
from fastapi.security import OAuth2PasswordBearer, OAuth2PasswordRequestForm

from app import NAME
from app.auth.settings import get_auth_settings
from app.core import jwt
from app.core.errors import AppError
from app.models.user import User
from app.schemas.token import RefreshToken, TokenPair
from app.services import token as token_service
from app.services import user as user_service

ISSUER = AUDIENCE = NAME
ACCESS = "access"

scheme = OAuth2PasswordBearer("/api/auth/login", refreshUrl="/api/auth/refresh", auto_error=False)
router = APIRouter(prefix="/api/auth", tags=["auth"])


class NotAuthenticated(AppError):
    """The caller is nobody we know (RFC 6750 §3)."""

    status = HTTPStatus.UNAUTHORIZED
    headers: ClassVar[dict[str, str]] = {"WWW-Authenticate": "Bearer"}


@router.post("/login")
async def log_in(form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> TokenPair:
    """Exchange a user name or e-mail address and a password for tokens."""
    user = await user_service.authenticate(form.username, form.password)
    if user is None:
        message = "The name or the password is wrong"
        raise NotAuthenticated(message)
    lifetime = get_auth_settings().refresh_lifetime
    family, refresh_token = await token_service.open_family(user, lifetime=lifetime)
    return _pair(user, family, refresh_token)


@router.post("/refresh")
async def refresh(body: RefreshToken) -> TokenPair:
    """Exchange a refresh token for new tokens. Each works once; a second use ends the session."""
    lifetime = get_auth_settings().refresh_lifetime
    rotated = await token_service.rotate(body.refresh_token, lifetime=lifetime)
    if rotated is None:
        message = "The refresh token is not valid; sign in again"
        raise NotAuthenticated(message)
    return _pair(*rotated)


@router.post("/logout", status_code=HTTPStatus.NO_CONTENT)
async def log_out(body: RefreshToken) -> None:
    """End the session: its refresh token and its access tokens stop working at once."""
    await token_service.end_session(body.refresh_token)


async def authenticate(request: Request) -> User | None:
    """Return the caller, or None if the request names none.

    Raises:
        NotAuthenticated: It does name one, but the token is not valid.
    """
    values = request.headers.getlist("authorization")
    if not values:
        return None
    kind, _, token = values[0].partition(" ")
    if len(values) > 1 or kind.lower() != "bearer":
        message = "Send one Authorization header with a bearer token"
        raise NotAuthenticated(message)
    user = await _owner(token)
    if user is None:
        message = "The token is not valid"
        raise NotAuthenticated(message)
    return user


async def _owner(token: str) -> User | None:
    key = get_auth_settings().key_for(ACCESS)
    try:
        claims = jwt.decode(token, key, audience=AUDIENCE, issuer=ISSUER, kind=ACCESS)
        family = UUID(claims["sid"])
    except (jwt.InvalidToken, KeyError, ValueError, TypeError, AttributeError):
        return None
    owner = await token_service.owner_of(family)
    return owner if owner and claims["sub"] == str(owner.id) else None


def _pair(user: User, family: UUID, refresh_token: str) -> TokenPair:
    settings = get_auth_settings()
    now = int(time.time())
    seconds = int(settings.access_lifetime.total_seconds())
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(user.id),
        "sid": str(family),
        "jti": uuid4().hex,
        "typ": ACCESS,
        "iat": now,
        "nbf": now,
        "exp": now + seconds,
    }
    return TokenPair(
        access_token=jwt.encode(claims, settings.key_for(ACCESS)),
        refresh_token=refresh_token,
        expires_in=seconds,
    )
