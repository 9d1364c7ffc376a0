"""Notes. `owner` is the caller, who sees only their own notes."""

from tortoise.queryset import QuerySet

from app.accounts.models import User
from app.notes.models import Note
from app.notes.schemas import NoteCreate, NoteQuery, NoteUpdate
from app.web.errors import NotFound


class NoteNotFound(NotFound):
    """The owner has no such note."""

    detail = "There is no such note"


async def create(owner: User, new_note: NoteCreate) -> Note:
    """Store a new note."""
    return await Note.create(owner=owner, **new_note.model_dump())


def search(owner: User, query: NoteQuery) -> QuerySet[Note]:
    """Return the queryset of the owner's notes; the keyword searches titles."""
    notes = query.filter_and_sort(Note.filter(owner=owner))
    return notes.filter(title__icontains=query.keyword) if query.keyword else notes


async def get(owner: User, note_id: int) -> Note:
    """Return one of the owner's notes.

    Raises:
        NoteNotFound: The owner has no such note.
    """
    note = await Note.get_or_none(id=note_id, owner=owner)
    if note is None:
        raise NoteNotFound
    return note


async def update(owner: User, note_id: int, changes: NoteUpdate) -> Note:
    """Store the fields that were sent.

    Raises:
        NoteNotFound: The owner has no such note.
    """
    note = await get(owner, note_id)
    values = changes.model_dump(exclude_unset=True)
    # Tortoise stores `updated_at` only if it is named.
    await note.update_from_dict(values).save(update_fields=[*values, "updated_at"])
    return note


async def delete(owner: User, note_id: int) -> None:
    """Delete one of the owner's notes.

    Raises:
        NoteNotFound: The owner has no such note.
    """
    note = await get(owner, note_id)
    await note.delete()
