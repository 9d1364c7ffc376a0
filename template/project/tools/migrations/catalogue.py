"""A schema as plain values, read from a server."""

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

OWN_VALUES = re.compile("sequence|generated|auto_?increment|virtual", re.IGNORECASE)

KeyKind = Literal["primary key", "unique", "index", "foreign key", "check"]


@dataclass(frozen=True)
class Column:
    """A column, as the server describes it."""

    name: str
    type: str
    is_null: bool
    default: str | None = None
    extra: str = ""
    """Further attributes: a collation, a sequence, a generated expression."""
    comment: str = ""
    source: str = field(default="", compare=False)
    """The definition that created it, with its comments, if the server stores it."""

    @property
    def remark(self) -> str:
        """The comment of the column, from the catalogue or from the definition."""
        found = re.search(r"/\*(.*)\*/", self.source, re.DOTALL)
        return self.comment or (found[1].strip().replace("\\n", "\n") if found else "")

    @property
    def has_own_values(self) -> bool:
        """Return whether the server generates its values, by a sequence or from columns."""
        return OWN_VALUES.search(self.extra) is not None

    @property
    def definition(self) -> str:
        """Type, NULL and default in words, without the collation."""
        default = f" default {self.default}" if self.default is not None else ""
        extra = re.sub(r"COLLATE \S+ ?", "", self.extra)
        words = [self.type, "null" if self.is_null else "not null", extra]
        return " ".join(filter(None, words)).lower() + default

    def __str__(self) -> str:
        """Return its name."""
        return self.name


@dataclass(frozen=True)
class Key:
    """A constraint or an index."""

    kind: KeyKind
    columns: tuple[str, ...]
    definition: str
    """SQL to create it again, without the name."""
    name: str = ""
    """Empty if the server chose it, and may choose another one elsewhere."""
    target: str = ""
    """The table that a foreign key refers to."""
    target_columns: tuple[str, ...] = ()
    condition: str = field(default="", compare=False)
    """The condition of a partial index."""
    given_name: str = field(default="", compare=False)
    """The name in the server's catalogue, also if the server chose it."""
    source: str = field(default="", compare=False)
    """The statement that created it, or its part of the table's, if the server stores it."""
    parts: tuple[str, ...] = field(default=(), compare=False)
    """SQL of the parts of an index that are not all columns."""

    def __str__(self) -> str:
        """Return its description in words."""
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
    """Attributes of the whole table: its collation."""
    comment: str = ""
    source: str = field(default="", compare=False)
    """The statement that created it, if the server stores it."""

    def __str__(self) -> str:
        """Return its description in words."""
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
    """Return a catalogue without these names: tables, `table.column`, indexes, constraints."""
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
