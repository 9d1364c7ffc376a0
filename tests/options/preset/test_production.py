"""A server for the rows, and keys for programs."""

from tests.options.conftest import MutatePreset
from tests.options.preset.common import Preset

ANSWER = Preset(
    name="preset/production",
    proposes=(({}, {"database": "postgres", "auth": ["jwt", "api_key"], "example": "notes"}),),
)


def test_each_condition_is_missed(mutate_preset: MutatePreset) -> None:
    mutate_preset(ANSWER)
