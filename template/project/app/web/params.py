"""Parameters that many routes share."""

from typing import Annotated, Any

from fastapi import Depends, Path, Query
from pydantic import BeforeValidator, Field
from tortoise.queryset import QuerySet

from app.web.schemas import Line, Output

LARGEST_ID = 2**63 - 1


def _plain_digits(value: object) -> object:
    """Refuse other ways to write a number, such as `1_0` or Arabic digits."""
    if isinstance(value, str) and not (value.isascii() and value.isdigit()):
        message = "Write a number in digits"
        raise ValueError(message)
    return value


PLAIN = BeforeValidator(_plain_digits)
Id = Annotated[int, Path(ge=1, le=LARGEST_ID), PLAIN]
Keyword = Annotated[Annotated[Line, Field(max_length=50)] | None, Query()]


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
