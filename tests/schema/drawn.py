"""Models as plain values: what random changes are made to, and their text."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

HEAD = '''"""Models that were drawn by lot."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import IntEnum, StrEnum
from uuid import UUID, uuid4

from tortoise import fields
from tortoise.contrib.mysql.indexes import FullTextIndex
from tortoise.contrib.postgres.indexes import GinIndex, HashIndex
from tortoise.fields.db_defaults import Now, RandomHex, SqlDefault
from tortoise.indexes import Index, PartialIndex
from tortoise.models import Model


class Kind(StrEnum):
    """The kinds of things."""

    BUG = "bug"
    CHORE = "it's"


class Level(IntEnum):
    """How high something is."""

    LOW = -1
    HIGH = 9
'''
CALLS = {
    "smallint": "fields.SmallIntField",
    "int": "fields.IntField",
    "bigint": "fields.BigIntField",
    "char": "fields.CharField",
    "text": "fields.TextField",
    "bool": "fields.BooleanField",
    "decimal": "fields.DecimalField",
    "float": "fields.FloatField",
    "date": "fields.DateField",
    "datetime": "fields.DatetimeField",
    "time": "fields.TimeField",
    "timedelta": "fields.TimeDeltaField",
    "uuid": "fields.UUIDField",
    "json": "fields.JSONField",
    "binary": "fields.BinaryField",
    "charenum": "fields.CharEnumField",
    "intenum": "fields.IntEnumField",
    "key": "fields.ForeignKeyField",
    "one": "fields.OneToOneField",
}
KEYS = {"key", "one"}
INDEXABLE = set(CALLS) - {"text", "json", "binary"} - KEYS

Shape = tuple[str, tuple[int, ...]]
"""What a column holds: its kind, and its sizes."""


def evaluate(source: str) -> Any:  # noqa: ANN401 - of any type
    """Return the value of a default; one that the database works out has none."""
    names: dict[str, Any] = {}
    exec(HEAD, names)  # noqa: S102 - our own text
    value = eval(source, names)  # noqa: S307 - as above
    if value in (dict, list):
        value = value()
    return getattr(value, "value", value)


@dataclass(frozen=True)
class Field:
    """A column of a model."""

    identity: int
    """What stays when it gets another name."""
    name: str
    kind: str
    size: tuple[int, ...] = ()
    is_null: bool = False
    is_unique: bool = False
    is_indexed: bool = False
    default: str = ""
    """The model's own default, as Python."""
    db_default: str = ""
    """The database's default, as Python."""
    comment: str = ""
    source_field: str = ""
    target: str = ""
    """The model to which a key refers."""
    on_delete: str = "CASCADE"
    has_constraint: bool = True

    @property
    def attribute(self) -> str:
        """The attribute that holds the value of the column."""
        return f"{self.name}_id" if self.kind in KEYS else self.name

    @property
    def column(self) -> str:
        """The name of the column."""
        return self.source_field or self.attribute

    @property
    def is_plain(self) -> bool:
        """Whether Tortoise finds its column in `Meta`, whatever it is used for."""
        return self.kind not in KEYS and not self.source_field

    @property
    def has_unique(self) -> bool:
        """Whether no two rows may have the same value."""
        return self.is_unique or self.kind == "one"

    def source(self, *, is_primary: bool = False) -> str:
        """Return the line that makes it."""
        options = []
        if self.kind in KEYS:
            options += [f'"models.{self.target}"', "related_name=False"]
            options += [f"on_delete=fields.{self.on_delete}"] if self.on_delete != "CASCADE" else []
            options += [] if self.has_constraint else ["db_constraint=False"]
        elif self.kind == "char":
            options.append(f"max_length={self.size[0]}")
        elif self.kind == "decimal":
            options += [f"max_digits={self.size[0]}", f"decimal_places={self.size[1]}"]
        elif self.kind == "charenum":
            options += ["Kind", "max_length=20"]
        elif self.kind == "intenum":
            options.append("Level")
        options += ["primary_key=True"] if is_primary else []
        options += ["null=True"] if self.is_null else []
        options += ["unique=True"] if self.is_unique else []
        options += ["db_index=True"] if self.is_indexed else []
        options += [f"default={self.default}"] if self.default else []
        options += [f"db_default={self.db_default}"] if self.db_default else []
        options += [f"description={self.comment!r}"] if self.comment else []
        options += [f"source_field={self.source_field!r}"] if self.source_field else []
        return f"{self.name} = {CALLS[self.kind]}({', '.join(options)})"


@dataclass(frozen=True)
class Link:
    """A many-to-many relation with a table of its own."""

    identity: int
    name: str
    target: str
    through: str
    on_delete: str = "CASCADE"
    has_constraint: bool = True
    is_unique: bool = True

    def source(self) -> str:
        """Return the line that makes it."""
        return (
            f'{self.name} = fields.ManyToManyField("models.{self.target}",'
            f' through="{self.through}", related_name="back_{self.identity}",'
            f' backward_key="from_id", forward_key="to_id", on_delete=fields.{self.on_delete},'
            f" db_constraint={self.has_constraint},"
            f" unique={self.is_unique})"
        )


@dataclass(frozen=True)
class Meta:
    """An entry of `Meta.indexes`."""

    call: str
    """The class, empty for a plain tuple."""
    fields: tuple[str, ...]
    name: str = ""
    condition: tuple[str, int] | None = None
    """A column and the number that it must hold."""

    def source(self) -> str:
        """Return the expression that makes it."""
        if not self.call:
            return f"{self.fields!r}"
        options = f"fields={self.fields!r}"
        options += f", name={self.name!r}" if self.name else ""
        if self.condition:
            options += f", condition={dict([self.condition])!r}"
        return f"{self.call}({options})"


@dataclass(frozen=True)
class Model:
    """A model and its table."""

    name: str
    """What stays when its table gets another name."""
    table: str
    key: Field
    fields: tuple[Field, ...] = ()
    links: tuple[Link, ...] = ()
    together: tuple[tuple[str, ...], ...] = ()
    indexes: tuple[Meta, ...] = ()
    comment: str = ""

    @property
    def columns(self) -> tuple[Field, ...]:
        """All fields that have a column, the primary key first."""
        return (self.key, *self.fields)

    def field(self, name: str) -> Field:
        """Return a field by its name."""
        return next(field for field in self.columns if field.name == name)

    def with_field(self, new: Field) -> "Model":
        """Put a field in the place of the one that it was, under its old name or a new one."""
        if new.identity == self.key.identity:
            return replace(self, key=new)
        old = next(field for field in self.fields if field.identity == new.identity)
        fields = tuple(new if field == old else field for field in self.fields)
        changed = replace(self, fields=fields)
        return changed if old.name == new.name else changed._renamed(old.name, new.name)

    def _renamed(self, old: str, new: str) -> "Model":
        def names(each: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(new if name == old else name for name in each)

        return replace(
            self.without_condition(old),
            together=tuple(map(names, self.together)),
            indexes=tuple(
                replace(each, fields=names(each.fields))
                for each in self.without_condition(old).indexes
            ),
        )

    def without_condition(self, name: str) -> "Model":
        """Take the partial indexes away whose condition is about a field."""
        kept = (each for each in self.indexes if not each.condition or each.condition[0] != name)
        return replace(self, indexes=tuple(kept))

    def without_field(self, gone: Field) -> "Model":
        """Take a field away, and what was made of it."""
        return replace(
            self.without_indexes(gone.name),
            fields=tuple(field for field in self.fields if field != gone),
        )

    def without_indexes(self, name: str) -> "Model":
        """Take all away that `Meta` says of a field."""
        model = self.without_condition(name)
        return replace(
            model,
            together=tuple(each for each in self.together if name not in each),
            indexes=tuple(each for each in model.indexes if name not in each.fields),
        )

    def source(self) -> str:
        """Return the class."""
        lines = [f"    {self.comment!r}\n"] if self.comment else []
        lines.append(f"    {self.key.source(is_primary=True)}")
        lines += [f"    {each.source()}" for each in (*self.fields, *self.links)]
        lines += ["", "    class Meta:", f"        table = {self.table!r}"]
        if self.together:
            lines.append(f"        unique_together = {self.together!r}")
        if self.indexes:
            indexes = ", ".join(each.source() for each in self.indexes)
            lines.append(f"        indexes = [{indexes}]")
        return f"class {self.name}(Model):\n" + "\n".join(lines) + "\n"


Schema = Mapping[str, Model]
"""Models by the names of their classes."""


def text(schema: Schema) -> str:
    """Return the module of the models."""
    return "\n\n".join([HEAD, *(model.source() for model in schema.values())])


def shape(schema: Schema, field: Field) -> Shape:
    """Return what a column holds; a key holds what the primary key of its target does."""
    if field.kind in KEYS:
        return shape(schema, schema[field.target].key)
    return field.kind, field.size


def uniques(model: Model) -> Iterator[tuple[Field, ...]]:
    """Return the fields of each unique constraint."""
    yield (model.key,)
    yield from ((field,) for field in model.fields if field.has_unique)
    yield from (tuple(map(model.field, names)) for names in model.together)
