"""Settings of accounts that all ways to sign in share."""

import hmac
import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

SHORTEST_KEY_BYTES = 32
FEWEST_DISTINCT_CHARACTERS = 8
USERS_PER_NETWORK = 5
SECONDS_PER_UNIT = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
RATE = re.compile(r"([1-9][0-9]{0,6})/(second|minute|hour|day)")
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


@dataclass(frozen=True)
class Rate:
    """A rate limit: `limit` attempts in `seconds`."""

    limit: int
    seconds: int


def parse_rate(text: str) -> Rate:
    """Parse a rate such as `10/minute`."""
    if not (parts := RATE.fullmatch(text.strip())):
        raise ValueError("write a number and a unit of time, such as 10/minute")
    return Rate(int(parts[1]), SECONDS_PER_UNIT[parts[2]])


def _reject_weak_key(key: SecretStr) -> SecretStr:
    """Refuse a key that can be guessed."""
    value = key.get_secret_value()
    is_known = any(word in value.lower() for word in PLACEHOLDERS)
    is_short = len(value.encode()) < SHORTEST_KEY_BYTES
    if is_known or is_short or len(set(value)) < FEWEST_DISTINCT_CHARACTERS:
        raise ValueError("use at least 32 random bytes, as `just setup` writes into .env")
    return key


SecretKey = Annotated[SecretStr, AfterValidator(_reject_weak_key)]
RateSetting = Annotated[Rate, NoDecode, BeforeValidator(parse_rate), Field(validate_default=False)]


class AccountsSettings(BaseModel):
    """The secret from which all keys are derived, and the rate limit of authentication."""

    secret_key: SecretKey
    rate_limit_login: RateSetting = Rate(10, 60)

    @property
    def rate_limit_network(self) -> Rate:
        """The rate limit of a network, which several users may share."""
        return Rate(self.rate_limit_login.limit * USERS_PER_NETWORK, self.rate_limit_login.seconds)

    def attempt_key(self, text: str) -> str:
        """Return a keyed hash to count attempts by: names and networks are not stored."""
        return derive_key(self.secret_key, f"attempts {text}").hex()


def derive_key(secret: SecretStr, purpose: str) -> bytes:
    """Derive a separate key for each purpose, so that a signature is valid for one only."""
    return hmac.digest(secret.get_secret_value().encode(), purpose.encode(), "sha256")
