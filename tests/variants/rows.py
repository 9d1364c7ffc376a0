"""The rows that `just cover` wrote, and others.

They are committed, so that runs can be repeated, and rows have names.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import Any

import yaml

from tests.support.databases import NAMES
from tests.support.harness import ROOT
from tests.variants.cover import FILE
from tests.variants.space import Answers, Space

PATIENCE = 500
"""Draws in a row without a new combination after which the space counts as exhausted."""

SPACE = Space.of(ROOT)


@dataclass(frozen=True)
class Row:
    """A combination with a name."""

    id: str
    answers: Answers

    @classmethod
    def of(cls, **given: Any) -> "Row":  # noqa: ANN401 - answers are of many types
        """Make a row of some answers and the defaults of the others.

        Raises:
            Refused: They are unknown, or not allowed together.
        """
        answers = SPACE.with_defaults(given)
        return cls(SPACE.name(answers), answers)

    def __str__(self) -> str:
        """Return the name."""
        return self.id

    @property
    def database(self) -> str:
        """The name of its database."""
        name: str = self.answers["database"]
        return name


def named(combinations: Iterable[Answers]) -> list[Row]:
    """Give each distinct combination its name."""
    rows = {SPACE.name(answers): answers for answers in combinations}
    return [Row(name, answers) for name, answers in rows.items()]


def committed(kind: str) -> list[Row]:
    """Read the rows that cover all `pairs` or all `triples`."""
    found = yaml.safe_load(FILE.read_text(encoding="utf-8"))[kind] or {}
    return [Row(name, answers) for name, answers in found.items()]


def drawn(seed: int, count: int) -> list[Row]:
    """Draw that many distinct valid combinations at random, or all if there are fewer."""
    random = Random(seed)  # noqa: S311 - rows are no secret
    rows: dict[str, Row] = {}
    in_vain = 0
    while len(rows) < count and in_vain < PATIENCE:
        answers = SPACE.complete({}, random) or {}
        row = Row(SPACE.name(answers), answers)
        in_vain = in_vain + 1 if row.id in rows else 0
        rows[row.id] = row
    return list(rows.values())


PAIRS = committed("pairs")
TRIPLES = committed("triples")
STATIC = list({row.id: row for row in [*TRIPLES, *named(SPACE.deviations()), *PAIRS]}.values())
"""The rows that are rendered and read; the pairs are also run."""

RUNNING = [Row.of(database=name, auth=[*SPACE.questions["auth"].choices]) for name in NAMES]
"""One service with every way to sign in for each database, for tests/service/running."""
