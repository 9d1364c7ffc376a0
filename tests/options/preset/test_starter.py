"""The default: accounts, and an example to learn from."""

from tests.options.conftest import MutatePreset
from tests.options.preset.common import Preset

ANSWER = Preset(
    name="preset/starter",
    proposes=(
        ({}, {"preset": "starter", "database": "sqlite", "auth": ["jwt"], "example": "notes"}),
        ({"auth": []}, {"example": "none"}),
    ),
)


def test_each_missing_condition_breaks_a_promise(mutate_preset: MutatePreset) -> None:
    mutate_preset(ANSWER)
