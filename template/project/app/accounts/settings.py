"""Settings of accounts that all ways to sign in share."""

import re
from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode

from app.accounts.secret_key import SecretKeySettings, derive_key

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


RateSetting = Annotated[Rate, NoDecode, BeforeValidator(parse_rate), Field(validate_default=False)]


class AccountsSettings(SecretKeySettings):
    """The rate limits of attempts at passwords."""

    rate_limit_login: RateSetting = Rate(10, 60)

    @property
    def rate_limit_network(self) -> Rate:
        """The rate limit of a network, which several users may share."""
        return self._wider(USERS_PER_NETWORK)

    @property
    def rate_limit_account(self) -> Rate:
        """The rate limit of an account from all networks together.

        An attempt that one network may not make does not count, so that it takes several networks
        to lock the owner out.
        """
        return self._wider(NETWORKS_PER_ACCOUNT)

    def attempt_key(self, text: str) -> str:
        """Return a keyed hash to count attempts by: names and networks are not stored."""
        return derive_key(self.secret_key, f"attempts {text}").hex()

    def _wider(self, factor: int) -> Rate:
        return replace(self.rate_limit_login, limit=self.rate_limit_login.limit * factor)
