"""Sessions of the caller."""

from datetime import timedelta
from http import HTTPStatus

from fastapi import APIRouter, Depends, Response

from app import auth
from app.auth.session import Current, get_session_settings, opened, set_cookie
from app.dependencies.auth import CurrentCaller, Owner
from app.dependencies.params import Id
from app.schemas.session import SessionDetail, SessionOpened
from app.services import session as session_service

router = APIRouter(prefix="/auth/sessions", tags=["auth"])

# A cookie there must be, and whatever else the request carries must be valid too.
RULES = [Depends(auth.authenticate)]
with_own_rules = APIRouter(prefix="/auth/session", tags=["auth"], dependencies=RULES)


@with_own_rules.get("")
async def read_session(current: Current) -> SessionOpened:
    """Return the session of the cookie, and the token that its unsafe requests need."""
    return opened(*current)


@with_own_rules.delete("", status_code=HTTPStatus.NO_CONTENT)
async def close_session(response: Response, current: Current) -> None:
    """Sign out: the cookie stops working at once, everywhere."""
    _, secret = current
    await session_service.end(secret)
    set_cookie(response, "", timedelta(0))


@router.get("")
async def list_sessions(caller: CurrentCaller) -> list[SessionDetail]:
    """Return where the caller is signed in."""
    sessions = await session_service.find_all(caller.user, get_session_settings().idle)
    return [
        SessionDetail(
            id=each.id,
            created_at=each.created_at,
            last_used_at=each.last_used_at or each.created_at,
            current=each.family == caller.session,
        )
        for each in sessions
    ]


@router.delete("/{session_id}", status_code=HTTPStatus.NO_CONTENT)
async def end_session(owner: Owner, session_id: Id) -> None:
    """End one of the caller's sessions."""
    await session_service.end_one_of(owner, session_id)
