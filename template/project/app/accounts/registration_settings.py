"""Settings of registration, and of the mails to people who sign in with a password."""

from typing import Literal

from app.accounts.settings import AccountsSettings, Rate, RateSetting
from app.mail import MailSettings


class RegistrationSettings(AccountsSettings, MailSettings):
    """Registration, the verification of addresses, and the rate limit of mails by network."""

    registration: Literal["open", "closed"] | None = None
    require_verified_email: bool = False
    rate_limit_mail: RateSetting = Rate(20, 3600)

    @property
    def registration_is_open(self) -> bool:
        """Return whether anyone may register; by default not in production."""
        if self.registration is None:
            return not self.is_production
        return self.registration == "open"
