"""The answers to the questions, each with its promises: found in the modules of tests/options."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from tests.support.harness import ROOT, Project
from tests.support.live import Live
from tests.variants.rows import SPACE

ReadPromise = Callable[[Project], None]
UsePromise = Callable[[Live], None]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer, and the promises of a service that has it."""

    name: str
    """`question/answer`, or a question that takes any text."""
    words: str = ""
    """A regular expression for text that only a service with it may contain, in files or names."""
    no_words: str = ""
    """The reason why there is no such expression, if there is none."""
    reads: tuple[ReadPromise, ...] = ()
    """Checks of the files of a service with it."""
    uses: tuple[UsePromise, ...] = ()
    """Checks of a running service with it."""
    implies: tuple["Answer", ...] = ()
    """Answers that follow from it, perhaps from others too."""


@cache
def answers() -> dict[str, Answer]:
    """Return all answers by name, with those that they imply."""
    found: dict[str, Answer] = {}
    options = ROOT / "tests/options"
    for path in sorted(options.rglob("test_*.py")):
        module = import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        if answer := getattr(module, "ANSWER", None):
            found |= {each.name: each for each in (answer, *answer.implies)}
    return found


def chosen(given: Mapping[str, Any]) -> set[str]:
    """Return the answers of a service as `question/answer`, and what they imply."""
    found: set[str] = set()
    for name, question in SPACE.questions.items():
        values = given[name] if question.takes_several else [given[name]]
        found |= {f"{name}/{value}" for value in values}
    return found | {each.name for name in found for each in answers()[name].implies}
