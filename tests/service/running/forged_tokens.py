"""Tokens made by hand, valid and invalid."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any
from uuid import uuid4

from tests.support.harness import Service


def key_of(service: Service) -> bytes:
    """Return the key with which a service signs its access tokens."""
    program = (
        "from app.config import get_settings; keys = get_settings().access_keys;"
        "print(keys.by_id[keys.newest_id].hex())"
    )
    return bytes.fromhex(service.python("-c", program).output)


def header(key: bytes, **changes: object) -> dict[str, object]:
    """Return the header of a token, which names the key that signs it."""
    key_id = hashlib.sha256(b"kid" + key).hexdigest()[:16]
    return {"alg": "HS256", "kid": key_id, "typ": "JWT", **changes}


def sign(key: bytes, claims: object, *, head: object = None, digest: str = "sha256") -> str:
    """Sign the claims, whatever they are. `json` writes NaN and infinity as they are."""
    signed = f"{encode(header(key) if head is None else head)}.{encode(claims)}"
    return f"{signed}.{_base64(hmac.digest(key, signed.encode(), digest))}"


def encode(part: object) -> str:
    """Encode one part of a token."""
    return _base64(json.dumps(part).encode())


def decode(token: str, part: int = 1) -> dict[str, Any]:
    """Decode the claims of a token, or its header if it is part 0, without any check."""
    text = token.split(".")[part]
    members: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * 3))
    return members


def shifted(claims: dict[str, Any], *, seconds: int) -> dict[str, Any]:
    """Return claims with times that much later, or earlier if negative."""
    moved = {name: claims[name] + seconds for name in ("iat", "nbf", "exp")}
    return claims | moved | {"jti": uuid4().hex}


def now() -> int:
    """Return the current time as tokens write it, in seconds since 1970."""
    return int(time.time())


def sha256(secret: str) -> str:
    """Return the hash under which a secret is stored."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
