"""Notes of the caller.

A `PathId` is a positive number of 64 bits; other ids get 422.
"""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query

from app.accounts.access import CurrentUser
from app.notes import service
from app.notes.models import Note
from app.notes.schemas import NoteCreate, NoteDetail, NoteQuery, NoteUpdate
from app.web.schemas import Page
from app.web.types import PathId

router = APIRouter(prefix="/api/notes", tags=["notes"])


@router.post("", response_model=NoteDetail, status_code=HTTPStatus.CREATED)
async def create_note(owner: CurrentUser, new_note: NoteCreate) -> Note:
    """Create a note."""
    return await service.create(owner, new_note)


@router.get("", response_model=Page[NoteDetail])
async def list_notes(owner: CurrentUser, query: Annotated[NoteQuery, Query()]) -> dict[str, Any]:
    """Return the caller's notes; `keyword` searches titles."""
    return await query.fetch_page(service.search(owner, query), output=NoteDetail)


@router.get("/{note_id}", response_model=NoteDetail)
async def read_note(owner: CurrentUser, note_id: PathId) -> Note:
    """Return a note."""
    return await service.get(owner, note_id)


@router.patch("/{note_id}", response_model=NoteDetail)
async def update_note(owner: CurrentUser, note_id: PathId, changes: NoteUpdate) -> Note:
    """Change a note; fields that are not sent stay unchanged."""
    return await service.update(owner, note_id, changes)


@router.delete("/{note_id}", status_code=HTTPStatus.NO_CONTENT)
async def delete_note(owner: CurrentUser, note_id: PathId) -> None:
    """Delete a note."""
    await service.delete(owner, note_id)
