"""Rows that cover every valid pair, or triple, of settings; `just cover` writes them down.

A row is grown from a tuple that is still missing, setting by setting, each time to the value
that covers most, and never to one that no valid combination contains. Of several
such rows the best is kept. A filter on the rows of an ordinary pairwise generator
would leave holes where a refusal removes the only row with a valid pair.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, product
from pathlib import Path
from random import Random

import yaml

from tests.variants.space import PRESET, Answers, Setting, Settings, Space

ROOT = Path(__file__).parents[2]
FILE = Path(__file__).with_name("rows.yml")
SEED = 1
EXHAUSTIVE = (("auth",), ("database", "example"))
"""Questions of which every valid combination is run: they decide first migrations and sign-in."""

CANDIDATES = 12
SAMPLES = 500
Group = frozenset[Setting]


def groups(settings: Settings, strength: int) -> set[Group]:
    """Return the pairs (2) or triples (3) that a combination covers."""
    return {frozenset(some) for some in combinations(settings.items(), strength)}


def wanted(space: Space, strength: int) -> set[Group]:
    """Return every pair or triple that some valid combination has."""
    random = Random(0)  # noqa: S311 - it only finds out faster what is possible
    found: set[Group] = set()
    for _ in range(SAMPLES):
        if answers := space.complete({}, random):
            found |= groups(space.settings(answers), strength)
    for names in combinations(space.factors, strength):
        for values in product(*(space.factors[name] for name in names)):
            settings = dict(zip(names, values, strict=True))
            group = frozenset(settings.items())
            if group not in found and (answers := space.complete(settings, random)):
                found |= groups(space.settings(answers), strength)
    return found


def uncovered(space: Space, rows: Iterable[Answers], strength: int) -> set[Group]:
    """Return the pairs or triples that no row covers."""
    found = wanted(space, strength)
    for answers in rows:
        found -= groups(space.settings(answers), strength)
    return found


def cover(
    space: Space, strength: int, *, seed: int, exhaustive: Iterable[Sequence[str]] = ()
) -> list[Answers]:
    """Return rows that cover every pair or triple; the same seed gives the same rows.

    Args:
        space: The valid combinations.
        strength: 2 for pairs, 3 for triples.
        seed: The seed of the random choices.
        exhaustive: Groups of questions of which every valid combination of answers is in a row.
    """
    random = Random(seed)  # noqa: S311 - rows are no secret
    left = wanted(space, strength)
    rows: list[Answers] = []

    def grown(start: Settings) -> Answers | None:
        return _grow(space, start, left, strength, random)

    def keep(row: Answers) -> None:
        rows.append(row)
        left.difference_update(groups(space.settings(row), strength))

    for start in starts(space, exhaustive):
        is_there = any(start.items() <= space.settings(row).items() for row in rows)
        if not is_there and (row := grown(start)):
            keep(row)
    while left:
        some = random.sample(sorted(left, key=sorted), min(CANDIDATES, len(left)))
        candidates = filter(None, (grown(dict(start)) for start in some))
        keep(max(candidates, key=lambda row: len(left & groups(space.settings(row), strength))))
    return rows


def starts(space: Space, exhaustive: Iterable[Sequence[str]]) -> Iterator[Settings]:
    """Yield the settings of each valid combination of the answers to each group of questions.

    The presets come first, as they are: most services begin as one of them.
    """
    presets = space.questions[PRESET].choices if PRESET in space.questions else ()
    for preset in presets if exhaustive else ():
        yield space.settings(space.with_defaults({PRESET: preset}))
    for names in exhaustive:
        questions = [space.questions[name] for name in names]
        for answers in product(*(question.answers for question in questions)):
            settings: dict[str, str | bool] = {}
            for question, answer in zip(questions, answers, strict=True):
                settings |= question.settings_of(answer)
            if space.allows(settings):
                yield settings


def _grow(
    space: Space, start: Settings, left: set[Group], strength: int, random: Random
) -> Answers | None:
    """Complete some settings to a row that covers many of the groups left; None if impossible."""
    settings = dict(start)
    names = [name for name in space.factors if name not in settings]
    random.shuffle(names)
    row = space.complete(settings, random)
    for name in names if row else ():
        beside = [*combinations(settings.items(), strength - 1)]
        values = random.sample(space.factors[name], len(space.factors[name]))
        gains = {
            value: sum(frozenset((*some, (name, value))) in left for some in beside)
            for value in values
        }
        for value in sorted(values, key=gains.__getitem__, reverse=True):
            if row := space.complete({**settings, name: value}, random):
                settings[name] = value
                break
    return row


def main() -> None:
    """Write rows.yml; after a new question or answer most rows change."""
    space = Space.of(ROOT)
    lines = ["# Written by `just cover`.", ""]
    for kind, strength, exhaustive in (("pairs", 2, EXHAUSTIVE), ("triples", 3, ())):
        lines.append(f"{kind}:")
        found = {
            space.name(row): row for row in cover(space, strength, seed=SEED, exhaustive=exhaustive)
        }
        for name, row in sorted(found.items()):
            body = yaml.safe_dump(row, default_flow_style=True, sort_keys=False, width=999)
            lines.append(f"  {name}: {body.strip()}")
        lines.append("")
        print(f"{kind}: {len(found)} rows")
    FILE.write_text("\n".join(lines[:-1]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
