"""Settings of registration, and of the mails to people who sign in with a password."""

from typing import Literal

from pydantic import HttpUrl, NameEmail, Secret

from app.accounts.settings import AccountsSettings, Rate, RateSetting
from app.mail import SmtpUrl
from app.web.settings import WebSettings


class LoginSettings(AccountsSettings, WebSettings):
    """Registration, the mail server, and the base URL of the links in mails."""

    registration: Literal["open", "closed"] | None = None
    rate_limit_sign_up: RateSetting = Rate(200, 3600)
    smtp_url: Secret[SmtpUrl] | None = None
    mail_from: NameEmail = NameEmail("", "noreply@example.org")
    public_base_url: HttpUrl = HttpUrl("http://127.0.0.1:8000")

    @property
    def registration_is_open(self) -> bool:
        """Return whether anyone may register; by default not in production."""
        if self.registration is None:
            return not self.is_production
        return self.registration == "open"
