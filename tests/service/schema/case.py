"""A change of models as data: its edits, and the expected tables and rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.service.schema.models import Edits
from tests.service.schema.rows import Cells, Row
from tests.support.databases import NAMES

Words = tuple[str, ...]
"""Words that a sentence must contain, in any order."""


@dataclass(frozen=True)
class Options:
    """Options of the owner's command; only a planner accepts them."""

    columns: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, str] = field(default_factory=dict)
    fills: Mapping[str, str] = field(default_factory=dict)
    """SQL; a text or a number is passed by `--fill`, as a person writes it."""


@dataclass(frozen=True)
class Case:
    """A change, and the expected result of a tool."""

    name: str
    edits: Edits
    before: Edits = ()
    """Edits of the usual models before the change."""
    options: Options = Options()
    cells: Cells = field(default_factory=dict)
    rows: tuple[Row, ...] = ()
    """Rows beside the usual ones."""
    is_empty: bool = False
    """Marks a case whose tables have no rows at all."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """Values of columns after the change, where they differ from those before it."""
    primary_keys: Mapping[str, Mapping[Any, Any]] = field(default_factory=dict)
    """New primary keys of a table by the old ones, where they change."""
    undone: Mapping[str, Any] = field(default_factory=dict)
    """Values of columns after the undo, where they differ from those at first."""
    refused: Mapping[str, Words] = field(default_factory=dict)
    """The databases on which the rows forbid the change, and the words of the message."""
    may_refuse: tuple[str, ...] = ()
    """The databases on which a refusal is as acceptable as the values above."""
    later: tuple[Row, ...] = ()
    """Rows that are inserted between the change and its undo."""
    fresh: Mapping[str, Any] = field(default_factory=dict)
    """Expected values of columns that such rows leave out."""
    undo_refused: Mapping[str, Words] = field(default_factory=dict)
    """The databases on which the rows forbid the undo, and the words of the message."""
    undo_may_refuse: bool = False
    """Marks an undo that may be refused too: dropped values cannot be restored."""
    only: tuple[str, ...] = NAMES
    reason: str = ""
    """The reason why it is tried on some databases only."""

    def __post_init__(self) -> None:
        if self.only != NAMES and not self.reason:
            raise ValueError(f"{self.name!r} leaves databases out without a reason")


def all_but(*names: str) -> tuple[str, ...]:
    """Return all databases except some."""
    return tuple(name for name in NAMES if name not in names)


def everywhere(*words: str) -> dict[str, Words]:
    """Expect the same words on every database."""
    return dict.fromkeys(NAMES, words)
