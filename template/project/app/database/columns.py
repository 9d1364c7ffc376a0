"""Fields of models that schemas may show, filter or sort by; works before Tortoise.init()."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import AwareDatetime, BaseModel
from tortoise.fields import Field
from tortoise.fields.relational import (
    BackwardFKRelation,
    BackwardOneToOneRelation,
    ForeignKeyFieldInstance,
    ManyToManyFieldInstance,
    RelationalField,
)
from tortoise.models import Model

LISTS = {"in", "not_in"}
COMPARISONS = {"", "not", "gt", "gte", "lt", "lte", *LISTS}
"""Lookups of filters whose values have the type of the column."""
NULLS = {"isnull", "not_isnull"}
PARTS_OF_TEXT = {"contains", "icontains", "startswith", "istartswith", "endswith", "iendswith"}
VALUES: dict[type, tuple[type, ...]] = {
    Decimal: (Decimal, int),
    float: (float, int),
    datetime: (datetime, AwareDatetime),
}
"""Types of values that fit columns of another type."""


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
    return name in _fields(row) or _column(row, name) is not None or is_property


def is_filter(row: type[Model], name: str) -> bool:
    """Return whether rows can be filtered by `due__gte`, or sorted by a plain name."""
    column, _, lookup = name.partition("__")
    field = _column(row, column)
    if field is None:
        return False
    if not isinstance(field.field_type, type):  # JSON, which databases compare in different ways
        return lookup in NULLS
    is_text = issubclass(field.field_type, str) and not hasattr(field, "enum_type")
    return lookup in COMPARISONS | NULLS or (is_text and lookup in PARTS_OF_TEXT)


def is_comparable(row: type[Model], name: str, annotation: Any) -> bool:  # noqa: ANN401 - any type
    """Return whether a filter's values have the type that it compares: a wrong one would raise."""
    column, _, lookup = name.partition("__")
    field = _column(row, column)
    kinds = set(_classes(annotation)) - {NoneType}
    lists = {kind for kind in kinds if issubclass(kind, list | tuple | set | frozenset)}
    if field is None or bool(lists) != (lookup in LISTS):
        return False
    expected = bool if lookup in NULLS else getattr(field, "enum_type", field.field_type)
    found = kinds - lists
    return bool(found) and all(issubclass(kind, VALUES.get(expected, expected)) for kind in found)


def is_bare_row(row: type[Model], name: str, annotation: Any) -> bool:  # noqa: ANN401 - any type
    """Return whether a relation to one row is shown with a type that is no schema."""
    field = _fields(row).get(name)
    is_row = isinstance(field, RelationalField) and not _is_many(field)
    return is_row and not any(_schemas(annotation))


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
    elif kind is Literal:
        arguments = tuple(map(type, arguments))
    elif isinstance(kind, type) and kind is not UnionType:
        yield kind
    for each in arguments:
        yield from _classes(each)


def _column(row: type[Model], name: str) -> Field[Any] | None:
    """Return the column of this name; that of a foreign key is like the key that it refers to."""
    field = _fields(row).get(name)
    if field is not None and not isinstance(field, RelationalField):
        return field
    for key, relation in _fields(row).items():
        if isinstance(relation, ForeignKeyFieldInstance) and name == (
            relation.source_field or f"{key}_id"
        ):
            return _target(relation)._meta.pk  # noqa: SLF001 - as in `_fields`
    return None


def _target(relation: ForeignKeyFieldInstance[Any]) -> type[Model]:
    """Return the model that a foreign key refers to, which Tortoise looks up in its init()."""
    name = str(relation.model_name).rpartition(".")[2]
    found: list[type[Model]] = [Model]
    for model in found:
        found += model.__subclasses__()
    return next(model for model in found if model.__name__ == name)


def _fields(row: type[Model]) -> Mapping[str, Field[Any]]:
    return row._meta.fields_map  # noqa: SLF001 - Tortoise describes its models there


def _is_many(field: object) -> bool:
    is_backward = isinstance(field, BackwardFKRelation)
    is_one = isinstance(field, BackwardOneToOneRelation)
    return isinstance(field, ManyToManyFieldInstance) or (is_backward and not is_one)
