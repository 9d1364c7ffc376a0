"""Each answer of copier.yml has its promises, and no others are there."""

import re

from tests.support import harness
from tests.support.answers import answers
from tests.variants.rows import SPACE

TEXTS = {"project_name", "project_slug"}
"""Questions that take any text."""


def test_each_answer_has_promises() -> None:
    implied = {each for answer in answers().values() for each in answer.implies}
    choices = {
        f"{name}/{choice}"
        for name, question in SPACE.questions.items()
        for choice in question.choices
    }

    assert set(answers()) == choices | TEXTS | {each.name for each in implied}


def test_each_question_has_choices_or_takes_any_text() -> None:
    asked = {
        name for name, body in harness.questions().items() if body.get("when", True) is not False
    }

    assert asked == {*SPACE.questions, *TEXTS}


def test_a_preset_is_named_only_where_it_is_taken_away() -> None:
    """In another form a condition would not be found by the mutations."""
    for name, body in harness.questions().items():
        texts = [text for key, text in body.items() if isinstance(text, str) and key != "help"]
        for text in texts:
            known = re.findall(r"preset (?:==|!=) '\w+'", text)
            assert len(known) == len(re.findall(r"\bpreset\b", text)), name
