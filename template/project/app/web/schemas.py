"""Base classes of request bodies, response bodies and the queries of lists."""

from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.fields import FieldInfo
from tortoise.models import Model
from tortoise.queryset import QuerySet

from app.database import columns
from app.web.types import PLAIN_DIGITS

Item = TypeVar("Item")
Row = TypeVar("Row", bound=Model)

COMMON_PARAMETERS = {"page", "size", "sort", "keyword"}
"""Parameters of lists that are not filters by a column."""

Related = Annotated[list[Item], BeforeValidator(list)]
"""The rows of a relation to many, each as an `Output`."""


class Input(BaseModel):
    """A request body. Unknown fields are refused, not ignored."""

    model_config = ConfigDict(extra="forbid")


class ModelSchema(BaseModel):
    """A schema for rows of a model: `class InvoiceDetail(Output, model=Invoice)`.

    Its field names are checked against the model when the module is imported, so that a wrong
    name does not fail in the first request.
    """

    model: ClassVar[type[Model] | None] = None

    def __init_subclass__(cls, *, model: type[Model] | None = None, **_: object) -> None:
        """Store the model."""
        super().__init_subclass__()
        cls.model = model or cls.model

    @classmethod
    def __pydantic_init_subclass__(cls, **_: object) -> None:
        """Check all field names.

        Raises:
            TypeError: The model has no such field, or one that cannot be shown.
        """
        if cls.model:
            for name, field in cls.model_fields.items():
                cls.check(cls.model, name, field)

    @classmethod
    def check(cls, model: type[Model], name: str, field: FieldInfo) -> None:
        """Check one field against the model."""


class Output(ModelSchema):
    """A response body, read from the attributes of a row."""

    model_config = ConfigDict(from_attributes=True)

    @classmethod
    def check(cls, model: type[Model], name: str, field: FieldInfo) -> None:
        """Check one field against the model.

        Raises:
            TypeError: It is not a column, relation or property of the model.
        """
        is_many = columns.is_to_many(model, name)
        is_converted = any(isinstance(each, BeforeValidator) for each in field.metadata)
        if is_many and not is_converted:
            raise TypeError(f"{cls.__name__}.{name} is many rows: write it as Related[…Detail]")
        if not is_converted and columns.is_bare_row(model, name, field.annotation):
            raise TypeError(f"{cls.__name__}.{name} is a row: write it as an Output, or {name}_id")
        if not is_many and not columns.is_readable(model, name):
            raise TypeError(
                f"{cls.__name__}.{name} is not a column, relation or property of {model.__name__}"
            )

    @classmethod
    def with_relations(cls, rows: QuerySet[Row]) -> QuerySet[Row]:
        """Return the queryset, extended to fetch the related rows that this schema shows."""
        joined, prefetched = columns.relations(rows.model, cls)
        rows = rows.select_related(*joined) if joined else rows
        return rows.prefetch_related(*prefetched) if prefetched else rows


class Page(Output, Generic[Item]):
    """One page of a list. The first page is 1."""

    items: list[Item]
    total: int
    page: int
    pages: int


class ListQuery(ModelSchema):
    """Query parameters of a list: `class InvoiceQuery(ListQuery, model=Invoice)`.

    A list declares its `sort`, its `keyword`, and filters by columns, named as in Tortoise:
    `due`, `due__gte`, `status__in`. Other parameters are refused.
    """

    model_config = ConfigDict(extra="forbid")

    page: Annotated[int, Field(ge=1, le=1_000_000_000), PLAIN_DIGITS] = 1
    size: Annotated[int, Field(ge=1, le=100), PLAIN_DIGITS] = 20
    sort: Annotated[str, Field(pattern="^-?id$")] = "id"

    @classmethod
    def check(cls, model: type[Model], name: str, field: FieldInfo) -> None:
        """Check a filter, or the columns of `sort`, against the model.

        Raises:
            TypeError: There is no such column, it has no such filter, or another type.
        """
        names = [name] if name not in COMMON_PARAMETERS else []
        if name == "sort" and field.metadata != ListQuery.model_fields["sort"].metadata:
            choices = get_args(field.annotation)
            if get_origin(field.annotation) is not Literal or field.default not in choices:
                raise TypeError(f"{cls.__name__}.sort: write a Literal of columns, and a default")
            names = [each.removeprefix("-") for each in choices]
        for each in names:
            if not columns.is_filter(model, each) or (name == "sort" and "__" in each):
                raise TypeError(
                    f"{cls.__name__}: {model.__name__} cannot be filtered or sorted by {each}"
                )
        if names == [name] and not columns.is_comparable(model, name, field.annotation):
            raise TypeError(f"{cls.__name__}.{name}: the column has values of another type")

    def filter_and_sort(self, rows: QuerySet[Row]) -> QuerySet[Row]:
        """Apply the filters that were sent, and the order."""
        sent = self.model_dump(exclude_none=True, exclude=COMMON_PARAMETERS)
        order = [self.sort] if self.sort in {"id", "-id"} else [self.sort, "id"]
        return (rows.filter(**sent) if sent else rows).order_by(*order)

    async def fetch_page(self, rows: QuerySet[Any], *, output: type[Output]) -> dict[str, Any]:
        """Fetch one page of these outputs, as the fields of `Page`.

        That is one statement, one more to count the rows unless this is the last page, and one
        for each relation to many rows.
        """
        start = (self.page - 1) * self.size
        page = (rows.offset(start) if start else rows).limit(self.size)
        names = output.model_fields
        has_all = columns.are_in(rows.model, names)
        items = await (page.values(*names) if has_all else output.with_relations(page))
        is_last = len(items) < self.size and (items or not start)
        total = start + len(items) if is_last else await rows.count()
        pages = max(1, -(-total // self.size))
        return {"items": items, "total": total, "page": self.page, "pages": pages}
