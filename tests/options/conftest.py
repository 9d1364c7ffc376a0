"""Fixtures that check whether promises detect mutations."""

from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.conftest import RecordFigure, require_server
from tests.options.preset.common import Preset
from tests.support import harness
from tests.support.answers import Answer
from tests.support.mutations import (
    ServicePair,
    broken_promise,
    proposes,
    survivors,
    with_and_without,
    without_preset,
)
from tests.variants.rows import SPACE


class Mutate(Protocol):
    """The function that `mutate` offers."""

    def __call__(self, answer: Answer, *, on: Any = None, off: Any = None) -> None:  # noqa: ANN401
        """Check that each mutation of the answer breaks a promise."""


class MutatePreset(Protocol):
    """The function that `mutate_preset` offers."""

    def __call__(self, answer: Preset) -> None:
        """Check that the preset proposes other answers without any one of its conditions."""


@pytest.fixture
def mutate(template: Path, tmp_path: Path, record_figure: RecordFigure) -> Mutate:
    """Offer a function that removes what an answer adds, piece by piece: a promise must break.

    `on` and `off` are the answers given; without them the services differ in the answer alone, and
    are as near to the defaults as can be.
    """

    def mutated(answer: Answer, *, on: Any = None, off: Any = None) -> None:  # noqa: ANN401
        given = (on, off) if on else with_and_without(answer.name)
        choices = {name: value for name, value in given[0].items() if name in SPACE.questions}
        require_server(SPACE.with_defaults(choices)["database"])
        slug = {} if answer.name == "project_slug" else {"project_slug": harness.new_slug("mut")}
        pair = ServicePair(
            answer,
            harness.render(template, tmp_path / "on", slug | given[0]),
            harness.render(template, tmp_path / "off", slug | given[1]),
        )
        assert broken_promise(answer, pair.on) == ""
        tried = list(survivors(pair, tmp_path))
        unnoticed = [mutation.label for mutation, survived in tried if survived]

        assert tried
        assert not unnoticed, "\n".join(unnoticed)
        record_figure(f"mutations: {answer.name}: {len(tried)} mutations detected")

    return mutated


@pytest.fixture
def mutate_preset(template: Path, tmp_path: Path, record_figure: RecordFigure) -> MutatePreset:
    """Offer a function that removes each condition of a preset: its proposals must change."""

    def mutated(answer: Preset) -> None:
        preset = answer.name.partition("/")[2]
        assert proposes(template, tmp_path / "whole", preset, answer.proposes)
        copies = list(without_preset(template, tmp_path, preset))
        unnoticed = [
            what
            for what, copy in copies
            if proposes(copy, copy.with_suffix(".x"), preset, answer.proposes)
        ]

        assert copies
        assert unnoticed == []
        record_figure(f"mutations: {answer.name}: {len(copies)} mutations detected")

    return mutated
