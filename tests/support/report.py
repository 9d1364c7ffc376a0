"""The summary at the end of a run: rows, pairs, triples, branches and minutes.

Tests put their figures into the properties of their reports, which reach the process
that pytest was started in, whichever process ran them.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from statistics import mean
from typing import Any

import pytest

from tests.variants.branches import Branch, all_branches
from tests.variants.rows import PAIRS

CORES = 2
TIERS = {
    "variants/test_rows": "rows",
    "variants": "static",
    "updates": "updates",
    "options": "mutations",
    "service/schema": "schema",
    "service": "service",
}
"""The parts of a run by the prefix of their modules; the first that matches counts."""
LIMITS = {
    "row read": 1.0,
    "static": 5,
    "rows": 12,
    "mutations": 4,
    "schema": 6,
    "rest": 10,
    "all": 17,
}

NOT_RENDERED = {
    r" (project_name|project_slug|database|auth|example)\.validator:\d+ (if|elif)": (
        "a refused answer writes no service; test_questions.py shows each refusal"
    ),
    r"project_slug\.default:\d+ value (if|else)": (
        "rows have names of their own; test_questions.py shows which name makes which slug"
    ),
}
"""Patterns of branches that no row needs to render, and why."""


def is_excepted(branch: Branch) -> bool:
    """Return whether no row needs to render it."""
    return any(re.search(pattern, str(branch)) for pattern in NOT_RENDERED)


class Report:
    """The figures of one run."""

    def __init__(self, reports: Iterable[pytest.TestReport]) -> None:
        """Collect them from the reports of all tests."""
        self.figures: set[str] = set()
        self.seconds: dict[str, float] = defaultdict(float)
        self.values: dict[str, list[Any]] = defaultdict(list)
        for report in reports:
            self.seconds[_tier(report.nodeid)] += report.duration
            if report.when != "call":
                continue
            for name, value in report.user_properties:
                if name == "figure":
                    self.figures.add(str(value))
                elif report.passed:
                    self.values[name].append(value)

    @property
    def branches(self) -> set[Branch]:
        """The branches of the rows that did all that their owner does."""
        return {Branch(*branch) for branches in self.values["branches"] for branch in branches}

    @property
    def missed(self) -> list[Branch]:
        """The branches that no row rendered, if all pairs were run; otherwise none."""
        if not {str(row) for row in PAIRS} <= {row[0] for row in self.values["row"]}:
            return []
        return sorted(
            branch for branch in all_branches() - self.branches if not is_excepted(branch)
        )

    def lines(self) -> Iterator[str]:
        """Yield the lines of the summary."""
        yield from sorted(self.figures)
        planned: Mapping[str, int] = next(iter(self.values["planned"]), {})
        yield from self._static(planned)
        yield from self._real(planned)
        yield from self._table()
        for tier, seconds in sorted(self.seconds.items()):
            limit = f" (limit {LIMITS[tier]})" if tier in LIMITS else ""
            yield f"{tier}: {seconds / CORES / 60:.1f} minutes on {CORES} cores{limit}"
        total = sum(self.seconds.values()) / CORES / 60
        yield f"all: {total:.1f} minutes on {CORES} cores (limit {LIMITS['all']})"

    def _static(self, planned: Mapping[str, int]) -> Iterator[str]:
        if not (costs := self.values["static"]):
            return
        yield (
            f"static: {len(costs)} rows read, {mean(costs):.2f} s CPU each on average,"
            f" {max(costs):.2f} at most (limit {LIMITS['row read']})"
        )
        if planned and (types := self.values["typed"]):
            seconds = mean(costs) * planned["static"] + mean(types) * planned["pairs"]
            yield (
                f"static with every planned option: {planned['static']} rows, and types of"
                f" {planned['pairs']}: {seconds / CORES / 60:.1f} minutes on {CORES} cores"
                f" (limit {LIMITS['static']}, with all else that is static)"
            )

    def _real(self, planned: Mapping[str, int]) -> Iterator[str]:
        if not (rows := self.values["row"]):
            return
        rest = [row[2] for row in rows]
        whole = mean(row[1] + row[2] for row in rows)
        yield (
            f"rows: {len(rows)} rows run, {whole:.1f} s each on average; beyond"
            f" its own check {mean(rest):.1f} s on average, {max(rest):.1f} at most"
            f" (limit {LIMITS['rest']})"
        )
        if planned:
            yield (
                f"rows with every planned option: {planned['pairs']} rows:"
                f" {whole * planned['pairs'] / CORES / 60:.1f} minutes on {CORES} cores"
                f" (limit {LIMITS['rows']})"
            )

    def _table(self) -> Iterator[str]:
        if not self.values["branches"]:
            return
        wanted = [branch for branch in all_branches() if not is_excepted(branch)]
        rendered = self.branches
        by_file: dict[str, list[bool]] = defaultdict(list)
        for branch in wanted:
            by_file[re.sub(r"\.yml .*", ".yml", branch.path)].append(branch in rendered)
        yield "branches of the templates, rendered by a row that then did all that its owner does:"
        for path, found in sorted(by_file.items()):
            yield f"  {sum(found):3} of {len(found):3}  {path}"
        excepted = len(all_branches()) - len(wanted)
        yield f"  {len(rendered & {*wanted})} of {len(wanted)} in all; {excepted} excepted:"
        for pattern, reason in NOT_RENDERED.items():
            count = sum(bool(re.search(pattern, str(branch))) for branch in all_branches())
            yield f"  {count:3} {pattern}: {reason}"
        if not_run := {str(row) for row in PAIRS} - {row[0] for row in self.values["row"]}:
            yield f"  not judged, since {len(not_run)} rows of the pairs were not run"
        for branch in self.missed:
            yield f"  MISSED {branch}"


def _tier(nodeid: str) -> str:
    path = nodeid.removeprefix("tests/")
    return next(tier for beginning, tier in TIERS.items() if path.startswith(beginning))
