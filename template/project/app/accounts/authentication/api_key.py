"""Authentication with an API key in the header `X-API-Key`."""

import re
import string
import zlib

from fastapi import Depends, Request
from fastapi.security import APIKeyHeader

from app.accounts import attempts, tokens
from app.accounts.caller import Caller, NotAuthenticated, ScopedCredential, single_credential
from app.accounts.models import Token, User
from app.accounts.settings import AccountsSettings
from app.web.errors import documents_errors

KIND = "api_key"
KEY_PATTERN = re.compile(r"sk_[a-z0-9]{8}_[A-Za-z0-9]{38}")
ALPHABET = string.ascii_letters + string.digits
CHECKSUM_LENGTH = 6
NAME = "X-API-Key"
CHALLENGE = "ApiKey"
ERRORS = (NotAuthenticated, attempts.TooManyAttempts)
INVALID = f"Send a valid key in the header {NAME}"

scheme = APIKeyHeader(name=NAME, auto_error=False)


async def authenticate(request: Request) -> Caller | None:
    """Return the caller, or None if the request carries no key.

    Raises:
        NotAuthenticated: The key is not valid.
        TooManyAttempts: The address has sent too many invalid keys.
    """
    key = single_credential(request.headers.getlist(NAME), CHALLENGE)
    if key is None:
        return None
    token = await _find(request, key)
    if token is None:
        raise NotAuthenticated(INVALID, CHALLENGE)
    scopes = None if token.scopes is None else frozenset(token.scopes)
    if scopes is not None and request.method != "GET" and _is_own_account(request, token.owner):
        raise ScopedCredential
    return Caller(token.owner, scopes)


def _is_own_account(request: Request, owner: User) -> bool:
    """Return whether the path names the owner's account, which no scope permits to change."""
    return str(request.path_params.get("user_id", "")).lstrip("0") == str(owner.id)


async def _find(request: Request, key: str) -> Token | None:
    """Return the row of a valid key, or None; invalid keys are rate limited by network address.

    They have a counter of their own: a program that keeps sending a revoked key does not stop
    users at the same address from signing in.
    """
    if is_mistyped(key):
        return None
    token = await tokens.find(KIND, key)
    if token:
        await token.record_use()
    else:
        settings: AccountsSettings = request.app.state.settings
        by_network = attempts.network_key(request, settings, "keys")
        await attempts.count(by_network, settings.rate_limit_network)
    return token


@documents_errors(*ERRORS)
async def require_key(request: Request) -> Caller:
    """Return the caller of a valid key, which the request must carry."""
    caller = await authenticate(request)
    if caller is None:
        raise NotAuthenticated(INVALID, CHALLENGE)
    return caller


REQUIRE_KEY = [Depends(scheme), Depends(require_key)]
"""Dependencies of routers that only programs call."""


def is_mistyped(key: str) -> bool:
    """Return whether the format or the checksum of a key is wrong."""
    body, check = key[:-CHECKSUM_LENGTH], key[-CHECKSUM_LENGTH:]
    return not KEY_PATTERN.fullmatch(key) or check != checksum(body)


def checksum(body: str) -> str:
    """Return the CRC-32 of a key in six letters and digits."""
    rest = zlib.crc32(body.encode())
    text = ""
    for _ in range(CHECKSUM_LENGTH):
        rest, digit = divmod(rest, len(ALPHABET))
        text = ALPHABET[digit] + text
    return text
