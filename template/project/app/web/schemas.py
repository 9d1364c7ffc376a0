"""Types that schemas and parameters of routes share."""

import unicodedata
from http import HTTPStatus
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Path, Query
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    StringConstraints,
)
from tortoise.queryset import QuerySet

from app.web.errors import AppError

Item = TypeVar("Item")


class Input(BaseModel):
    """A body that a client sends. Unknown fields are refused, not ignored."""

    model_config = ConfigDict(extra="forbid")


class InvalidField(AppError):
    """A field is refused for a reason that its schema cannot know."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self, message: str, field: str) -> None:
        super().__init__(f"{field}: {message}")
        self.errors = [{"field": field, "msg": message, "type": "value_error"}]


class Output(BaseModel):
    """A body that the service sends, read from the attributes of a row."""

    model_config = ConfigDict(from_attributes=True)


class Page(Output, Generic[Item]):
    """One page of a list. Pages are counted from 1."""

    items: list[Item]
    total: int
    page: int
    pages: int


def reject_unstorable(text: str) -> str:
    """Refuse NUL, which not every database stores, and halves of UTF-16 pairs, which none does."""
    if "\x00" in text or any("\ud800" <= char <= "\udfff" for char in text):
        message = "Leave out NUL characters and unpaired surrogates"
        raise ValueError(message)
    return text


def _one_line(text: str) -> str:
    if any(unicodedata.category(char) in {"Cc", "Zl", "Zp"} for char in text):
        message = "Leave out line breaks and other control characters"
        raise ValueError(message)
    return text


Text = Annotated[str, Strict(), AfterValidator(reject_unstorable)]
"""Any text, of several lines too."""

SingleLine = Annotated[
    str,
    Strict(),
    StringConstraints(strip_whitespace=True),
    AfterValidator(reject_unstorable),
    AfterValidator(_one_line),
]
"""One line, without space around it."""


LARGEST_ID = 2**63 - 1


def _plain_digits(value: object) -> object:
    """Refuse other ways to write a number, such as `1_0` or Arabic digits."""
    if isinstance(value, str) and not (value.isascii() and value.isdigit()):
        message = "Write a number in digits"
        raise ValueError(message)
    return value


PLAIN = BeforeValidator(_plain_digits)
Id = Annotated[int, Path(ge=1, le=LARGEST_ID), PLAIN]
Keyword = Annotated[Annotated[SingleLine, Field(max_length=50)] | None, Query()]


class PageRequest:
    """Which part of a list the client wants."""

    def __init__(self, page: int, size: int) -> None:
        self.page = page
        self.size = size

    async def of(self, rows: QuerySet[Any], schema: type[Output]) -> dict[str, Any]:
        """Fetch the page in two statements, with the columns that the schema names."""
        total = await rows.count()
        start = (self.page - 1) * self.size
        items = await rows.offset(start).limit(self.size).values(*schema.model_fields)
        pages = max(1, -(-total // self.size))
        return {"items": items, "total": total, "page": self.page, "pages": pages}


async def _page_request(
    page: Annotated[int, Query(ge=1, le=1_000_000_000), PLAIN] = 1,
    size: Annotated[int, Query(ge=1, le=100), PLAIN] = 20,
) -> PageRequest:
    return PageRequest(page, size)


PageQuery = Annotated[PageRequest, Depends(_page_request)]
