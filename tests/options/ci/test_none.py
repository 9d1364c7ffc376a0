"""No CI."""

from tests.options.conftest import Mutate
from tests.support.answers import Answer
from tests.support.harness import Project


def no_workflow_is_there(project: Project) -> None:
    """Check that there is no file for any CI."""
    assert not [name for name in project.files if ".github" in name or ".gitlab" in name]


ANSWER = Answer(name="ci/none", no_words="it adds nothing", reads=(no_workflow_is_there,))


def test_each_mutation_breaks_a_promise(mutate: Mutate) -> None:
    mutate(ANSWER)
