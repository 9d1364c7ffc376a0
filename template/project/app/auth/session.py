"""Coming in with a session cookie, as browsers do."""

import base64
import hmac
import re
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse
from fastapi.security import APIKeyCookie
from pydantic import Field, ValidationError

from app.auth.caller import Caller, NotAuthenticated, only
from app.auth.login import log_in
from app.config import get_settings
from app.core.errors import Forbidden
from app.core.settings import Section, cached
from app.models.token import Token
from app.models.user import User
from app.schemas.session import Credentials, SessionOpened
from app.services import session as session_service
from app.services import usage

CHALLENGE = "Session"
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
OWN_SITES = {"same-origin", "none"}
FORM_TYPES = {"application/x-www-form-urlencoded", "multipart/form-data"}
SECRET = re.compile(r"[A-Za-z0-9_-]{43}")

BODY = {
    "required": True,
    "content": {
        kind: {"schema": Credentials.model_json_schema()}
        for kind in ("application/json", "application/x-www-form-urlencoded")
    },
}

scheme = APIKeyCookie(name="session", auto_error=False)
router = APIRouter(tags=["auth"])


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
    secret = _secret(request)
    if not SECRET.fullmatch(secret):
        return None
    token = await session_service.find(secret, get_session_settings().idle)
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
    return token, _secret(request)


Current = Annotated[tuple[Token, str], Depends(_get_current)]


async def _get_credentials(request: Request) -> Credentials:
    """Read a form or JSON.

    Raises:
        HTTPException: It is neither.
        RequestValidationError: Something in it is missing or wrong.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind == "application/json":
            return Credentials.model_validate_json(await request.body())
        if kind in FORM_TYPES:
            async with request.form() as form:
                known = {name: form[name] for name in Credentials.model_fields if name in form}
                return Credentials.model_validate(known)
    except ValidationError as error:
        faults = error.errors(include_input=False, include_context=False)
        raise RequestValidationError(
            [{**fault, "loc": ("body", *fault["loc"])} for fault in faults]
        ) from None
    except UnicodeError:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "The form is not in its charset") from None
    raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send a form or JSON")


@router.post("/api/auth/session", openapi_extra={"requestBody": BODY})
async def open_session(
    request: Request,
    response: Response,
    credentials: Annotated[Credentials, Depends(_get_credentials)],
) -> SessionOpened:
    """Sign in. The session that the browser had before ends, and a new cookie is set."""
    check_site(request)
    user = await log_in(request, credentials.username, credentials.password, CHALLENGE)
    if before := _secret(request):
        await session_service.end(before)
    token, secret = await start(user)
    set_cookie(response, secret, get_session_settings().lifetime)
    return opened(token, secret)


@router.get("/sign-in", include_in_schema=False)
async def show_page() -> FileResponse:
    """Show the page that signs in and out."""
    return FileResponse(Path(__file__).with_name("sign_in.html"))


async def start(user: User) -> tuple[Token, str]:
    """Open a session for somebody who has proved who they are; return it and its id."""
    return await session_service.open_for(user, get_session_settings().lifetime)


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


def _secret(request: Request) -> str:
    """Return the id in the cookie, or nothing; the framework would take the last of two."""
    name = cookie_name()
    pairs = (
        pair.strip(" \t").partition("=")
        for line in request.headers.getlist("cookie")
        for pair in line.split(";")
    )
    return only([value for key, _, value in pairs if key == name], CHALLENGE) or ""


def opened(token: Token, secret: str) -> SessionOpened:
    """Return what the pages of a session need beside its cookie."""
    assert token.expires_at is not None
    return SessionOpened(csrf_token=csrf_token(secret), expires_at=token.expires_at)


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
