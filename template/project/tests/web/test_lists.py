"""Lists: names in schemas are checked against the model."""

from decimal import Decimal
from enum import StrEnum
from types import new_class
from typing import Literal

import pytest
from pydantic import ValidationError
from tortoise import fields
from tortoise.models import Model

from app.web.schemas import ListQuery, Output, Related
from app.web.types import Date, RowId, Several, UtcDateTime


class Label(Model):
    id = fields.IntField(primary_key=True)


class State(StrEnum):
    OPEN = "open"


class Thing(Model):
    id = fields.IntField(primary_key=True)
    due = fields.DateField()
    made = fields.DatetimeField()
    name = fields.CharField(max_length=9)
    extra: fields.Field[dict[str, str]] = fields.JSONField()
    price = fields.DecimalField(max_digits=6, decimal_places=2)
    state = fields.CharEnumField(State, max_length=4)
    label: fields.ForeignKeyRelation[Label] = fields.ForeignKeyField("models.Label")
    labels: fields.ManyToManyRelation[Label] = fields.ManyToManyField("models.Label")
    parts: fields.ReverseRelation[Label]

    @property
    def is_late(self) -> bool:
        return True

    def count(self) -> int:
        return 1


class LabelDetail(Output, model=Label):
    id: int


def test_a_schema_names_columns_relations_and_properties() -> None:
    class ThingDetail(Output, model=Thing):
        due: Date
        is_late: bool
        label_id: int
        label: LabelDetail
        labels: Related[LabelDetail]
        parts: Related[LabelDetail]

    assert ThingDetail.model is Thing


@pytest.mark.parametrize(
    ("name", "type_"),
    [
        ("dew", str),
        ("count", int),
        ("label", int),
        ("labels", list[str]),
        ("parts", list[str]),
    ],
)
def test_an_output_field_that_does_not_match_the_model_is_refused(name: str, type_: object) -> None:
    body = {"__annotations__": {name: type_}, "__module__": __name__}

    with pytest.raises(TypeError, match=f"ThingDetail.{name} is"):
        new_class("ThingDetail", (Output,), {"model": Thing}, lambda names: names.update(body))


@pytest.mark.parametrize(
    ("name", "type_"),
    [
        ("dew", Date | None),
        ("due__soon", Date | None),
        ("labels", int | None),
        ("due__year", int | None),
        ("label__id", int | None),
        ("extra", str | None),
    ],
)
def test_a_filter_by_an_unknown_column_or_lookup_is_refused(name: str, type_: object) -> None:
    body = {"__annotations__": {name: type_}, name: None, "__module__": __name__}

    with pytest.raises(TypeError, match="Thing cannot be filtered or sorted by"):
        new_class("ThingQuery", (ListQuery,), {"model": Thing}, lambda names: names.update(body))


@pytest.mark.parametrize(
    ("name", "type_"),
    [
        ("sort", str),
        ("sort", Literal["due"] | None),
        ("sort", Literal["due"]),
        ("due", str | None),
        ("due__gte", int | None),
        ("due__in", Date | None),
        ("due", list[Date] | None),
        ("label_id__in", int | None),
        ("price", str | None),
        ("price", UtcDateTime | None),
        ("price", Literal["a"] | None),
        ("label_id", str | None),
        ("state", str | None),
        ("due__isnull", Date | None),
    ],
)
def test_a_filter_whose_type_differs_from_its_column_is_refused(name: str, type_: object) -> None:
    body = {"__annotations__": {name: type_}, name: None, "__module__": __name__}

    with pytest.raises(TypeError, match=f"ThingQuery.{name}: "):
        new_class("ThingQuery", (ListQuery,), {"model": Thing}, lambda names: names.update(body))


@pytest.mark.parametrize("name", ["dew", "due__gte", "label"])
def test_a_list_is_sorted_by_columns_alone(name: str) -> None:
    body = {"__annotations__": {"sort": Literal[name]}, "sort": name, "__module__": __name__}

    with pytest.raises(TypeError, match=f"cannot be filtered or sorted by {name}"):
        new_class("ThingQuery", (ListQuery,), {"model": Thing}, lambda names: names.update(body))


def test_a_query_has_filters_of_the_types_of_its_columns() -> None:
    class ThingQuery(ListQuery, model=Thing):
        sort: Literal["due", "-due"] = "due"
        due: Date | None = None
        due__in: Several[Date] | None = None
        due__isnull: bool | None = None
        extra__isnull: bool | None = None
        made__gte: UtcDateTime | None = None
        price: int | None = None
        price__lt: Decimal | None = None
        state: State | None = None
        name__icontains: str | None = None
        state__in: Several[State] | None = None
        label_id: RowId | None = None

    assert ThingQuery.model is Thing


@pytest.mark.parametrize(
    "sent",
    [
        *({"page": page} for page in ["0", "x", "1_0", "10000000000"]),
        *({"size": size} for size in ["0", "101"]),
        {"sort": "due"},
        {"due": "2027-01-31"},
    ],
    ids=str,
)
def test_undeclared_parameters_and_invalid_pages_are_refused(sent: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        ListQuery.model_validate(sent)
