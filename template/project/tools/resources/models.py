"""The models of the service: targets of foreign keys, and code that creates their rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tortoise.fields import BigIntField, CharField, Field, IntField, TextField
from tortoise.fields.relational import ForeignKeyFieldInstance
from tortoise.models import Model

from app import parts

USER = "User"
SAMPLES = {
    "str": '"a"',
    "int": "1",
    "float": "1.5",
    "bool": "False",
    "Decimal": '"0"',
    "bytes": 'b"a"',
    "datetime": '"2027-01-31T08:00:00Z"',
    "date": '"2027-01-31"',
    "time": '"08:00"',
    "timedelta": "1",
    "UUID": '"10000000-0000-4000-8000-000000000000"',
    "dict": "{}",
    "list": "[]",
}
"""Source code of a value for each type of required fields."""


@dataclass(frozen=True)
class Target:
    """A model that a foreign key may refer to."""

    model: type[Model]

    @property
    def name(self) -> str:
        """The name of its class."""
        return self.model.__name__

    @property
    def module(self) -> str:
        """The module of its class."""
        return self.model.__module__

    @property
    def is_user(self) -> bool:
        """Return whether this is the model of users."""
        return self.name == USER and self.module == "app.accounts.models"

    @property
    def is_owned(self) -> bool:
        """Return whether its rows have an owner, and are visible to the owner only."""
        return _leads_to_user(_fields(self.model).get("owner"))

    @property
    def has_number(self) -> bool:
        """Return whether its primary key is an integer `id`."""
        return self.model._meta.pk_attr == "id" and isinstance(self.model._meta.pk, IntField)

    @property
    def is_small(self) -> bool:
        """Return whether its ids have 32 bits."""
        return isinstance(self.model._meta.pk, IntField) and not isinstance(
            self.model._meta.pk, BigIntField
        )

    @property
    def factory(self) -> str:
        """The name of the function in tests that creates a row."""
        return f"add_{''.join(f'_{c.lower()}' if c.isupper() else c for c in self.name)[1:]}"

    def needed(self) -> Iterator["Target"]:
        """Yield the models whose rows a row requires, then this model."""
        for field in _required(self.model):
            if isinstance(field, ForeignKeyFieldInstance) and not _leads_to_user(field):
                target = all_targets()[_name(field)]
                if target.model is not self.model:
                    yield from target.needed()
        yield self

    def values(self, owner: str) -> str:
        """Return the arguments that create a row, as source code."""
        pairs = ((field.model_field_name, field) for field in _required(self.model))
        return ", ".join(f"{name}={_sample(field, owner)}" for name, field in pairs)


def all_targets() -> dict[str, Target]:
    """Return the models of all parts by name."""
    return {
        each.__name__: Target(each)
        for module in parts.import_modules("models")
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, Model) and each.__module__ == module.__name__
        if not each._meta.abstract
    }


def tables() -> dict[str, str]:
    """Return the names of the models of all parts by table."""
    return {each.model._meta.db_table: name for name, each in all_targets().items()}


def attributes(model: type[Model], *, except_model: str) -> set[str]:
    """Return the attributes of a model, with backward relations of all models except one."""
    backward = {
        field.related_name
        for name, target in all_targets().items()
        if name != except_model
        for field in _fields(target.model).values()
        if isinstance(field, ForeignKeyFieldInstance) and field.related_name
        if _name(field) == model.__name__
    }
    return backward | set(dir(model)) | set(_fields(model))


def _fields(model: type[Model]) -> dict[str, Field[Any]]:
    return model._meta.fields_map


def _required(model: type[Model]) -> Iterator[Field[Any]]:
    for field in _fields(model).values():
        is_made = field.generated or any(
            getattr(field, each, False) for each in ("auto_now", "auto_now_add")
        )
        is_relation = field.has_db_field or isinstance(field, ForeignKeyFieldInstance)
        if is_relation and field.required and not is_made:
            yield field


def _name(field: ForeignKeyFieldInstance[Any]) -> str:
    """Return the class that a foreign key refers to."""
    return str(field.model_name).rpartition(".")[2]


def _leads_to_user(field: object) -> bool:
    return isinstance(field, ForeignKeyFieldInstance) and field.model_name == f"models.{USER}"


def _sample(field: Field[Any], owner: str) -> str:
    if _leads_to_user(field):
        return owner
    if isinstance(field, ForeignKeyFieldInstance):
        target = all_targets()[_name(field)]
        return f"await {target.factory}({owner})"
    if isinstance(field, CharField | TextField) and field.unique:
        return f"uuid4().hex[:{min(32, vars(field).get('max_length', 32))}]"
    if enum := getattr(field, "enum_type", None):
        return repr(next(iter(enum)).value)
    kind = field.field_type.__name__ if isinstance(field.field_type, type) else "dict"
    return SAMPLES.get(kind, "None")
