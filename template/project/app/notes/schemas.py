"""Notes over HTTP."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import MISSING, Field

from app.web.schemas import Input, Output, SingleLine, Text

Title = Annotated[SingleLine, Field(min_length=1, max_length=200)]
Body = Annotated[Text, Field(max_length=10_000)]
NoteOrder = Literal["created_at", "-created_at", "title", "-title"]


class NoteCreate(Input):
    """A new note."""

    title: Title
    body: Body


class NoteUpdate(Input):
    """Changes to a note; absent fields stay as they are."""

    title: Title | MISSING = MISSING
    body: Body | MISSING = MISSING


class NoteDetail(Output):
    """A note."""

    id: int
    title: str
    body: str
    created_at: datetime
    updated_at: datetime
