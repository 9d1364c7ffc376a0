"""Coming in with a session cookie, as browsers do."""

import base64
import hmac
import re
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Request, Response
from fastapi.security import APIKeyCookie
from pydantic import Field

from app.accounts import sessions, usage
from app.accounts.caller import Caller, NotAuthenticated, only
from app.accounts.models import Token
from app.config import get_settings
from app.settings import Section, cached
from app.web.errors import Forbidden

CHALLENGE = "Session"
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
OWN_SITES = {"same-origin", "none"}
SECRET = re.compile(r"[A-Za-z0-9_-]{43}")

scheme = APIKeyCookie(name="session", auto_error=False)


class SessionSettings(Section):
    """How long a session lasts: without use, and at most."""

    session_idle_minutes: Annotated[int, Field(ge=5, le=60 * 24 * 365)] = 120
    session_max_days: Annotated[int, Field(ge=1, le=365)] = 14

    @property
    def idle(self) -> timedelta:
        """How long a session lasts that is not used."""
        return timedelta(minutes=self.session_idle_minutes)

    @property
    def lifetime(self) -> timedelta:
        """How long a session lasts at most."""
        return timedelta(days=self.session_max_days)


get_session_settings = cached(SessionSettings)


async def authenticate(request: Request) -> Caller | None:
    """Return the caller, or None if the request carries no cookie of a session going on.

    Browsers send a cookie without being asked to, so one that is over is none.

    Raises:
        NotAuthenticated: There are two such cookies.
        Forbidden: The request would change something, and may come from another site.
    """
    token = await _find(request)
    return Caller(token.owner, session=token.family) if token else None


async def _find(request: Request) -> Token | None:
    secret = cookie_secret(request)
    if not SECRET.fullmatch(secret):
        return None
    token = await sessions.find(secret, get_session_settings().idle)
    if token and request.method not in SAFE_METHODS:
        check_site(request)
        _check_token(request, secret)
    if token:
        await usage.record(token)
    return token


async def _get_current(request: Request) -> tuple[Token, str]:
    """Return the session of the request and its id, or refuse."""
    token = await _find(request)
    if token is None:
        message = "There is no session; sign in"
        raise NotAuthenticated(message, CHALLENGE)
    return token, cookie_secret(request)


Current = Annotated[tuple[Token, str], Depends(_get_current)]


def check_site(request: Request) -> None:
    """Refuse what a page of another site makes a browser send.

    Browsers say where a request comes from, in `Sec-Fetch-Site` and in `Origin`; what is
    no browser sends neither, and no cookie without meaning to.

    Raises:
        Forbidden: It comes from elsewhere, and not from one of CORS_ORIGINS.
    """
    origins = request.headers.getlist("origin")
    if len(origins) == 1 and origins[0] in get_settings().cors_origins:
        return
    sites = request.headers.getlist("sec-fetch-site")
    if not OWN_SITES.issuperset(sites) or not all(_is_own(origin, request) for origin in origins):
        message = "This request comes from another site"
        raise Forbidden(message)


def _is_own(origin: str, request: Request) -> bool:
    host = request.headers.get("host")
    schemes = ("https",) if get_settings().is_production else ("https", "http")
    return host is not None and origin in {f"{scheme}://{host}" for scheme in schemes}


def csrf_token(secret: str) -> str:
    """Return what pages send along: derived from the session's id, which they cannot read."""
    digest = hmac.digest(secret.encode(), b"csrf", "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def cookie_name() -> str:
    """Return the cookie's name; in production the prefix binds it to this host (RFC 6265bis)."""
    return "__Host-session" if get_settings().is_production else "session"


def _check_token(request: Request, secret: str) -> None:
    sent = request.headers.getlist("x-csrf-token")
    expected = csrf_token(secret).encode()
    if len(sent) != 1 or not hmac.compare_digest(sent[0].encode(), expected):
        message = "Send the session's token in the header X-CSRF-Token"
        raise Forbidden(message)


def cookie_secret(request: Request) -> str:
    """Return the id in the cookie, or nothing; the framework would take the last of two."""
    name = cookie_name()
    pairs = (
        pair.strip(" \t").partition("=")
        for line in request.headers.getlist("cookie")
        for pair in line.split(";")
    )
    return only([value for key, _, value in pairs if key == name], CHALLENGE) or ""


def set_cookie(response: Response, secret: str, lifetime: timedelta) -> None:
    """Let the browser keep the id of a session, or forget it after no time at all."""
    response.set_cookie(
        cookie_name(),
        secret,
        max_age=int(lifetime.total_seconds()),
        secure=get_settings().environment != "development",
        httponly=True,
        samesite="lax",
    )
