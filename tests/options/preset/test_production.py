"""A server for the rows, and keys for programs."""

from tests.options.conftest import MutatePreset
from tests.options.preset.common import Preset

ANSWER = Preset(
    name="preset/production",
    proposes=(({}, {"database": "postgres", "auth": ["jwt", "api_key"], "example": "notes"}),),
)


def test_each_missing_condition_breaks_a_promise(mutate_preset: MutatePreset) -> None:
    mutate_preset(ANSWER)
