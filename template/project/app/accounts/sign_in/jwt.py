"""Access tokens (RFC 7519) in the header `Authorization`."""

from uuid import UUID

from fastapi import Request
from fastapi.security import OAuth2PasswordBearer

from app import NAME
from app.accounts import refresh_tokens, signed_tokens
from app.accounts.caller import Caller, NotAuthenticated, only
from app.accounts.jwt_settings import ACCESS, JwtSettings

CHALLENGE = "Bearer"

scheme = OAuth2PasswordBearer("/api/auth/login", refreshUrl="/api/auth/refresh", auto_error=False)


async def authenticate(request: Request) -> Caller | None:
    """Return the caller, or None if the request carries no token.

    Raises:
        NotAuthenticated: It does, but the token is not valid.
    """
    value = only(request.headers.getlist("authorization"), CHALLENGE)
    if value is None:
        return None
    kind, _, token = value.partition(" ")
    caller = await _owner(request, token) if kind.lower() == "bearer" else None
    if caller is None:
        message = "The Authorization header holds no valid bearer token"
        raise NotAuthenticated(message, CHALLENGE)
    return caller


async def _owner(request: Request, token: str) -> Caller | None:
    settings: JwtSettings = request.app.state.settings
    keys = settings.access_keys
    try:
        claims = signed_tokens.decode(token, keys, audience=NAME, issuer=NAME, kind=ACCESS)
        family = UUID(claims["sid"])
    except (signed_tokens.InvalidToken, KeyError, ValueError, TypeError, AttributeError):
        return None
    owner = await refresh_tokens.owner_of(family)
    return Caller(owner) if owner and claims["sub"] == str(owner.id) else None
