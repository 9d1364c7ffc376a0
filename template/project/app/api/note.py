"""Notes of the caller."""

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter

from app.dependencies.auth import CurrentUser
from app.dependencies.params import Id, Keyword, PageQuery
from app.models.note import Note
from app.schemas.base import Page
from app.schemas.note import NoteCreate, NoteDetail, NoteOrder, NoteUpdate
from app.services import note as note_service

router = APIRouter(prefix="/notes", tags=["notes"])


@router.post("", response_model=NoteDetail, status_code=HTTPStatus.CREATED)
async def write_note(owner: CurrentUser, new_note: NoteCreate) -> Note:
    """Write a note."""
    return await note_service.write(owner, new_note)


@router.get("", response_model=Page[NoteDetail])
async def list_notes(
    owner: CurrentUser, page: PageQuery, keyword: Keyword = None, sort: NoteOrder = "-created_at"
) -> dict[str, Any]:
    """Return the caller's notes; `keyword` looks into titles."""
    return await page.of(note_service.search(owner, keyword, sort), NoteDetail)


@router.get("/{note_id}", response_model=NoteDetail)
async def read_note(owner: CurrentUser, note_id: Id) -> Note:
    """Return a note."""
    return await note_service.get(owner, note_id)


@router.patch("/{note_id}", response_model=NoteDetail)
async def update_note(owner: CurrentUser, note_id: Id, changes: NoteUpdate) -> Note:
    """Change a note; fields that are not sent stay as they are."""
    return await note_service.update(await note_service.get(owner, note_id), changes)


@router.delete("/{note_id}", status_code=HTTPStatus.NO_CONTENT)
async def delete_note(owner: CurrentUser, note_id: Id) -> None:
    """Delete a note."""
    note = await note_service.get(owner, note_id)
    await note.delete()
