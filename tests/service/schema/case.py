"""A change of models as data: what is edited, and what must become of tables and rows."""

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
    """What the owner says beside the models; only a planner can be told."""

    columns: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, str] = field(default_factory=dict)
    fills: Mapping[str, str] = field(default_factory=dict)
    """SQL; a text or a number is told by `--fill`, as a person writes it."""


@dataclass(frozen=True)
class Case:
    """A change, and what a tool must make of it."""

    name: str
    edits: Edits
    before: Edits = ()
    """What the models have beside the usual before the change."""
    options: Options = Options()
    cells: Cells = field(default_factory=dict)
    rows: tuple[Row, ...] = ()
    """Rows beside the usual ones."""
    is_empty: bool = False
    """Return whether the tables have no rows at all."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """What the columns hold after the change where that is not what they held before."""
    primary_keys: Mapping[str, Mapping[Any, Any]] = field(default_factory=dict)
    """What becomes of the primary keys of a table where they change."""
    undone: Mapping[str, Any] = field(default_factory=dict)
    """What they hold after its undo where that is not what they held at first."""
    refused: Mapping[str, Words] = field(default_factory=dict)
    """The databases on which the rows forbid the change, and what the sentence must say."""
    may_refuse: tuple[str, ...] = ()
    """The databases on which a refusal is as good as the values above."""
    later: tuple[Row, ...] = ()
    """Rows that come in between the change and its undo."""
    fresh: Mapping[str, Any] = field(default_factory=dict)
    """What columns hold in such rows where these do not say."""
    undo_refused: Mapping[str, Words] = field(default_factory=dict)
    """The databases on which the rows forbid the undo, and what the sentence must say."""
    undo_may_refuse: bool = False
    """Return whether a refusal is as good: what is gone cannot be invented."""
    only: tuple[str, ...] = NAMES
    reason: str = ""
    """Why it is tried on some databases only."""

    def __post_init__(self) -> None:
        if self.only != NAMES and not self.reason:
            raise ValueError(f"{self.name!r} leaves databases out without a reason")


def all_but(*names: str) -> tuple[str, ...]:
    """Return the databases without some."""
    return tuple(name for name in NAMES if name not in names)


def everywhere(*words: str) -> dict[str, Words]:
    """Expect the same words on every database."""
    return dict.fromkeys(NAMES, words)
