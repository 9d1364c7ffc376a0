"""Authentication with a session cookie, for browsers."""

import base64
import hmac
import logging
import re
from datetime import timedelta
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.requests import HTTPConnection
from fastapi.security import APIKeyCookie
from tortoise import timezone

from app.accounts import tokens
from app.accounts.caller import Caller, NotAuthenticated, single_credential
from app.accounts.models import Token
from app.accounts.session_settings import SessionSettings
from app.web.errors import METHODS, Forbidden, documents_errors

KIND = "session"
CHALLENGE = "Session"
CSRF_HEADER = "X-CSRF-Token"
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
OWN_SITES = {"same-origin", "none"}
SECRET_PATTERN = re.compile(r"[A-Za-z0-9_-]{43}")
LONGEST_LOGGED = 100
CROSS_SITE = (
    "Refused a request of another site: Origin %r, Sec-Fetch-Site %r, Host %r. If the origin is"
    " ours, add it to CORS_ORIGINS; if a proxy has changed Host, let it forward that of the client"
)

log = logging.getLogger(__name__)


class CrossSiteRequest(Forbidden):
    """An unsafe request that may come from another site."""

    methods = sorted(set(METHODS) - SAFE_METHODS)
    detail = "This request comes from another site"


class MissingCsrfToken(CrossSiteRequest):
    """An unsafe request without the CSRF token of its session."""

    parameters = (
        {
            "name": CSRF_HEADER,
            "in": "header",
            "description": "The `csrf_token` of the session; required with its cookie",
            "schema": {"type": "string"},
        },
    )


ERRORS = (NotAuthenticated, CrossSiteRequest, MissingCsrfToken)


class SessionCookie(APIKeyCookie):
    """The security scheme of the cookie, whose name depends on the settings.

    It is for the OpenAPI document alone. `cookie_secret` reads the cookie: the framework's parser
    takes quadratic time in older versions of Python (CVE-2024-7592).
    """

    async def __call__(self, request: HTTPConnection) -> None:
        """Read nothing."""

    def complete_openapi(self, definition: dict[str, Any], settings: SessionSettings) -> None:
        """Set the name of the cookie in the OpenAPI document."""
        definition["name"] = settings.cookie_name


scheme = SessionCookie(name="session", auto_error=False)


async def authenticate(request: Request) -> Caller | None:
    """Return the caller, or None if the request carries no cookie of an active session.

    An expired cookie is ignored, not refused: browsers send it with every request.

    Raises:
        NotAuthenticated: There are two such cookies.
        CrossSiteRequest: An unsafe request may come from another site.
    """
    token = await _find(request)
    return Caller(token.owner, session=token.family) if token else None


async def _find(request: Request) -> Token | None:
    secret = cookie_secret(request)
    if not SECRET_PATTERN.fullmatch(secret):
        return None
    settings: SessionSettings = request.app.state.settings
    token = await tokens.find(KIND, secret)
    if token is None or not token.last_used_at:
        return None
    if token.last_used_at <= timezone.now() - settings.session_idle:
        return None
    if request.method not in SAFE_METHODS:
        check_site(request)
        _check_csrf_token(request, secret)
    await token.record_use()
    return token


@documents_errors(*ERRORS)
async def _get_current(request: Request) -> tuple[Token, str]:
    """Return the session of the request and its secret id, or raise NotAuthenticated."""
    token = await _find(request)
    if token is None:
        raise NotAuthenticated("There is no session; sign in", CHALLENGE)
    return token, cookie_secret(request)


Current = Annotated[tuple[Token, str], Depends(_get_current)]
COOKIE_SCHEME = [Depends(scheme)]
"""Documents the cookie in OpenAPI, for routes of the session itself."""


def check_site(request: Request) -> None:
    """Refuse a request that a page of another site makes a browser send.

    Browsers name the origin of a request in `Sec-Fetch-Site` and `Origin`. Other clients send
    neither, and send a cookie only on purpose.

    Raises:
        CrossSiteRequest: The origin is another site that is not in CORS_ORIGINS.
    """
    settings: SessionSettings = request.app.state.settings
    origins = request.headers.getlist("origin")
    if len(origins) == 1 and origins[0] in settings.cors_origins:
        return
    sites = request.headers.getlist("sec-fetch-site")
    if not OWN_SITES.issuperset(sites) or not all(_is_own(origin, request) for origin in origins):
        hosts = request.headers.getlist("host")
        seen = [",".join(values)[:LONGEST_LOGGED] for values in (origins, sites, hosts)]
        log.warning(CROSS_SITE, *seen)
        raise CrossSiteRequest


def _is_own(origin: str, request: Request) -> bool:
    settings: SessionSettings = request.app.state.settings
    host = request.headers.get("host")
    schemes = ("https",) if settings.is_production else ("https", "http")
    return host is not None and origin in {f"{scheme}://{host}" for scheme in schemes}


def csrf_token(secret: str) -> str:
    """Return the CSRF token, derived from the session's id, which scripts cannot read."""
    digest = hmac.digest(secret.encode(), b"csrf", "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _check_csrf_token(request: Request, secret: str) -> None:
    sent = request.headers.getlist(CSRF_HEADER)
    expected = csrf_token(secret).encode()
    if len(sent) != 1 or not hmac.compare_digest(sent[0].encode(), expected):
        raise MissingCsrfToken(f"Send the session's CSRF token in the header {CSRF_HEADER}")


def cookie_secret(request: Request) -> str:
    """Return the id in the cookie or an empty text; refuse two cookies, unlike the framework."""
    settings: SessionSettings = request.app.state.settings
    pairs = (
        pair.strip(" \t").partition("=")
        for line in request.headers.getlist("cookie")
        for pair in line.split(";")
    )
    return (
        single_credential(
            [value for key, _, value in pairs if key == settings.cookie_name], CHALLENGE
        )
        or ""
    )


def set_cookie(
    response: Response, settings: SessionSettings, secret: str, lifetime: timedelta
) -> None:
    """Set the cookie with the id of a session; a lifetime of zero deletes it."""
    response.set_cookie(
        settings.cookie_name,
        secret,
        max_age=int(lifetime.total_seconds()),
        path=settings.cookie_path,
        secure=settings.environment != "development",
        httponly=True,
        samesite="lax",
    )
