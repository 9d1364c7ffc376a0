"""Settings of access and refresh tokens."""

from datetime import timedelta
from functools import cached_property
from typing import Annotated

from pydantic import Field

from app.accounts import signed_tokens
from app.accounts.settings import SecretKey, SecretKeySettings, derive_key
from app.web.types import COMMA_SEPARATED

ACCESS = "access"
"""Purpose of the derived keys, and the claim `typ` of the tokens that they sign."""


class JwtSettings(SecretKeySettings):
    """Lifetimes of tokens, and earlier secret keys whose tokens are still accepted."""

    secret_keys_previous: Annotated[tuple[SecretKey, ...], *COMMA_SEPARATED] = ()
    jwt_expire_minutes: Annotated[int, Field(ge=1, le=60)] = 15
    jwt_refresh_expire_days: Annotated[int, Field(ge=1, le=365)] = 30

    @cached_property
    def access_keys(self) -> signed_tokens.Keys:
        """The keys of access tokens: the first signs, all are accepted."""
        secrets = (self.secret_key, *self.secret_keys_previous)
        return signed_tokens.Keys([derive_key(secret, ACCESS) for secret in secrets])

    @property
    def access_lifetime(self) -> timedelta:
        """Lifetime of an access token."""
        return timedelta(minutes=self.jwt_expire_minutes)

    @property
    def refresh_lifetime(self) -> timedelta:
        """Lifetime of an unused refresh token."""
        return timedelta(days=self.jwt_refresh_expire_days)
