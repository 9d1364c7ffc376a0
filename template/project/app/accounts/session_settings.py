"""Settings of session cookies."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from app.accounts.settings import AccountsSettings
from app.web.settings import WebSettings


class SessionSettings(AccountsSettings, WebSettings):
    """Lifetimes of a session: without use, and at most."""

    session_idle_minutes: Annotated[int, Field(ge=5, le=60 * 24 * 365)] = 120
    session_max_days: Annotated[int, Field(ge=1, le=365)] = 14

    @property
    def session_idle(self) -> timedelta:
        """Idle time after which a session expires."""
        return timedelta(minutes=self.session_idle_minutes)

    @property
    def session_lifetime(self) -> timedelta:
        """Lifetime of a session at most, used or not."""
        return timedelta(days=self.session_max_days)

    @property
    def cookie_name(self) -> str:
        """The cookie's name; in production its prefix binds it to HTTPS (RFC 6265bis §4.1.3).

        `__Host-` binds it to this host too, and requires the path `/`.
        """
        if not self.is_production:
            return "session"
        return "__Secure-session" if self.root_path else "__Host-session"

    @property
    def cookie_path(self) -> str:
        """The cookie's path: other services of the host do not get it."""
        return self.root_path or "/"
