"""Tables as a database's own catalogue describes them, and the differences between two databases.

It is the judge of every tool, so it shares no code with one: plain SQL, one
module per database.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace

IGNORED = frozenset({"aerich", "sqlite_sequence", "tortoise_migrations"})
"""Internal tables of databases and tools."""


@dataclass(frozen=True)
class Column:
    """A column."""

    type: str
    nullable: bool
    default: str = ""
    """The value where it is a constant, however it was spelled; else the expression."""
    generated: str = ""
    """The counter behind it, or the expression that it is computed from."""
    collation: str = ""
    comment: str = ""


@dataclass(frozen=True)
class Index:
    """An index that is not the primary key's."""

    columns: tuple[str, ...]
    """Columns or expressions, in order."""
    is_unique: bool = False
    method: str = ""
    condition: str = ""
    name: str = ""
    """The name; empty where the database generates one."""

    def __str__(self) -> str:
        """Describe it in words, without its name; what is unique has no order."""
        columns = sorted(self.columns) if self.is_unique else self.columns
        words = ["unique" if self.is_unique else "index", f"({', '.join(columns)})"]
        words += [f"by {self.method}"] if self.method else []
        words += [f"where {self.condition}"] if self.condition else []
        return " ".join(words)


@dataclass(frozen=True)
class ForeignKey:
    """A key to another table or to the same one."""

    columns: tuple[str, ...]
    table: str
    targets: tuple[str, ...]
    on_delete: str
    on_update: str = "NO ACTION"
    remark: str = ""
    """A note that it is deferred or was never checked; empty otherwise."""

    def __str__(self) -> str:
        """Describe it in words."""
        text = f"key ({', '.join(self.columns)}) to {self.table} ({', '.join(self.targets)})"
        text += f" on delete {self.on_delete} on update {self.on_update}"
        return f"{text} {self.remark}".strip()


@dataclass
class Table:
    """A table."""

    columns: dict[str, Column] = field(default_factory=dict)
    primary_key: tuple[str, ...] = ()
    indexes: list[Index] = field(default_factory=list)
    keys: list[ForeignKey] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)
    options: str = ""
    """Options of the table: collation, engine, the counter of SQLite."""
    comment: str = ""


Catalogue = dict[str, Table]


def differences(found: Catalogue, expected: Catalogue, *, names: bool = False) -> list[str]:
    """Describe the differences between two databases.

    Args:
        found: The tables under test.
        expected: The tables as they should be.
        names: Whether the names of indexes and unique constraints count too, and the order of
            the columns that are unique together.
    """
    missing = [f"table {name} is missing" for name in expected if name not in found]
    extra = [f"table {name} should not be there" for name in found if name not in expected]
    common = sorted(found.keys() & expected.keys())
    inside = [
        f"{name}{words}"
        for name in common
        for words in _between(found[name], expected[name], names=names)
    ]
    return missing + extra + inside


ESCAPES = {r"\n": "\n", r"\'": "'", r"\"": '"', r"\\": "\\"}


def unescaped(catalogue: Catalogue) -> Catalogue:
    """Return tables with comments as their author wrote them.

    Tortoise escapes them as for MySQL, and PostgreSQL keeps the backslashes.
    """
    return {
        name: replace(
            table,
            comment=_unescape(table.comment),
            columns={
                column: replace(description, comment=_unescape(description.comment))
                for column, description in table.columns.items()
            },
        )
        for name, table in catalogue.items()
    }


def _unescape(comment: str) -> str:
    return re.sub(r"\\.", lambda found: ESCAPES.get(found[0], found[0]), comment)


def _between(found: Table, expected: Table, *, names: bool) -> Iterator[str]:
    yield from _columns(found.columns, expected.columns)
    for name in ("primary_key", "options", "comment"):
        is_, should = getattr(found, name), getattr(expected, name)
        if is_ != should:
            yield f": {name.replace('_', ' ')} is {is_!r}, not {should!r}"
    yield from _bags(map(str, found.indexes), map(str, expected.indexes))
    yield from _bags(map(str, found.keys), map(str, expected.keys))
    yield from _bags(found.checks, expected.checks)
    if names:
        yield from _bags(map(_named, found.indexes), map(_named, expected.indexes))


def _named(index: Index) -> str:
    return f"name {index.name or 'of its own'} for {index}, {', '.join(index.columns)}"


def _columns(found: Mapping[str, Column], expected: Mapping[str, Column]) -> Iterator[str]:
    for name in expected.keys() - found.keys():
        yield f".{name} is missing"
    for name in found.keys() - expected.keys():
        yield f".{name} should not be there"
    for name in sorted(found.keys() & expected.keys()):
        for aspect in fields(Column):
            is_ = getattr(found[name], aspect.name)
            should = getattr(expected[name], aspect.name)
            if is_ != should:
                yield f".{name}: {aspect.name} is {is_!r}, not {should!r}"


def _bags(found: Iterator[str] | list[str], expected: Iterator[str] | list[str]) -> Iterator[str]:
    has, wants = Counter(found), Counter(expected)
    for text in (wants - has).elements():
        yield f": {text} is missing"
    for text in (has - wants).elements():
        yield f": {text} should not be there"
