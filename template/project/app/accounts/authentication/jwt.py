"""Authentication with an access token (RFC 7519) in the header `Authorization`."""

from datetime import datetime
from uuid import UUID

from fastapi import Request
from fastapi.security import OAuth2PasswordBearer
from tortoise import timezone

from app import NAME
from app.accounts import signed_tokens
from app.accounts.caller import Caller, NotAuthenticated, single_credential
from app.accounts.jwt_settings import ACCESS, JwtSettings
from app.accounts.models import User
from app.database.queries import CompiledQuery

CHALLENGE = f'Bearer realm="{NAME}"'
"""Says what to send (RFC 6750 §3), without an error code to callers who sent no such credential."""
INVALID_TOKEN = f'{CHALLENGE}, error="invalid_token"'
INVALID_REQUEST = f'{CHALLENGE}, error="invalid_request"'
INVALID = "The Authorization header holds no valid bearer token"
ERRORS = (NotAuthenticated,)

scheme = OAuth2PasswordBearer("/api/auth/login", refreshUrl="/api/auth/refresh", auto_error=False)


# An access token is valid while its session has a valid refresh token: signing out revokes both.
_user_of_session = CompiledQuery(
    lambda session, now: User.filter(
        is_active=True,
        tokens__family=session,
        tokens__rotated_at=None,
        tokens__revoked_at=None,
        tokens__expires_at__gt=now,
    ),
    session=UUID,
    now=datetime,
)


async def authenticate(request: Request) -> Caller | None:
    """Return the caller, or None if the request carries no token.

    Raises:
        NotAuthenticated: The token is not valid.
    """
    value = single_credential(request.headers.getlist("authorization"), INVALID_REQUEST)
    if value is None:
        return None
    auth_scheme, _, token = value.partition(" ")
    if auth_scheme.lower() != "bearer":
        raise NotAuthenticated(INVALID, CHALLENGE)
    caller = await _caller(request, token)
    if caller is None:
        raise NotAuthenticated(INVALID, INVALID_TOKEN)
    return caller


async def _caller(request: Request, token: str) -> Caller | None:
    settings: JwtSettings = request.app.state.settings
    keys = settings.access_keys
    try:
        claims = signed_tokens.decode(token, keys, audience=NAME, issuer=NAME, token_type=ACCESS)
        session = UUID(claims["sid"])
    except (signed_tokens.InvalidToken, KeyError, ValueError, TypeError, AttributeError):
        return None  # `sid` may be missing, or of any JSON type
    owners = await _user_of_session.fetch(session=session, now=timezone.now())
    if not owners or claims["sub"] != str(owners[0].id):
        return None
    return Caller(owners[0])  # with no session to keep: a new password revokes this one too
