"""Signed tokens (RFC 7519). The one module that imports `python-jose`."""

import time
from typing import Any

from jose import jwt
from jose.exceptions import JOSEError

ALGORITHM = "HS256"
CLAIMS = ("exp", "iat", "nbf", "sub", "aud", "iss", "jti")
TIMES = ("exp", "iat", "nbf")
LEEWAY_SECONDS = 10


class InvalidToken(Exception):
    """The token is forged, expired, incomplete or for something else."""


def encode(claims: dict[str, Any], key: bytes) -> str:
    """Sign the claims."""
    return jwt.encode(claims, key, algorithm=ALGORITHM)


def decode(token: str, key: bytes, *, audience: str, issuer: str, kind: str) -> dict[str, Any]:
    """Verify the signature and every claim that we set, and return them.

    The algorithm is ours, never the token's (RFC 8725 §3.1).

    Raises:
        InvalidToken: Anything at all is wrong with it.
    """
    options = {f"require_{claim}": True for claim in CLAIMS} | {"leeway": LEEWAY_SECONDS}
    try:
        claims = jwt.decode(
            token, key, algorithms=[ALGORITHM], audience=audience, issuer=issuer, options=options
        )
        header = jwt.get_unverified_header(token)
    except (JOSEError, ValueError, TypeError, ArithmeticError, AttributeError, KeyError) as error:
        message = "The token is not valid"
        raise InvalidToken(message) from error
    latest = int(time.time()) + LEEWAY_SECONDS
    has_times = all(type(claims[name]) is int for name in TIMES) and claims["iat"] <= latest
    if claims.get("typ") != kind or "crit" in header or not has_times:
        message = "The token is for something else"
        raise InvalidToken(message)
    return dict(claims)
