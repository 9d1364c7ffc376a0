"""Models as plain values, which random changes edit, and their source."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

HEAD = '''"""Models that were drawn."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import IntEnum, StrEnum
from uuid import UUID

from tortoise import fields
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
CLASSES = {
    "smallint": "SmallIntField",
    "int": "IntField",
    "bigint": "BigIntField",
    "char": "CharField",
    "text": "TextField",
    "bool": "BooleanField",
    "decimal": "DecimalField",
    "float": "FloatField",
    "date": "DateField",
    "datetime": "DatetimeField",
    "time": "TimeField",
    "timedelta": "TimeDeltaField",
    "uuid": "UUIDField",
    "json": "JSONField",
    "binary": "BinaryField",
    "charenum": "CharEnumField",
    "intenum": "IntEnumField",
    "key": "ForeignKeyField",
    "one": "OneToOneField",
}
ARGUMENTS = {"charenum": ("Kind", "max_length=20"), "intenum": ("Level",)}
SIZES = {"char": ("max_length",), "decimal": ("max_digits", "decimal_places")}
"""The names of a field's sizes."""
KEYS = {"key", "one"}
INTEGERS = {"smallint", "int", "bigint"}
INDEXABLE = set(CLASSES) - {"text", "json", "binary"} - KEYS

Shape = tuple[str, tuple[int, ...]]
"""The kind of a column, and its sizes."""


def evaluate(source: str) -> Any:  # noqa: ANN401 - of any type
    """Return the value of a default; an expression of the database stays what Tortoise has."""
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
    """A number that stays the same when the field is renamed."""
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
    def has_unique(self) -> bool:
        """Return whether no two rows may have the same value."""
        return self.is_unique or self.kind == "one"

    def source(self, *, is_primary: bool = False) -> str:
        """Return the line that makes it."""
        options = [*ARGUMENTS.get(self.kind, ())]
        sizes = zip(SIZES.get(self.kind, ()), self.size, strict=True)
        options += [f"{name}={number}" for name, number in sizes]
        if self.kind in KEYS:
            options += [f'"models.{self.target}"', "related_name=False"]
            options += [f"on_delete=fields.{self.on_delete}"]
            options += [f"db_constraint={self.has_constraint}"]
        options += ["primary_key=True"] if is_primary else []
        options += ["null=True"] if self.is_null else []
        options += ["unique=True"] if self.is_unique else []
        options += ["db_index=True"] if self.is_indexed else []
        options += [f"default={self.default}"] if self.default else []
        options += [f"db_default={self.db_default}"] if self.db_default else []
        options += [f"description={self.comment!r}"] if self.comment else []
        options += [f"source_field={self.source_field!r}"] if self.source_field else []
        return f"{self.name} = fields.{CLASSES[self.kind]}({', '.join(options)})"


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
        options = [
            f'"models.{self.target}"',
            f"through={self.through!r}",
            f"related_name='back_{self.identity}'",
            "backward_key='from_id'",
            "forward_key='to_id'",
            f"on_delete=fields.{self.on_delete}",
            f"db_constraint={self.has_constraint}",
            f"unique={self.is_unique}",
        ]
        return f"{self.name} = fields.ManyToManyField({', '.join(options)})"


@dataclass(frozen=True)
class TableIndex:
    """An entry of `Meta.indexes`."""

    fields: tuple[str, ...]
    name: str = ""
    """The name; empty for an entry that is a tuple of fields."""
    condition: tuple[str, int] | None = None
    """A field and the number that it must hold, for a partial index."""

    @property
    def mentioned(self) -> set[str]:
        """The fields of the index and of its condition."""
        return {*self.fields, *([self.condition[0]] if self.condition else [])}

    def source(self) -> str:
        """Return the expression that makes it."""
        if not self.name:
            return f"{self.fields!r}"
        options = f"fields={self.fields!r}, name={self.name!r}"
        if self.condition:
            return f"PartialIndex({options}, condition={dict([self.condition])!r})"
        return f"Index({options})"


@dataclass(frozen=True)
class Model:
    """A model and its table."""

    name: str
    """The name of the class, which stays the same when the table is renamed."""
    table: str
    key: Field
    fields: tuple[Field, ...] = ()
    links: tuple[Link, ...] = ()
    together: tuple[tuple[str, ...], ...] = ()
    indexes: tuple[TableIndex, ...] = ()
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
        if old.name == new.name:
            return replace(self, fields=fields)
        return replace(
            self,
            fields=fields,
            together=tuple(_renamed(names, old.name, new.name) for names in self.together),
            indexes=tuple(
                replace(each, fields=_renamed(each.fields, old.name, new.name))
                for each in self.indexes
                if not each.condition or each.condition[0] != old.name
            ),
        )

    def without_field(self, gone: Field) -> "Model":
        """Remove a field, and the constraints and indexes over it."""
        kept = tuple(field for field in self.fields if field != gone)
        return replace(self.without_indexes(gone.name), fields=kept)

    def without_indexes(self, name: str) -> "Model":
        """Remove the entries of `Meta` that name a field."""
        return replace(
            self,
            together=tuple(names for names in self.together if name not in names),
            indexes=tuple(each for each in self.indexes if name not in each.mentioned),
        )

    def uniques(self) -> Iterator[tuple[Field, ...]]:
        """Return the fields of each unique constraint."""
        yield (self.key,)
        yield from ((field,) for field in self.fields if field.has_unique)
        yield from (tuple(map(self.field, names)) for names in self.together)

    def source(self) -> str:
        """Return the class."""
        lines = [f"    {self.comment!r}\n"] if self.comment else []
        lines.append(f"    {self.key.source(is_primary=True)}")
        lines += [f"    {each.source()}" for each in self.fields]
        lines += [f"    {each.source()}" for each in self.links]
        lines += ["", "    class Meta:", f"        table = {self.table!r}"]
        lines.append(f"        unique_together = {self.together!r}")
        lines.append(f"        indexes = [{', '.join(each.source() for each in self.indexes)}]")
        return f"class {self.name}(Model):\n" + "\n".join(lines) + "\n"


def _renamed(names: tuple[str, ...], old: str, new: str) -> tuple[str, ...]:
    return tuple(new if name == old else name for name in names)


Schema = Mapping[str, Model]
"""Models by the names of their classes."""


def source(schema: Schema) -> str:
    """Return the module of the models."""
    return "\n\n".join([HEAD, *(model.source() for model in schema.values())])


def shape(schema: Schema, field: Field) -> Shape:
    """Return the shape of a column; a foreign key has that of its target's primary key."""
    if field.kind in KEYS:
        return shape(schema, schema[field.target].key)
    return field.kind, field.size
