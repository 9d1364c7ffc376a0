"""Sessions of the caller."""

from http import HTTPStatus

from fastapi import APIRouter

from app.auth.session import get_session_settings
from app.dependencies.auth import CurrentCaller, Owner
from app.dependencies.params import Id
from app.schemas.session import SessionDetail
from app.services import session as session_service

router = APIRouter(prefix="/auth/sessions", tags=["auth"])


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
