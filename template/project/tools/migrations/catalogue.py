"""A schema as plain values, read from a server."""

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

OWN_VALUES = re.compile("sequence|generated|auto_?increment|virtual", re.IGNORECASE)

KeyKind = Literal["primary key", "unique", "index", "foreign key", "check"]


@dataclass(frozen=True)
class Column:
    """A column, as the server spells it."""

    name: str
    type: str
    is_null: bool
    default: str | None = None
    extra: str = ""
    """All else that the server says of it: a collation, a sequence, how it is generated."""
    comment: str = ""

    @property
    def has_own_values(self) -> bool:
        """Whether the server makes its values: from a sequence, or from other columns."""
        return OWN_VALUES.search(self.extra) is not None

    @property
    def definition(self) -> str:
        """Type, NULL and default, for people; the collation goes without saying."""
        default = f" default {self.default}" if self.default is not None else ""
        extra = re.sub(r"COLLATE \S+ ?", "", self.extra)
        words = [self.type, "null" if self.is_null else "not null", extra]
        return " ".join(filter(None, words)).lower() + default

    def __str__(self) -> str:
        """Return what people call it."""
        return self.name


@dataclass(frozen=True)
class Key:
    """A constraint or an index."""

    kind: KeyKind
    columns: tuple[str, ...]
    definition: str
    """SQL without the name, from which it can be made again."""
    name: str = ""
    """Empty where the server chose it, and may choose another elsewhere."""
    target: str = ""
    """The table that a foreign key refers to."""
    target_columns: tuple[str, ...] = ()
    condition: str = field(default="", compare=False)
    """What rows a partial index holds."""
    given_name: str = field(default="", compare=False)
    """The name by which the server knows it, chosen or not."""
    source: str = field(default="", compare=False)
    """The statement that made it, or its part of the table's, where the server keeps these."""

    def __str__(self) -> str:
        """Return what people call it."""
        if self.kind == "check":
            return self.definition
        what = f"{self.kind} ({', '.join(self.columns) or self.definition})"
        if self.kind == "foreign key":
            return f"{what} {self.definition[self.definition.find('REFERENCES') :].lower()}"
        return f"{what} where {self.condition}" if self.condition else what


@dataclass(frozen=True)
class Table:
    """A table."""

    name: str
    columns: Mapping[str, Column]
    keys: tuple[Key, ...]
    options: str = ""
    """What the server says of the table as a whole: its collation."""
    comment: str = ""
    source: str = field(default="", compare=False)
    """The statement that made it, where the server keeps it."""

    def __str__(self) -> str:
        """Return what people call it."""
        return f"table {self.name}"


Catalogue = Mapping[str, Table]


def names_in(catalogue: Catalogue) -> set[str]:
    """Name all tables, columns as `table.column`, indexes and constraints."""
    found = set(catalogue)
    for name, table in catalogue.items():
        found |= {f"{name}.{column}" for column in table.columns}
        found |= {key.given_name for key in table.keys}
    return found


def without(catalogue: Catalogue, names: Container[str]) -> Catalogue:
    """Leave out tables, columns as `table.column`, indexes and constraints by their names."""
    return {
        name: replace(
            table,
            columns={
                column: each
                for column, each in table.columns.items()
                if f"{name}.{column}" not in names
            },
            keys=tuple(key for key in table.keys if key.given_name not in names),
        )
        for name, table in catalogue.items()
        if name not in names
    }
