"""Sessions: sign-in and sign-out with a cookie, for browsers."""

from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import FileResponse

from app.accounts import authentication, sessions
from app.accounts.access import CurrentCaller, UnscopedUser
from app.accounts.attempts import TooManyAttempts
from app.accounts.authentication.session import (
    CHALLENGE,
    COOKIE_SCHEME,
    CrossSiteRequest,
    Current,
    check_site,
    cookie_secret,
    csrf_token,
    set_cookie,
)
from app.accounts.caller import NotAuthenticated
from app.accounts.json_or_form import RepeatedField, UnsupportedMediaType, json_body, read_body
from app.accounts.login import EmailNotVerified, verify_credentials
from app.accounts.models import Token, User
from app.accounts.session_schemas import Credentials, SessionDetail, SessionOpened
from app.accounts.session_settings import SessionSettings
from app.accounts.tokens import AccountChanged
from app.web.errors import documents_errors
from app.web.types import PathId

BODY = json_body(Credentials.model_json_schema())
DEPENDENCIES = [*COOKIE_SCHEME, *authentication.REJECT_INVALID]

router = APIRouter(prefix="/api/auth/sessions", tags=["auth"])
public_router = APIRouter(tags=["auth"])


@documents_errors(UnsupportedMediaType, RepeatedField)
async def _get_credentials(request: Request) -> Credentials:
    return await read_body(request, Credentials)


@public_router.post("/api/auth/session", openapi_extra={"requestBody": BODY})
@documents_errors(
    NotAuthenticated, EmailNotVerified, TooManyAttempts, AccountChanged, CrossSiteRequest
)
async def open_session(
    request: Request,
    response: Response,
    credentials: Annotated[Credentials, Depends(_get_credentials)],
) -> SessionOpened:
    """Sign in, with JSON or a form of the same fields.

    The browser's previous session is revoked, and a new cookie is set.
    """
    check_site(request)
    user = await verify_credentials(
        request, credentials.username, credentials.password, challenge=CHALLENGE
    )
    if before := cookie_secret(request):
        await sessions.revoke(before)
    settings: SessionSettings = request.app.state.settings
    token, secret = await start(user, settings)
    set_cookie(response, settings, secret, settings.session_lifetime)
    return opened(token, secret)


@public_router.get("/api/auth/session", dependencies=DEPENDENCIES)
async def read_session(current: Current) -> SessionOpened:
    """Return the session of the cookie, with the CSRF token that unsafe requests need."""
    return opened(*current)


@public_router.delete(
    "/api/auth/session", status_code=HTTPStatus.NO_CONTENT, dependencies=DEPENDENCIES
)
async def close_session(request: Request, response: Response, current: Current) -> None:
    """Sign out: revoke the session of the cookie and delete the cookie."""
    _, secret = current
    await sessions.revoke(secret)
    set_cookie(response, request.app.state.settings, "", timedelta(0))


@router.get("")
async def list_sessions(request: Request, caller: CurrentCaller) -> list[SessionDetail]:
    """Return the caller's active sessions."""
    settings: SessionSettings = request.app.state.settings
    found = await sessions.find_all(caller.user, settings.session_idle)
    return [
        SessionDetail(
            id=each.id,
            created_at=each.created_at,
            last_used_at=each.last_used_at or each.created_at,
            current=each.family == caller.session,
        )
        for each in found
    ]


@router.delete("/{session_id}", status_code=HTTPStatus.NO_CONTENT)
async def end_session(owner: UnscopedUser, session_id: PathId) -> None:
    """Revoke one of the caller's sessions."""
    await sessions.revoke_by_id(owner, session_id)


@public_router.get("/sign-in", include_in_schema=False)
async def show_page() -> FileResponse:
    """Serve the page to sign in and out."""
    return FileResponse(Path(__file__).with_name("session.html"))


async def start(user: User, settings: SessionSettings) -> tuple[Token, str]:
    """Open a session for an authenticated user; return its row and its secret id."""
    return await sessions.open_for(user, settings.session_lifetime)


def opened(token: Token, secret: str) -> SessionOpened:
    """Return the CSRF token and the expiry of a session."""
    assert token.expires_at is not None
    return SessionOpened(csrf_token=csrf_token(secret), expires_at=token.expires_at)
