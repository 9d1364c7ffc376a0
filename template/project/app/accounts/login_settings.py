"""Settings of registration, and of the mails to people who sign in with a password."""

from typing import Annotated, Literal

from pydantic import Field, HttpUrl, NameEmail, Secret, ValidationInfo, field_validator

from app.accounts.settings import AccountsSettings, Rate, RateSetting
from app.mail import SmtpUrl
from app.web.settings import WebSettings


class LoginSettings(AccountsSettings, WebSettings):
    """Registration, the mail server, and the base URL of the links in mails."""

    registration: Literal["open", "closed"] | None = None
    rate_limit_sign_up: RateSetting = Rate(200, 3600)
    smtp_url: Secret[SmtpUrl] | None = None
    mail_from: NameEmail = NameEmail("", "noreply@example.org")
    public_base_url: Annotated[HttpUrl, Field(validate_default=True)] = HttpUrl(
        "http://127.0.0.1:8000"
    )

    @field_validator("public_base_url")
    @classmethod
    def base_url_has_root_path(cls, url: HttpUrl, earlier: ValidationInfo) -> HttpUrl:
        """Return the URL with ROOT_PATH at its end, also where the setting lacks it."""
        base, root_path = str(url).rstrip("/"), earlier.data.get("root_path", "")
        return HttpUrl(base if base.endswith(root_path) else base + root_path)

    @property
    def registration_is_open(self) -> bool:
        """Return whether anyone may register; by default not in production."""
        if self.registration is None:
            return not self.is_production
        return self.registration == "open"
