"""Fields of models that schemas may show, filter or sort by; works before Tortoise.init()."""

from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from types import NoneType, UnionType
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel
from tortoise.fields import Field
from tortoise.fields.relational import (
    BackwardFKRelation,
    BackwardOneToOneRelation,
    ForeignKeyFieldInstance,
    ManyToManyFieldInstance,
    RelationalField,
)
from tortoise.filters import get_filters_for_field
from tortoise.models import Model

LISTS = {"in", "not_in", "range"}
COMPARISONS = {"", "not", "gt", "gte", "lt", "lte", *LISTS}
"""Lookups of filters whose values have the type of the column."""
NUMBERS: dict[type, tuple[type, ...]] = {Decimal: (Decimal, int), float: (float, int)}


def are_in(row: type[Model], names: Collection[str]) -> bool:
    """Return whether all names are columns of the model."""
    return row._meta.fields_db_projection.keys() >= set(names)  # noqa: SLF001 - as in `_fields`


def is_to_many(row: type[Model], name: str) -> bool:
    """Return whether a name is a relation to many rows; annotations tell backward ones."""
    field = _fields(row).get(name)
    if field is None:
        types = [vars(each).get("__annotations__", {}).get(name, "") for each in row.__mro__]
        return any("ReverseRelation" in str(each) for each in types)
    return _is_many(field)


def is_readable(row: type[Model], name: str) -> bool:
    """Return whether a row has such a value: a column, a relation to one row, or a property."""
    is_property = hasattr(row, name) and not callable(getattr(row, name))
    return name in _fields(row) or _is_key(row, name) or is_property


def is_filter(row: type[Model], name: str) -> bool:
    """Return whether rows can be filtered by `due__gte`, or sorted by a plain name."""
    column = name.partition("__")[0]
    field = _fields(row).get(column)
    if field is None or isinstance(field, RelationalField):
        return _is_key(row, column)
    return name in get_filters_for_field(column, field, column)


def is_comparable(row: type[Model], name: str, annotation: Any) -> bool:  # noqa: ANN401 - any type
    """Return whether a filter's values have the type of its column: a wrong one would raise."""
    column, _, lookup = name.partition("__")
    kinds = set(_classes(annotation)) - {NoneType}
    lists = {kind for kind in kinds if issubclass(kind, list | tuple | set | frozenset)}
    field = _fields(row).get(column)
    if lookup not in COMPARISONS or (field and not isinstance(field.field_type, type)):
        return True
    if bool(lists) != (lookup in LISTS):
        return False
    if field is None:  # the column of a foreign key, whose type is that of another model
        return True
    expected = getattr(field, "enum_type", field.field_type)
    return all(
        issubclass(kind, NUMBERS.get(expected, expected)) or kind.__module__.startswith("pydantic.")
        for kind in kinds - lists
    )


def shows_row(annotation: Any) -> bool:  # noqa: ANN401 - any type
    """Return whether a field of this type shows a related row."""
    return any(_schemas(annotation))


def is_row(row: type[Model], name: str) -> bool:
    """Return whether a name is a relation to one row."""
    field = _fields(row).get(name)
    return isinstance(field, RelationalField) and not _is_many(field)


def relations(row: type[Model], schema: type[BaseModel]) -> tuple[list[str], list[str]]:
    """Return the relations that a schema shows: those to join, and those to prefetch."""
    joined: list[str] = []
    prefetched: list[str] = []
    for name, is_many in _paths(row, schema):
        (prefetched if is_many else joined).append(name)
    return joined, prefetched


def _paths(row: type[Model], schema: type[BaseModel]) -> Iterator[tuple[str, bool]]:
    for name, shown in schema.model_fields.items():
        field = _fields(row).get(name)
        if isinstance(field, RelationalField):
            is_many = _is_many(field)
            yield name, is_many
            for inner in _schemas(shown.annotation):
                for path, is_inner_many in _paths(field.related_model, inner):
                    yield f"{name}__{path}", is_many or is_inner_many


def _schemas(annotation: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401 - any type
    return (kind for kind in _classes(annotation) if issubclass(kind, BaseModel))


def _classes(annotation: Any) -> Iterator[type]:  # noqa: ANN401 - any type
    """Yield the classes in an annotation, those of values and of collections."""
    kind, arguments = get_origin(annotation) or annotation, get_args(annotation)
    if kind is Annotated:
        arguments = arguments[:1]
    elif isinstance(kind, type) and kind is not UnionType:
        yield kind
    for each in arguments:
        yield from _classes(each)


def _fields(row: type[Model]) -> Mapping[str, Field[Any]]:
    return row._meta.fields_map  # noqa: SLF001 - Tortoise describes its models there


def _is_many(field: object) -> bool:
    is_backward = isinstance(field, BackwardFKRelation)
    is_one = isinstance(field, BackwardOneToOneRelation)
    return isinstance(field, ManyToManyFieldInstance) or (is_backward and not is_one)


def _is_key(row: type[Model], name: str) -> bool:
    """Return whether a name is the column of a foreign key, which Tortoise adds in its init()."""
    return any(
        isinstance(field, ForeignKeyFieldInstance) and name == (field.source_field or f"{key}_id")
        for key, field in _fields(row).items()
    )
