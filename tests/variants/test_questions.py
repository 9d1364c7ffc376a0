"""Answers that the questions accept and refuse, and the messages of the refusals."""

import keyword
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import copier
import pytest
import yaml

from tests.conftest import Render
from tests.support import harness
from tests.support.harness import ROOT, Project, Service, questions

ASKED = ("project_name", "project_slug", "preset", "database", "auth", "example", "ci")

RENDERED_NAMES = {
    "it's": "it-s",
    "{{7*7}}": "my-service",
    "${{ x }}": "x",
    "$(id)": "id",
    "`id`": "id",
    "100% #1": "my-service",
    "../../x": "x",
    "class": "class-service",
    "fastapi": "fastapi-service",
    "test": "test-service",
    "mysql": "mysql-service",
    "日本": "my-service",
    "приложение": "my-service",
    "🦊": "my-service",
    "été": "t",
    "1abc": "abc",
    "-rf": "rf",
    "a__b": "a-b",
    "; rm -rf ~": "rm-rf",
    "x" * 60: "x" * 32,
}

REFUSED_NAMES = {
    'My "App"': "Write the name without",
    "back\\slash": "Write the name without",
    "": "Write a name, such as Order Service",
    "   ": "Write a name, such as Order Service",
    " padded ": "without space around it",
    "x" * 300: "at most 60 characters",
    "two\nlines": "without control",
    "nul\x00": "without control",
    "right\u202eleft": "without control, invisible and direction characters",
    "zero\u200bwidth": "without control, invisible and direction characters",
}

REFUSED_SLUGS = {
    "Upper": "lower-case letters",
    "under_score": "lower-case letters",
    "-dash": "lower-case letters",
    "two--dashes": "lower-case letters",
    "1abc": "lower-case letters",
    "été": "lower-case letters",
    "a\n": "lower-case letters",
    "": "lower-case letters",
    "a" * 41: "at most 40 characters",
    "class": "means something to Python",
    "postgres": "means something to Python, a database",
    "uvicorn": "means something to Python, a database or an installer",
}

REFUSED_TOGETHER: dict[str, tuple[dict[str, Any], str]] = {
    "an example without accounts": (
        {"auth": [], "example": "notes"},
        "belongs to accounts",
    ),
}


def test_these_questions_are_asked_and_no_others() -> None:
    asked = [name for name, body in questions().items() if body.get("when", True) is not False]

    assert sorted(asked) == sorted(ASKED)


def test_copier_yml_includes_the_questions_in_this_order() -> None:
    included = re.findall(r"!include template/options/(\w+)/question.yml", _copier_yml())

    assert included == [*ASKED]


@pytest.mark.parametrize("name", questions())
def test_every_question_has_a_default_and_no_condition(name: str) -> None:
    """A question behind `when` would lose its recorded answer on `copier update`."""
    body = questions()[name]

    assert "default" in body
    assert body.get("when", False) is False


@pytest.mark.parametrize("name", ASKED)
def test_every_question_explains_itself_in_one_line(name: str) -> None:
    assert 10 < len(questions()[name]["help"]) <= 100


@pytest.mark.parametrize("key", ["_tasks", "_jinja_extensions", "_external_data", "_migrations"])
def test_nothing_needs_trust(key: str) -> None:
    assert f"\n{key}:" not in _copier_yml()


@pytest.mark.parametrize(("name", "slug"), RENDERED_NAMES.items())
def test_an_odd_name_makes_a_plain_slug(name: str, slug: str, render: Render) -> None:
    project = render(project_name=name, preset="minimal")

    assert project.pyproject["project"]["name"] == slug
    assert project.pyproject["project"]["description"] == name
    assert not keyword.iskeyword(slug)


@pytest.mark.parametrize("name", RENDERED_NAMES)
def test_a_service_with_an_odd_name_is_valid_and_starts(name: str, render: Render) -> None:
    project = render(project_name=name, preset="minimal")
    service = Service(project, "sqlite")

    document = yaml.safe_load(service.cli("openapi").output)

    assert document["info"]["title"] == name
    _everything_parses(project)
    assert "# " + name in (project / "README.md").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(("name", "sentence"), REFUSED_NAMES.items())
def test_a_name_is_refused_in_one_sentence(
    name: str, sentence: str, template: Path, tmp_path: Path
) -> None:
    assert sentence in _refusal(template, tmp_path, project_name=name)


