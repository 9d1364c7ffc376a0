"""Notes over HTTP."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from app.web.schemas import Input, Line, Output, Text, absent

Title = Annotated[Line, Field(min_length=1, max_length=200)]
Body = Annotated[Text, Field(max_length=10_000)]
NoteOrder = Literal["created_at", "-created_at", "title", "-title"]


class NoteCreate(Input):
    """A new note."""

    title: Title
    body: Body


class NoteUpdate(Input):
    """Changes to a note; absent fields stay as they are."""

    title: Title = Field(default_factory=absent)
    body: Body = Field(default_factory=absent)


class NoteDetail(Output):
    """A note."""

    id: int
    title: str
    body: str
    created_at: datetime
    updated_at: datetime
