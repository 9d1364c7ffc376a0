"""The definition of a preset."""

from dataclasses import dataclass
from typing import Any

from tests.support.answers import Answer

Given = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Preset(Answer):
    """Answers that are proposed together."""

    proposes: tuple[tuple[Given, Given], ...]
    """Answers that are given besides the preset, and those that are then proposed."""
    no_words: str = "a preset proposes answers, no more"
