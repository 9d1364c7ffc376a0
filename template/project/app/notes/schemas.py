"""Bodies and lists of notes.

`Input` refuses unknown fields. With `model=`, field names are checked against the model when the
module is imported. `SingleLine` is stripped, and has no line break; `Text` is kept as it was sent,
and may have line breaks or be empty. `Keyword` is a short `SingleLine`, and `UtcDateTime` a time
with its offset from UTC.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import MISSING, Field

from app.notes.models import Note
from app.web.schemas import Input, ListQuery, Output
from app.web.types import Keyword, SingleLine, Text, UtcDateTime

Title = Annotated[SingleLine, Field(min_length=1, max_length=200)]
Body = Annotated[Text, Field(max_length=10_000)]


class NoteCreate(Input):
    """A new note."""

    title: Title
    body: Body


class NoteUpdate(Input):
    """Changes to a note; fields that are not sent stay unchanged."""

    title: Title | MISSING = MISSING
    body: Body | MISSING = MISSING


class NoteDetail(Output, model=Note):
    """A note."""

    id: int
    title: str
    body: str
    created_at: datetime
    updated_at: datetime


class NoteQuery(ListQuery, model=Note):
    """Parameters of the list of notes, beside `page` and `size` (20, at most 100); others get 422.

    `ListQuery.filter_and_sort` applies `sort`, rows with equal values by id, and the filters: each
    other name is one of Tortoise's, such as `created_at__gte`. `service` applies `keyword`.
    `ListQuery.fetch_page` returns the fields of `Page`: `items` with the columns of `output`,
    `total`, `page` and `pages`.
    """

    keyword: Keyword | None = None
    sort: Literal["created_at", "-created_at", "title", "-title"] = "-created_at"
    created_at__gte: UtcDateTime | None = None
    created_at__lt: UtcDateTime | None = None
