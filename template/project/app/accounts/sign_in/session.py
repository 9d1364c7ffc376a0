"""Coming in with a session cookie, as browsers do."""

import base64
import hmac
import re
from datetime import timedelta
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.security import APIKeyCookie
from tortoise import timezone

from app.accounts import tokens
from app.accounts.caller import Caller, NotAuthenticated, single_value
from app.accounts.models import Token
from app.accounts.session_settings import SessionSettings
from app.web.errors import METHODS, Forbidden, raises

KIND = "session"
CHALLENGE = "Session"
CSRF_HEADER = "X-CSRF-Token"
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
OWN_SITES = {"same-origin", "none"}
SECRET = re.compile(r"[A-Za-z0-9_-]{43}")


class ForeignSite(Forbidden):
    """The request would change something, and may come from another site."""

    methods = sorted(set(METHODS) - SAFE_METHODS)
    detail = "This request comes from another site"


class MissingToken(ForeignSite):
    """The request does not prove that it comes from a page that can read the session's token."""

    parameters = (
        {
            "name": CSRF_HEADER,
            "in": "header",
            "description": "The `csrf_token` of the session; needed beside its cookie",
            "schema": {"type": "string"},
        },
    )


RAISES = (NotAuthenticated, ForeignSite, MissingToken)


class SessionCookie(APIKeyCookie):
    """The cookie, whose name depends on the settings."""

    def complete_openapi(self, definition: dict[str, Any], settings: SessionSettings) -> None:
        """Tell clients the name that the cookie has here."""
        definition["name"] = settings.cookie_name


scheme = SessionCookie(name="session", auto_error=False)


async def authenticate(request: Request) -> Caller | None:
    """Return the caller, or None if the request carries no cookie of a session going on.

    Browsers send a cookie without being asked to, so one that is over is none.

    Raises:
        NotAuthenticated: There are two such cookies.
        ForeignSite: The request would change something, and may come from another site.
    """
    token = await _find(request)
    return Caller(token.owner, session=token.family) if token else None


async def _find(request: Request) -> Token | None:
    secret = cookie_secret(request)
    if not SECRET.fullmatch(secret):
        return None
    settings: SessionSettings = request.app.state.settings
    token = await tokens.find(KIND, secret)
    if token is None or not token.last_used_at:
        return None
    if token.last_used_at <= timezone.now() - settings.session_idle:
        return None
    if request.method not in SAFE_METHODS:
        check_site(request)
        _check_token(request, secret)
    await token.record_use()
    return token


@raises(*RAISES)
async def _get_current(request: Request) -> tuple[Token, str]:
    """Return the session of the request and its id, or refuse."""
    token = await _find(request)
    if token is None:
        raise NotAuthenticated("There is no session; sign in", CHALLENGE)
    return token, cookie_secret(request)


Current = Annotated[tuple[Token, str], Depends(_get_current)]
WITH_COOKIE = [Depends(scheme)]
"""For routes of the session itself."""


def check_site(request: Request) -> None:
    """Refuse what a page of another site makes a browser send.

    Browsers say where a request comes from, in `Sec-Fetch-Site` and in `Origin`; what is
    no browser sends neither, and no cookie without meaning to.

    Raises:
        ForeignSite: It comes from elsewhere, and not from one of CORS_ORIGINS.
    """
    settings: SessionSettings = request.app.state.settings
    origins = request.headers.getlist("origin")
    if len(origins) == 1 and origins[0] in settings.cors_origins:
        return
    sites = request.headers.getlist("sec-fetch-site")
    if not OWN_SITES.issuperset(sites) or not all(_is_own(origin, request) for origin in origins):
        raise ForeignSite


def _is_own(origin: str, request: Request) -> bool:
    settings: SessionSettings = request.app.state.settings
    host = request.headers.get("host")
    schemes = ("https",) if settings.is_production else ("https", "http")
    return host is not None and origin in {f"{scheme}://{host}" for scheme in schemes}


def csrf_token(secret: str) -> str:
    """Return what pages send along: derived from the session's id, which they cannot read."""
    digest = hmac.digest(secret.encode(), b"csrf", "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _check_token(request: Request, secret: str) -> None:
    sent = request.headers.getlist(CSRF_HEADER)
    expected = csrf_token(secret).encode()
    if len(sent) != 1 or not hmac.compare_digest(sent[0].encode(), expected):
        raise MissingToken(f"Send the session's token in the header {CSRF_HEADER}")


def cookie_secret(request: Request) -> str:
    """Return the id in the cookie, or nothing; the framework would take the last of two."""
    settings: SessionSettings = request.app.state.settings
    pairs = (
        pair.strip(" \t").partition("=")
        for line in request.headers.getlist("cookie")
        for pair in line.split(";")
    )
    return (
        single_value([value for key, _, value in pairs if key == settings.cookie_name], CHALLENGE)
        or ""
    )


def set_cookie(
    response: Response, settings: SessionSettings, secret: str, lifetime: timedelta
) -> None:
    """Let the browser keep the id of a session, or delete it after no time at all."""
    response.set_cookie(
        settings.cookie_name,
        secret,
        max_age=int(lifetime.total_seconds()),
        secure=settings.environment != "development",
        httponly=True,
        samesite="lax",
    )
