"""Signed tokens (RFC 7519). Only this module imports `python-jose`."""

import hashlib
import time
from collections.abc import Sequence
from typing import Any

from jose import jwt
from jose.exceptions import JOSEError

ALGORITHM = "HS256"
CLAIMS = ("exp", "iat", "nbf", "sub", "aud", "iss", "jti")
TIMES = ("exp", "iat", "nbf")
LEEWAY_SECONDS = 10
OPTIONS = {f"require_{claim}": True for claim in CLAIMS} | {"leeway": LEEWAY_SECONDS}


class InvalidToken(Exception):
    """The token is forged, expired, incomplete or meant for another purpose."""


class Keys:
    """Keys of signatures: the newest signs, all verify.

    Each has an id that reveals nothing of the key; tokens name it in the header `kid`
    (RFC 7515 §4.1.4).
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        self.by_id = {hashlib.sha256(b"kid" + key).hexdigest()[:16]: key for key in keys}
        self.newest_id = next(iter(self.by_id))


def encode(claims: dict[str, Any], keys: Keys) -> str:
    """Sign the claims with the newest key."""
    key = keys.by_id[keys.newest_id]
    return jwt.encode(claims, key, algorithm=ALGORITHM, headers={"kid": keys.newest_id})


def decode(
    token: str, keys: Keys, *, audience: str, issuer: str, token_type: str
) -> dict[str, Any]:
    """Verify the signature and all required claims, and return the claims.

    The algorithm is fixed, never taken from the token (RFC 8725 §3.1).

    Raises:
        InvalidToken: The token is not valid, for whatever reason.
    """
    try:
        header = jwt.get_unverified_header(token)
        key = keys.by_id[header["kid"]]
        claims = jwt.decode(
            token, key, algorithms=[ALGORITHM], audience=audience, issuer=issuer, options=OPTIONS
        )
    except (JOSEError, ValueError, TypeError, ArithmeticError, AttributeError, KeyError) as error:
        raise InvalidToken("The token is not valid") from error
    latest = int(time.time()) + LEEWAY_SECONDS
    has_valid_times = all(type(claims[name]) is int for name in TIMES) and claims["iat"] <= latest
    if claims.get("typ") != token_type or "crit" in header or not has_valid_times:
        raise InvalidToken("The token has a wrong type or wrong times")
    return dict(claims)
