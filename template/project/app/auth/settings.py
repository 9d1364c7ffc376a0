"""Settings of accounts and sessions."""

import hmac
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator

from app.config import get_settings
from app.core.settings import Section, cached

SHORTEST_KEY_BYTES = 32
FEWEST_DIFFERENT_BYTES = 8
PLACEHOLDERS = (
    *("change", "secret", "insecure", "default", "password", "example", "development"),
    *("placeholder", "written-by"),
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",  # FastAPI's tutorial
)


class AuthSettings(Section):
    """Who may come in, and the key behind everything that is signed."""

    secret_key: SecretStr
    registration: Literal["open", "closed"] | None = None
    jwt_expire_minutes: Annotated[int, Field(ge=1, le=60)] = 15
    jwt_refresh_expire_days: Annotated[int, Field(ge=1, le=365)] = 30

    @field_validator("secret_key")
    @classmethod
    def key_is_secret(cls, key: SecretStr) -> SecretStr:
        """Refuse a key that can be guessed."""
        value = key.get_secret_value()
        is_known = any(word in value.lower() for word in PLACEHOLDERS)
        is_short = len(value.encode()) < SHORTEST_KEY_BYTES
        if is_known or is_short or len(set(value)) < FEWEST_DIFFERENT_BYTES:
            message = "use at least 32 random bytes, as `just setup` writes into .env"
            raise ValueError(message)
        return key

    @property
    def registration_is_open(self) -> bool:
        """Whether strangers may create accounts; in production only if the setting says so."""
        if self.registration is None:
            return not get_settings().is_production
        return self.registration == "open"

    @property
    def access_lifetime(self) -> timedelta:
        """How long an access token works."""
        return timedelta(minutes=self.jwt_expire_minutes)

    @property
    def refresh_lifetime(self) -> timedelta:
        """How long a refresh token works if it is not used."""
        return timedelta(days=self.jwt_refresh_expire_days)

    def key_for(self, purpose: str) -> bytes:
        """Derive a key of its own for each purpose, so that no signature serves two."""
        return hmac.digest(self.secret_key.get_secret_value().encode(), purpose.encode(), "sha256")


get_auth_settings = cached(AuthSettings)
