"""No example."""

from tests.options.conftest import Mutate
from tests.support.answers import Answer
from tests.support.harness import Project
from tests.variants import checks


def nothing_is_left_of_an_example(project: Project) -> None:
    """Check that there is no part of an example, and no name that nothing uses."""
    parts = {path.name for path in (project / "app").iterdir() if path.is_dir()}
    assert parts - {"__pycache__"} <= {"accounts", "database", "web"}
    assert [*checks.is_formatted(project)] == []


ANSWER = Answer(
    name="example/none", no_words="it adds nothing", reads=(nothing_is_left_of_an_example,)
)


def test_each_mutation_breaks_a_promise(mutate: Mutate) -> None:
    mutate(ANSWER)
