"""A workflow of GitHub Actions."""

import yaml

from tests.options.conftest import Mutate
from tests.support.answers import Answer
from tests.support.harness import Project
from tests.support.rendered import job


def the_workflow_checks(project: Project) -> None:
    """Check that each push installs, migrates and checks, pinned and read-only."""
    workflow = yaml.safe_load(project.text(".github/workflows/ci.yml"))
    steps = job(project)["steps"]
    commands = [step["run"] for step in steps if "run" in step]
    assert [command for command in commands if command.startswith("uv run just")] == [
        "uv run just setup",
        "uv run just migrate",
        "uv run just check",
    ]
    assert set(workflow[True]) == {"push", "pull_request"}  # YAML 1.1 reads `on` as true
    assert workflow["permissions"] == {"contents": "read"}
    assert "GitHub reads `.github/` at the root" in project.text("README.md")
    for step in steps:
        if "uses" in step:
            assert len(step["uses"].partition("@")[2]) == 40


ANSWER = Answer(
    name="ci/github", words=r"\.github|GitHub Actions|\bCI\b", reads=(the_workflow_checks,)
)


def test_each_mutation_breaks_a_promise(mutate: Mutate) -> None:
    mutate(ANSWER)
