"""Signed tokens (RFC 7519). The one module that imports `python-jose`."""

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


class InvalidToken(Exception):
    """The token is forged, expired, incomplete or for something else."""


class Keys:
    """The keys that a signature may come from: the newest signs, older ones are being retired.

    Each has an id that tells nothing about it; tokens name it in their header as `kid`
    (RFC 7515 §4.1.4).
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        self.by_id = {hashlib.sha256(b"kid" + key).hexdigest()[:16]: key for key in keys}
        self.newest = next(iter(self.by_id))


def encode(claims: dict[str, Any], keys: Keys) -> str:
    """Sign the claims with the newest key."""
    key = keys.by_id[keys.newest]
    return jwt.encode(claims, key, algorithm=ALGORITHM, headers={"kid": keys.newest})


def decode(token: str, keys: Keys, *, audience: str, issuer: str, kind: str) -> dict[str, Any]:
    """Verify the signature and every claim that we set, and return them.

    The algorithm is ours, never the token's (RFC 8725 §3.1), and the key one of ours.

    Raises:
        InvalidToken: Anything at all is wrong with it.
    """
    options = {f"require_{claim}": True for claim in CLAIMS} | {"leeway": LEEWAY_SECONDS}
    try:
        header = jwt.get_unverified_header(token)
        key = keys.by_id[header["kid"]]
        claims = jwt.decode(
            token, key, algorithms=[ALGORITHM], audience=audience, issuer=issuer, options=options
        )
    except (JOSEError, ValueError, TypeError, ArithmeticError, AttributeError, KeyError) as error:
        raise InvalidToken("The token is not valid") from error
    latest = int(time.time()) + LEEWAY_SECONDS
    has_times = all(type(claims[name]) is int for name in TIMES) and claims["iat"] <= latest
    if claims.get("typ") != kind or "crit" in header or not has_times:
        raise InvalidToken("The token is for something else")
    return dict(claims)
