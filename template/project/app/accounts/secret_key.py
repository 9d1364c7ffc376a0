"""The secret key, which must be hard to guess, and the keys that are derived from it."""

import hmac
import zlib
from typing import Annotated

from pydantic import AfterValidator, BaseModel, SecretStr

SHORTEST_KEY_BYTES = 32
SHORTEST_COMPRESSED_BYTES = 24
"""32 random hexadecimal digits take 28 or more."""
ROWS = (
    *(
        "1234567890 qwertyuiop asdfghjkl zxcvbnm",
        "qwertz azerty",
        "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik",
    ),
    *("abcdefghijklmnopqrstuvwxyz", "0123456789abcdef"),
)
"""Rows and columns of keyboards, and sequences."""
RUNS = " ".join([*ROWS, *(row[::-1] for row in ROWS)]).encode()
PLACEHOLDERS = (
    "change",
    "secret",
    "insecure",
    "default",
    "password",
    "example",
    "development",
    "placeholder",
    "written-by",
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",  # FastAPI's tutorial
)


def _reject_weak_key(key: SecretStr) -> SecretStr:
    """Refuse a key that can be guessed."""
    value = key.get_secret_value()
    is_known = any(word in value.lower() for word in PLACEHOLDERS)
    length = (value + value).find(value, 1)  # without repetitions
    is_short = len(value[:length].encode()) < SHORTEST_KEY_BYTES
    if is_known or is_short or _compressed_bytes(value) < SHORTEST_COMPRESSED_BYTES:
        raise ValueError("use at least 32 random bytes, as `just setup` writes into .env")
    return key


def _compressed_bytes(text: str) -> int:
    """Return the compressed size, to which runs, rows of keys and repeated words add little."""
    deflate = zlib.compressobj(level=9, wbits=-15, zdict=RUNS)
    return len(deflate.compress(text.lower().encode()) + deflate.flush())


SecretKey = Annotated[SecretStr, AfterValidator(_reject_weak_key)]


class SecretKeySettings(BaseModel):
    """The secret from which all keys are derived."""

    secret_key: SecretKey


def derive_key(secret: SecretStr, purpose: str) -> bytes:
    """Derive a separate key for each purpose, so that a signature is valid for one only."""
    return hmac.digest(secret.get_secret_value().encode(), purpose.encode(), "sha256")
