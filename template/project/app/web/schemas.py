"""Bodies that come and go, and lists: what a client may ask them for."""

from http import HTTPStatus
from typing import Annotated, Any, ClassVar, Generic, TypeVar, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.fields import FieldInfo
from tortoise.models import Model
from tortoise.queryset import QuerySet

from app.database import columns
from app.web.errors import AppError
from app.web.types import PLAIN

Item = TypeVar("Item")
Row = TypeVar("Row", bound=Model)

OF_EVERY_LIST = {"page", "size", "sort", "keyword"}
"""Parameters of lists that are no filters by columns."""

Related = Annotated[list[Item], BeforeValidator(list)]
"""The rows to which a relation leads, each as an `Output`."""


class Input(BaseModel):
    """A body that a client sends. Unknown fields are refused, not ignored."""

    model_config = ConfigDict(extra="forbid")


class InvalidField(AppError):
    """A field is refused for a reason that its schema cannot know."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self, message: str, field: str) -> None:
        super().__init__(f"{field}: {message}")
        self.errors = [{"field": field, "msg": message, "type": "value_error"}]


class OfRows(BaseModel):
    """A schema of the rows of a model: `class InvoiceDetail(Output, row=Invoice)`.

    The names in it are looked for in the model when the module is imported, so that one which
    the model lacks is no failure of the first request.
    """

    row: ClassVar[type[Model] | None] = None

    def __init_subclass__(cls, *, row: type[Model] | None = None, **_: object) -> None:
        """Remember the model."""
        super().__init_subclass__()
        cls.row = row or cls.row

    @classmethod
    def __pydantic_init_subclass__(cls, **_: object) -> None:
        """Look for the names.

        Raises:
            TypeError: The model lacks one, or has it as something that cannot be shown.
        """
        if cls.row:
            for name, field in cls.model_fields.items():
                cls.check(cls.row, name, field)

    @classmethod
    def check(cls, row: type[Model], name: str, field: FieldInfo) -> None:
        """Compare one field with the model."""


class Output(OfRows):
    """A body that the service sends, read from the attributes of a row."""

    model_config = ConfigDict(from_attributes=True)

    @classmethod
    def check(cls, row: type[Model], name: str, field: FieldInfo) -> None:
        """Compare one field with the model.

        Raises:
            TypeError: It is no column, relation or property of the model.
        """
        is_many = columns.is_to_many(row, name)
        if is_many and not any(isinstance(each, BeforeValidator) for each in field.metadata):
            raise TypeError(f"{cls.__name__}.{name} is many rows: write it as Related[…Detail]")
        if not is_many and not columns.is_readable(row, name):
            raise TypeError(
                f"{cls.__name__}.{name} is no column, relation or property of {row.__name__}"
            )

    @classmethod
    def load(cls, rows: QuerySet[Row]) -> QuerySet[Row]:
        """Fetch the related rows that this shows together with the rows."""
        joined, apart = columns.relations(rows.model, cls)
        rows = rows.select_related(*joined) if joined else rows
        return rows.prefetch_related(*apart) if apart else rows


class Page(Output, Generic[Item]):
    """One page of a list. Pages are counted from 1."""

    items: list[Item]
    total: int
    page: int
    pages: int


class ListQuery(OfRows):
    """What a client may ask a list for: `class InvoiceQuery(ListQuery, row=Invoice)`.

    A list adds its `sort`, its `keyword`, and filters by columns, which are named as in Tortoise:
    `due`, `due__gte`, `status__in`. Other parameters are refused.
    """

    model_config = ConfigDict(extra="forbid")

    page: Annotated[int, Field(ge=1, le=1_000_000_000), PLAIN] = 1
    size: Annotated[int, Field(ge=1, le=100), PLAIN] = 20
    sort: Annotated[str, Field(pattern="^-?id$")] = "id"

    @classmethod
    def check(cls, row: type[Model], name: str, field: FieldInfo) -> None:
        """Compare a filter, or the columns of `sort`, with the model.

        Raises:
            TypeError: There is no such column, or it has no such filter.
        """
        names = [name] if name not in OF_EVERY_LIST else []
        if name == "sort":
            names = [each.removeprefix("-") for each in get_args(field.annotation)]
        for each in names:
            if not columns.is_filter(row, each):
                raise TypeError(
                    f"{cls.__name__}: {row.__name__} cannot be filtered or sorted by {each}"
                )

    def narrow(self, rows: QuerySet[Row]) -> QuerySet[Row]:
        """Apply the filters that were sent, and the order."""
        sent = self.model_dump(exclude_none=True, exclude=OF_EVERY_LIST)
        return rows.filter(**sent).order_by(self.sort, "id")

    async def fetch(self, rows: QuerySet[Any], schema: type[Output]) -> dict[str, Any]:
        """Fetch a page: its columns alone, where the schema shows nothing else.

        That is one statement, one more to count the rows of a list that goes on, and those of
        relations to many rows.
        """
        start = (self.page - 1) * self.size
        page = rows.offset(start).limit(self.size)
        names = schema.model_fields
        has_all = columns.are_in(rows.model, names)
        items = await (page.values(*names) if has_all else schema.load(page))
        is_last = len(items) < self.size and (items or not start)
        total = start + len(items) if is_last else await rows.count()
        pages = max(1, -(-total // self.size))
        return {"items": items, "total": total, "page": self.page, "pages": pages}
