"""Structure of the template, and budgets of presets; test_static.py reads the rendered rows."""

import re
from pathlib import Path

import jinja2
import pytest
import yaml
from pathspec import PathSpec

from tests.conftest import RecordFigure, Render
from tests.support.harness import ROOT, questions
from tests.variants import checks
from tests.variants.closure import closure
from tests.variants.rows import PAIRS, SPACE
from tools import page_policies

PROJECT = ROOT / "template/project"
OPTIONS = ROOT / "template/options"

BUDGETS = {
    "minimal": {"files": 102, "app": 3150, "tests": 1050},
    "starter": {"files": 166, "app": 5660, "tests": 2760},
    "production": {"files": 175, "app": 6100, "tests": 2960},
}
FIRST_READ = ("main.py", "parts.py", "config.py", "accounts/models.py", "accounts/routes", "notes")


@pytest.mark.parametrize("preset", BUDGETS)
def test_a_preset_stays_within_its_budget(
    preset: str, render: Render, record_figure: RecordFigure
) -> None:
    project = render(preset=preset)

    sizes = {
        "files": len(project.files),
        "app": project.lines("app"),
        "tests": project.lines("tests"),
    }

    record_figure(f"{preset}: {sizes} of {BUDGETS[preset]}")
    assert {name: size for name, size in sizes.items() if size > BUDGETS[preset][name]} == {}


def test_what_an_owner_reads_first_is_small(render: Render) -> None:
    project = render(preset="starter")

    assert sum(project.lines(f"app/{name}") for name in FIRST_READ) <= 1400


@pytest.mark.parametrize("preset", BUDGETS)
def test_the_guide_to_changing_the_code_is_short(preset: str, render: Render) -> None:
    assert len(render(preset=preset).text("AGENTS.md").splitlines()) <= 60


def test_a_question_excludes_few_paths() -> None:
    """A part is a folder, so that few patterns name what an answer does without."""
    question = (OPTIONS / "auth/question.yml").read_text(encoding="utf-8")

    assert len(re.findall(r"^ +/", question, re.MULTILINE)) <= 16


@pytest.mark.parametrize(
    ("auth", "modules", "lines"),
    [(["jwt"], 20, 1300), (["jwt", "session", "api_key"], 26, 1780)],
    ids=["jwt", "all"],
)
def test_a_route_is_understood_after_few_modules(
    auth: list[str], modules: int, lines: int, render: Render, record_figure: RecordFigure
) -> None:
    project = render(auth=auth, example="notes")

    found = closure(project.path, "app.notes.api")

    record_figure(
        f"app.notes.api reaches {len(found)} modules, {sum(found.values())} lines with {auth}"
    )
    assert len(found) <= modules, sorted(found)
    assert sum(found.values()) <= lines


def test_two_renders_are_the_same(template: Path, tmp_path: Path) -> None:
    """A date or a random value in a file would be a conflict in every update."""
    from tests.support.harness import render as render_anew  # noqa: PLC0415 - the fixture has the name

    first, second = (render_anew(template, tmp_path / name / "s", {}) for name in "ab")

    assert {name: first.text(name) for name in first.files} == {
        name: second.text(name) for name in second.files
    }


def test_every_template_file_compiles() -> None:
    environment = jinja2.Environment(autoescape=False)  # noqa: S701 - it makes no HTML
    for path in PROJECT.rglob("*.jinja"):
        environment.parse(path.read_text(encoding="utf-8"))


def test_a_file_is_a_template_only_if_an_answer_matters() -> None:
    plain = [path for path in PROJECT.rglob("*.jinja") if not re.search("{{|{%", path.read_text())]

    assert [path.name for path in plain if path.name != ".gitignore.jinja"] == []


def test_conditions_are_one_level_deep() -> None:
    for path in PROJECT.rglob("*.jinja"):
        depth = 0
        for tag in re.findall(r"{%-?\s*(if|endif)\b", path.read_text(encoding="utf-8")):
            depth += 1 if tag == "if" else -1
            assert depth <= 1, path


def test_every_excluded_path_exists() -> None:
    rendered = {
        "/" + str(path.relative_to(PROJECT)).removesuffix(".jinja") for path in PROJECT.rglob("*")
    }
    for path in OPTIONS.glob("*/question.yml"):
        rows = yaml.safe_load(path.read_text(encoding="utf-8")).get("_exclude", [])
        for name in re.findall(r"(?<![\w.*])/[\w.*][\w./*-]*", "\n".join(rows)):
            pattern = PathSpec.from_lines("gitignore", [name])
            assert any(map(pattern.match_file, rendered)), f"{path}: {name}"


def test_every_fragment_is_pulled_in() -> None:
    """Each file of an answer is named, or looped over, by a shared file or a question."""
    sources = [*PROJECT.rglob("*.jinja"), ROOT / "copier.yml"]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    for path in OPTIONS.rglob("*"):
        if path.is_file() and path.suffix != ".yml":
            assert path.name in text, path


@pytest.mark.parametrize("path", page_policies.PAGES, ids=lambda path: path.name)
def test_a_page_names_the_script_and_the_style_that_it_has(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert page_policies.with_hashes(text) == text
    for kind in ("script", "style"):
        changed = text.replace(f"</{kind}>", f" </{kind}>")
        assert page_policies.with_hashes(changed) != changed or changed == text


def test_no_gitignore_of_the_service_hides_files_of_the_template() -> None:
    assert [path.name for path in PROJECT.rglob(".gitignore")] == []


def test_no_python_file_but_a_few_holds_a_condition() -> None:
    """A condition in Python means that a whole file or a value was missed."""
    conditional = {
        str(path.relative_to(PROJECT))
        for path in PROJECT.rglob("*.py.jinja")
        if "{% if" in path.read_text(encoding="utf-8")
    }

    assert conditional <= {
        "app/accounts/api.py.jinja",
        "app/accounts/commands.py.jinja",
        "app/accounts/__init__.py.jinja",
        "app/accounts/authentication/__init__.py.jinja",
        "app/accounts/routes/registration.py.jinja",
        "app/cli.py.jinja",
        "app/main.py.jinja",
        "app/seed.py.jinja",
        "tests/conftest.py.jinja",
        "tests/factories.py.jinja",
    }


def test_no_dependency_can_be_a_slug(render: Render) -> None:
    """A package cannot depend on itself."""
    needed = set()
    for row in PAIRS:
        pyproject = render(**SPACE.non_defaults(row.answers)).pyproject
        needed |= checks.names(pyproject["project"]["dependencies"])
        needed |= checks.names(pyproject["dependency-groups"]["dev"])

    assert needed <= set(yaml.safe_load(questions()["reserved_slugs"]["default"]))


def test_answers_are_named_after_folders() -> None:
    """The CI is an exception: it is a file of its own and adds to no other."""
    for name in ("database", "auth", "example"):
        choices = questions()[name]["choices"]
        answers = set(choices.values() if isinstance(choices, dict) else choices) - {"none"}

        assert answers <= {path.name for path in (OPTIONS / name).iterdir()}, name
