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


def test_each_condition_is_missed(mutate_preset: MutatePreset) -> None:
    mutate_preset(ANSWER)
