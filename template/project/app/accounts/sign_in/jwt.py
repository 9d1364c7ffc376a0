"""Access tokens (RFC 7519) in the header `Authorization`."""

from functools import cached_property
from typing import Annotated
from uuid import UUID

from fastapi import Request
from fastapi.security import OAuth2PasswordBearer
from pydantic import Field

from app import NAME
from app.accounts import refresh_tokens, signed_tokens
from app.accounts.caller import Caller, NotAuthenticated, only
from app.accounts.settings import SecretKey, derive, get_auth_settings
from app.settings import Section, Separated, cached

ACCESS = "access"
CHALLENGE = "Bearer"

scheme = OAuth2PasswordBearer("/api/auth/login", refreshUrl="/api/auth/refresh", auto_error=False)


class JwtSettings(Section):
    """How long tokens work, and the keys that signed those still around."""

    secret_keys_previous: Annotated[tuple[SecretKey, ...], *Separated] = ()
    jwt_expire_minutes: Annotated[int, Field(ge=1, le=60)] = 15
    jwt_refresh_expire_days: Annotated[int, Field(ge=1, le=365)] = 30

    @cached_property
    def keys(self) -> signed_tokens.Keys:
        """The keys of access tokens: the first signs, all are accepted."""
        secrets = (get_auth_settings().secret_key, *self.secret_keys_previous)
        return signed_tokens.Keys([derive(secret, ACCESS) for secret in secrets])


get_jwt_settings = cached(JwtSettings)


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


async def _owner(token: str) -> Caller | None:
    keys = get_jwt_settings().keys
    try:
        claims = signed_tokens.decode(token, keys, audience=NAME, issuer=NAME, kind=ACCESS)
        family = UUID(claims["sid"])
    except (signed_tokens.InvalidToken, KeyError, ValueError, TypeError, AttributeError):
        return None
    owner = await refresh_tokens.owner_of(family)
    return Caller(owner) if owner and claims["sub"] == str(owner.id) else None
