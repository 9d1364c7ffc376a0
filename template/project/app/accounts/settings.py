"""Settings of accounts, whichever way people sign in."""

import hmac
from typing import Annotated

from fastapi import Request
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

from app.accounts.attempts import Rate, network, read_rate
from app.settings import Section, cached

SHORTEST_KEY_BYTES = 32
FEWEST_DIFFERENT_BYTES = 8
PEOPLE = 5  # who may share an address
PLACEHOLDERS = (
    *("change", "secret", "insecure", "default", "password", "example", "development"),
    *("placeholder", "written-by"),
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",  # FastAPI's tutorial
)


def _is_secret(key: SecretStr) -> SecretStr:
    """Refuse a key that can be guessed."""
    value = key.get_secret_value()
    is_known = any(word in value.lower() for word in PLACEHOLDERS)
    is_short = len(value.encode()) < SHORTEST_KEY_BYTES
    if is_known or is_short or len(set(value)) < FEWEST_DIFFERENT_BYTES:
        message = "use at least 32 random bytes, as `just setup` writes into .env"
        raise ValueError(message)
    return key


SecretKey = Annotated[SecretStr, AfterValidator(_is_secret)]
RateText = Annotated[Rate, NoDecode, BeforeValidator(read_rate), Field(validate_default=False)]


class AuthSettings(Section):
    """The secret that all keys are derived from, and how often somebody may guess."""

    secret_key: SecretKey
    rate_limit_login: RateText = Rate(10, 60)

    @property
    def rate_limit_of_address(self) -> Rate:
        """The same for an address, which many people may share."""
        return Rate(self.rate_limit_login.count * PEOPLE, self.rate_limit_login.seconds)

    def fingerprint(self, text: str) -> str:
        """Return what stands for a name or an address where neither should be stored."""
        return derive(self.secret_key, f"attempts {text}").hex()

    def fingerprint_of_address(self, request: Request) -> str:
        """Return what stands for the address that a request comes from."""
        host = request.client.host if request.client else ""
        return self.fingerprint(f"address {network(host)}")


def derive(secret: SecretStr, purpose: str) -> bytes:
    """Derive a key of its own for each purpose, so that no signature serves two."""
    return hmac.digest(secret.get_secret_value().encode(), purpose.encode(), "sha256")


get_auth_settings = cached(AuthSettings)
