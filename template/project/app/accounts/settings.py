"""Settings of accounts that all ways to sign in share: the secret key, and rate limits.

`app.config.Settings` inherits from the settings classes of all parts, so `app.state.settings` is an
instance of each; a function names the one that it needs.
"""

import hmac
import re
import zlib
from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

SHORTEST_KEY_BYTES = 32
SHORTEST_COMPRESSED_BYTES = 24
"""A random key of 32 hexadecimal digits compresses to 28 bytes or more."""
ROWS = (
    "1234567890 qwertyuiop asdfghjkl zxcvbnm qwertz azerty",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik",
    "abcdefghijklmnopqrstuvwxyz 0123456789abcdef",
)
"""Rows and columns of keyboards, and sequences."""
RUNS = " ".join([*ROWS, *(row[::-1] for row in ROWS)]).encode()
PLACEHOLDERS = (
    *("change", "secret", "insecure", "default", "password"),
    *("example", "development", "placeholder", "written-by"),  # the last one is of .env.example
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",  # FastAPI's tutorial
)

USERS_PER_NETWORK = 5
NETWORKS_PER_ACCOUNT = 10
MOST_PER_SECOND = 1000
SECONDS_PER_UNIT = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
RATE = re.compile(r"([1-9][0-9]{0,6})/(second|minute|hour|day)")


@dataclass(frozen=True)
class Rate:
    """A rate limit: `limit` attempts in `seconds`."""

    limit: int
    seconds: int


def parse_rate(text: str) -> Rate:
    """Parse a rate such as `10/minute`."""
    if not (parts := RATE.fullmatch(text.strip())):
        raise ValueError("write a number and a unit of time, such as 10/minute")
    rate = Rate(int(parts[1]), SECONDS_PER_UNIT[parts[2]])
    if rate.limit > MOST_PER_SECOND * rate.seconds:
        raise ValueError(f"write at most {MOST_PER_SECOND}/second, above which nothing is limited")
    return rate


def _reject_weak_key(key: SecretStr) -> SecretStr:
    """Refuse a key that can be guessed."""
    value = key.get_secret_value()
    is_known = any(word in value.lower() for word in PLACEHOLDERS)
    length = (value + value).find(value, 1)  # of the shortest text that the key repeats
    is_short = len(value[:length].encode()) < SHORTEST_KEY_BYTES
    if is_known or is_short or _compressed_bytes(value) < SHORTEST_COMPRESSED_BYTES:
        raise ValueError("use at least 32 random bytes, as `just setup` writes into .env")
    return key


def _compressed_bytes(text: str) -> int:
    """Return the compressed size, to which runs, rows of keys and repeated words add little."""
    deflate = zlib.compressobj(level=9, wbits=-15, zdict=RUNS)
    return len(deflate.compress(text.lower().encode()) + deflate.flush())


SecretKey = Annotated[SecretStr, AfterValidator(_reject_weak_key)]
RateSetting = Annotated[Rate, NoDecode, BeforeValidator(parse_rate), Field(validate_default=False)]


class SecretKeySettings(BaseModel):
    """The secret from which all keys are derived."""

    secret_key: SecretKey


class AccountsSettings(SecretKeySettings):
    """The rate limits of attempts at passwords, and at user names."""

    rate_limit_login: RateSetting = Rate(10, 60)
    rate_limit_sign_up: RateSetting = Rate(200, 3600)

    @property
    def rate_limit_network(self) -> Rate:
        """The rate limit of a network, which several users may share."""
        return self._wider(USERS_PER_NETWORK)

    @property
    def rate_limit_account(self) -> Rate:
        """The rate limit of an account from all networks together.

        What the limit of a network refuses is not counted here, so one network alone cannot lock
        the owner out.
        """
        return self._wider(NETWORKS_PER_ACCOUNT)

    def attempt_key(self, text: str) -> str:
        """Return a keyed hash to count attempts by: names and networks are not stored."""
        return derive_key(self.secret_key, f"attempts {text}").hex()

    def _wider(self, factor: int) -> Rate:
        return replace(self.rate_limit_login, limit=self.rate_limit_login.limit * factor)


def derive_key(secret: SecretStr, purpose: str) -> bytes:
    """Derive a separate key for each purpose, so that a signature is valid for one only."""
    return hmac.digest(secret.get_secret_value().encode(), purpose.encode(), "sha256")
