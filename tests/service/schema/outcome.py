"""The ways in which a case ends, and the table of many."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from tests.support.databases import NAMES

TOOLS = ("planner", "aerich", "tortoise")
HEAD = (
    "| tool | database | cases | right or rightly refused | silently wrong | loud failure |"
    " refused without need | seconds |\n|---|---|---|---|---|---|---|---|"
)


class Verdict(StrEnum):
    """The result of a case."""

    RIGHT = "right"
    REFUSED = "refused before harm"
    LOUD = "loud failure"
    WRONG = "silently wrong"
    BROKEN = "broken case"
    """The case itself is at fault: the trial says nothing about the tool."""


class End(Exception):  # noqa: N818 - no error
    """The end of a case, with its verdict."""

    def __init__(self, verdict: Verdict, *words: str) -> None:
        super().__init__(*words)
        self.verdict = verdict
        self.words = list(words)


@dataclass(frozen=True)
class Outcome:
    """The result of a case, with its reasons."""

    case: str
    database: str
    tool: str
    verdict: Verdict
    is_expected: bool
    words: list[str] = field(default_factory=list)
    seconds: float = 0
    proof: list[str] = field(default_factory=list)
    """Output of the service's `check`, where aerich's own tool was silently wrong."""

    def __str__(self) -> str:
        """Describe it in a line, and the reason in more if it was not expected."""
        mark = "ok " if self.is_expected else "NOT"
        head = f"{mark} {self.case} [{self.tool}, {self.database}]: {self.verdict}"
        words = [] if self.is_expected else self.words
        words = [*words[:12], *[f"check: {line}" for line in self.proof[:3]]]
        return "\n".join([head, *[f"      {line[:400]}" for line in words]])


def table(outcomes: Sequence[Outcome]) -> str:
    """Return the counts of each tool on each database, as Markdown."""
    rows = sorted({(outcome.tool, outcome.database) for outcome in outcomes}, key=_order)
    lines = [HEAD]
    for tool, database in rows:
        own = [item for item in outcomes if (item.tool, item.database) == (tool, database)]
        missed = Counter(item.verdict for item in own if not item.is_expected)
        figures = [
            len(own),
            len(own) - missed.total(),
            missed[Verdict.WRONG],
            missed[Verdict.LOUD] + missed[Verdict.BROKEN],
            missed[Verdict.REFUSED] + missed[Verdict.RIGHT],
            round(sum(item.seconds for item in own)),
        ]
        lines.append(f"| {tool} | {database} | {' | '.join(map(str, figures))} |")
    return "\n".join(lines)


def _order(row: tuple[str, str]) -> tuple[int, int]:
    return TOOLS.index(row[0]), NAMES.index(row[1])
