"""Changed answers of an existing service: `copier update` with other ones."""

from pathlib import Path
from typing import Any

import copier
import pytest
import yaml

from tests.support import harness
from tests.support.harness import Project, run


def test_a_recorded_answer_is_refused_with_an_earlier_one_that_rules_it_out(
    template: Path, tmp_path: Path
) -> None:
    """Later answers are recorded when an earlier one changes, and must not be dropped silently."""
    project = _under_git(template, tmp_path)

    with pytest.raises(ValueError, match="say --data example=none too"):
        _update(project, auth=[])

    assert _answers(project)["example"] == "notes"


def test_both_answers_can_change_together(template: Path, tmp_path: Path) -> None:
    project = _under_git(template, tmp_path)

    _update(project, auth=[], example="none")

    assert _answers(project)["auth"] == []
    assert not (project / "app/accounts").exists()


def _under_git(template: Path, folder: Path) -> Project:
    """Render a service from a template under git, as `copier update` needs both."""
    repository = harness.snapshot(folder / "template")
    _commit(repository, tag="v1.0.0")
    copier.run_copy(str(repository), folder / "service", defaults=True, quiet=True)
    _commit(folder / "service")
    return Project(folder / "service")


def _commit(folder: Path, tag: str | None = None) -> None:
    environment = harness.clean_environment() | {
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_AUTHOR_NAME": "Owner",
        "GIT_AUTHOR_EMAIL": "owner@example.org",
        "GIT_COMMITTER_NAME": "Owner",
        "GIT_COMMITTER_EMAIL": "owner@example.org",
    }
    commands = [["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "Start"]]
    if tag:
        commands.append(["tag", tag])
    for command in commands:
        run(["git", *command], cwd=folder, environment=environment)


def _update(project: Project, **answers: Any) -> None:  # noqa: ANN401
    copier.run_update(
        project.path,
        data=answers,
        defaults=True,
        overwrite=True,
        quiet=True,
        vcs_ref=copier.VcsRef.CURRENT,
    )


def _answers(project: Project) -> dict[str, Any]:
    text = (project / ".copier-answers.yml").read_text(encoding="utf-8")
    answers: dict[str, Any] = yaml.safe_load(text)
    answers.pop("_commit", None)
    return answers
