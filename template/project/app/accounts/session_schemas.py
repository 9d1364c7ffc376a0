"""Sessions over HTTP."""

from datetime import datetime

from app.web.schemas import Input, Output


class Credentials(Input):
    """A user name or e-mail address, and a password."""

    username: str
    password: str


class SessionOpened(Output):
    """The CSRF token of a session, for the header `X-CSRF-Token`, and the session's expiry."""

    csrf_token: str
    expires_at: datetime


class SessionDetail(Output):
    """One of the caller's sessions; `current` marks that of the request."""

    id: int
    created_at: datetime
    last_used_at: datetime
    current: bool
