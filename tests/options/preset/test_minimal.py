"""The least: no accounts."""

from tests.options.conftest import MutatePreset
from tests.options.preset.common import Preset

ANSWER = Preset(
    name="preset/minimal",
    proposes=(
        ({}, {"database": "sqlite", "auth": [], "example": "none"}),
        ({"auth": ["jwt"]}, {"example": "none"}),
    ),
)


def test_each_missing_condition_breaks_a_promise(mutate_preset: MutatePreset) -> None:
    mutate_preset(ANSWER)
