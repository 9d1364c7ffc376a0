"""Coming in with an API key in the header `X-API-Key`."""

import re
import string
import zlib

from fastapi import Depends, Request
from fastapi.security import APIKeyHeader

from app.accounts import attempts, tokens
from app.accounts.caller import Caller, NotAuthenticated, single_value
from app.accounts.models import Token, User
from app.accounts.settings import AccountsSettings
from app.web.errors import Forbidden, raises

KIND = "api_key"
KEY_PATTERN = re.compile(r"sk_[a-z0-9]{8}_[A-Za-z0-9]{38}")
SIGNS = string.ascii_letters + string.digits
CHECKSUM_LENGTH = 6
NAME = "X-API-Key"
CHALLENGE = "ApiKey"
RAISES = (NotAuthenticated, attempts.TooManyAttempts)
INVALID = f"Send a valid key in the header {NAME}"

scheme = APIKeyHeader(name=NAME, auto_error=False)


async def authenticate(request: Request) -> Caller | None:
    """Return the caller, or None if the request carries no key.

    Raises:
        NotAuthenticated: It does, but the key is not valid.
        TooManyAttempts: Too many keys from this address were not.
    """
    key = single_value(request.headers.getlist(NAME), CHALLENGE)
    if key is None:
        return None
    token = await _find(request, key)
    if token is None:
        raise NotAuthenticated(INVALID, CHALLENGE)
    scopes = None if token.scopes is None else frozenset(token.scopes)
    if scopes is not None and request.method != "GET" and _names(request, token.owner):
        raise Forbidden("A key with scopes may not change the account that it belongs to")
    return Caller(token.owner, scopes)


def _names(request: Request, owner: User) -> bool:
    """Whether the path names this account, whose changes no scope could confine."""
    return str(request.path_params.get("user_id", "")).lstrip("0") == str(owner.id)


async def _find(request: Request, key: str) -> Token | None:
    """Return the key; failures are counted by address, good ones are not slowed down by them.

    They do not count as wrong passwords of that address: a program that goes on with a key
    that was revoked keeps nobody from signing in.
    """
    if is_mistyped(key):
        return None
    token = await tokens.find(KIND, key)
    if token:
        await token.record_use()
    else:
        settings: AccountsSettings = request.app.state.settings
        address = settings.fingerprint(f"keys {attempts.address_key(request, settings)}")
        await attempts.count(address, settings.rate_limit_address)
    return token


@raises(*RAISES)
async def require_key(request: Request) -> Caller:
    """Return the caller, who must come with a key, whatever else the request carries."""
    caller = await authenticate(request)
    if caller is None:
        raise NotAuthenticated(INVALID, CHALLENGE)
    return caller


WITH_KEY = [Depends(scheme), Depends(require_key)]
"""For routers that only programs call."""


def is_mistyped(key: str) -> bool:
    """Whether this is no key at all, by its form and its checksum."""
    body, check = key[:-CHECKSUM_LENGTH], key[-CHECKSUM_LENGTH:]
    return not KEY_PATTERN.fullmatch(key) or check != checksum(body)


def checksum(body: str) -> str:
    """Write the CRC-32 of a key in six letters and digits."""
    rest = zlib.crc32(body.encode())
    text = ""
    for _ in range(CHECKSUM_LENGTH):
        rest, digit = divmod(rest, len(SIGNS))
        text = SIGNS[digit] + text
    return text
