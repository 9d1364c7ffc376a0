"""Sessions over HTTP."""

from datetime import datetime

from app.web.schemas import Input, Output


class Credentials(Input):
    """A user name or e-mail address, and a password."""

    username: str
    password: str


class SessionOpened(Output):
    """What a page needs beside the cookie; the token goes into the header `X-CSRF-Token`."""

    csrf_token: str
    expires_at: datetime


class SessionDetail(Output):
    """One of the caller's sessions. `current` is the one that asks."""

    id: int
    created_at: datetime
    last_used_at: datetime
    current: bool
