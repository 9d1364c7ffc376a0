"""Rows that cover every valid pair, or triple, of settings.

A row is grown from a tuple that is still missing, setting by setting, each time to the value
that covers most, and never to one that no valid combination completes. Of several
such rows the best is kept. A filter on the rows of an ordinary pairwise generator
would leave holes where a refusal removes the only row with a valid pair.
"""

from collections.abc import Iterable
from itertools import combinations, product
from random import Random

from tests.matrix.space import Answers, Setting, Settings, Space

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


def missing(space: Space, rows: Iterable[Answers], strength: int) -> set[Group]:
    """Return the pairs or triples that no row covers."""
    found = wanted(space, strength)
    for answers in rows:
        found -= groups(space.settings(answers), strength)
    return found


def cover(space: Space, strength: int, *, seed: int, whole: Iterable[str] = ()) -> list[Answers]:
    """Return rows that cover every pair or triple; the same seed gives the same rows.

    Args:
        space: The valid combinations.
        strength: 2 for pairs, 3 for triples.
        seed: Of the random choices.
        whole: Questions of which every valid answer, such as each set of entries, is in a row.
    """
    random = Random(seed)  # noqa: S311 - rows are no secret
    left = wanted(space, strength)
    rows: list[Answers] = []

    def grown(start: Settings) -> Answers | None:
        return _grow(space, start, left, strength, random)

    def keep(row: Answers) -> None:
        rows.append(row)
        left.difference_update(groups(space.settings(row), strength))

    for question in (space.questions[name] for name in whole):
        for answer in question.answers:
            if row := grown(question.settings_of(answer)):
                keep(row)
    while left:
        starts = random.sample(sorted(left, key=sorted), min(CANDIDATES, len(left)))
        candidates = filter(None, (grown(dict(start)) for start in starts))
        keep(max(candidates, key=lambda row: len(left & groups(space.settings(row), strength))))
    return rows


def _grow(
    space: Space, start: Settings, left: set[Group], strength: int, random: Random
) -> Answers | None:
    """Complete some settings to a row that covers much of what is left, or say that none does."""
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