@pytest.mark.parametrize(("slug", "sentence"), REFUSED_SLUGS.items())
def test_a_slug_is_refused_in_one_sentence(
    slug: str, sentence: str, template: Path, tmp_path: Path
) -> None:
    assert sentence in _refusal(template, tmp_path, project_slug=slug)


@pytest.mark.parametrize("pair", REFUSED_TOGETHER)
def test_impossible_answers_are_refused_with_the_reason(
    pair: str, template: Path, tmp_path: Path
) -> None:
    answers, sentence = REFUSED_TOGETHER[pair]

    assert sentence in _refusal(template, tmp_path, **answers)


def test_the_refusals_are_made_by_the_validators(template: Path, tmp_path: Path) -> None:
    """Without its validator each question accepts what the tables above say it refuses."""
    copy = harness.snapshot(tmp_path / "template")
    for path in copy.glob("template/options/*/question.yml"):
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r"  validator: \|-\n(    .*\n)+", "", text), encoding="utf-8")

    harness.render(copy, tmp_path / "a", {"project_name": "right\u202eleft", "project_slug": "x"})
    harness.render(copy, tmp_path / "b", {"project_slug": "uvicorn"})
    harness.render(copy, tmp_path / "c", REFUSED_TOGETHER["an example without accounts"][0])


def test_a_refusal_leaves_nothing_behind(template: Path, tmp_path: Path) -> None:
    _refusal(template, tmp_path, project_name="two\nlines")

    assert not (tmp_path / "service").exists()


@pytest.mark.parametrize(
    ("preset", "answers"),
    {
        "minimal": {"database": "sqlite", "auth": [], "example": "none"},
        "starter": {"database": "sqlite", "auth": ["jwt"], "example": "notes"},
        "production": {"database": "postgres", "auth": ["jwt", "api_key"], "example": "notes"},
    }.items(),
)
def test_a_preset_sets_defaults(preset: str, answers: dict[str, Any], render: Render) -> None:
    recorded = _answers(render(preset=preset))

    assert answers.items() <= recorded.items()


def test_the_answers_hold_no_secret_and_no_derived_value(render: Render) -> None:
    assert set(_answers(render())) == {*ASKED, "_src_path"}


@pytest.mark.parametrize(
    ("answers", "present", "absent"),
    [
        ({}, "create-admin", "PostgreSQL"),
        ({"database": "postgres"}, "PostgreSQL is expected at 127.0.0.1:5432", "MySQL"),
        ({"preset": "minimal"}, "uv run just dev", "create-admin"),
    ],
    ids=["starter", "postgres", "minimal"],
)
def test_the_final_message_fits_the_answers(
    answers: dict[str, Any], present: str, absent: str, last_words: Callable[..., str]
) -> None:
    message = last_words(**answers)

    assert present in message
    assert absent not in message
    assert "uv run just setup" in message


@pytest.fixture
def last_words(
    template: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """Return the final message of Copier, for a folder whose name needs quotes."""

    def render_aloud(**answers: Any) -> str:  # noqa: ANN401
        folder = tmp_path / "it's here"
        copier.run_copy(str(template), folder, data=answers, defaults=True, quiet=False)
        return capsys.readouterr().err.split("To start it", 1)[1]

    return render_aloud


def _copier_yml() -> str:
    return (ROOT / "copier.yml").read_text(encoding="utf-8")


def _refusal(template: Path, folder: Path, **answers: Any) -> str:  # noqa: ANN401
    with pytest.raises(ValueError, match=r"Validation error|Invalid choice") as refused:
        harness.render(template, folder / "service", answers)
    sentence = str(refused.value).strip()
    assert "\n" not in sentence
    return sentence


def _everything_parses(project: Project) -> None:
    for name in project.files:
        text = (project / name).read_text(encoding="utf-8")
        if name.endswith(".py"):
            compile(text, name, "exec")
        if name.endswith((".yml", ".yaml")):
            yaml.safe_load(text)


def _answers(project: Project) -> dict[str, Any]:
    text = (project / ".copier-answers.yml").read_text(encoding="utf-8")
    answers: dict[str, Any] = yaml.safe_load(text)
    answers.pop("_commit", None)
    return answers
