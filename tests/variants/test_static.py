"""Static checks of every triple of answers, and of each preset with one answer changed."""

import os
import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import Render
from tests.support import harness
from tests.support.answers import answers, chosen
from tests.support.harness import ROOT, Project
from tests.variants import checks
from tests.variants.rows import PAIRS, SPACE, Row

Damage = Callable[[Project], None]


def test_a_rendered_service_is_as_if_written_by_hand(
    static_row: Row, template: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with _cpu_seconds() as spent:
        project = harness.render(
            template, tmp_path / "service", SPACE.non_defaults(static_row.answers)
        )
        complaints = checks.complaints(project)

    recorded = {name: project.answers[name] for name in static_row.answers}
    assert recorded == static_row.answers
    assert not complaints, "\n".join(complaints)
    request.node.user_properties.append(("static", spent[0]))


def test_types_are_strict(typed_row: Row, render: Render, request: pytest.FixtureRequest) -> None:
    """The settings are those of the service; mypy keeps its cache of the libraries."""
    project = render(**SPACE.non_defaults(typed_row.answers))
    cache = ROOT / ".cache/mypy" / os.environ.get("PYTEST_XDIST_WORKER", "main")
    command = [sys.executable, "-m", "mypy", "--cache-dir", str(cache)]

    with _cpu_seconds() as spent:
        done = subprocess.run(
            command, cwd=project.path, capture_output=True, text=True, check=False
        )

    assert done.returncode == 0, done.stdout + done.stderr
    assert project.pyproject["tool"]["mypy"]["strict"] is True
    request.node.user_properties.append(("typed", spent[0]))


def test_each_answer_has_words_that_only_it_may_bring_or_a_reason_why_not() -> None:
    odd = [name for name, each in answers().items() if bool(each.words) == bool(each.no_words)]

    assert odd == []


@pytest.mark.parametrize("answer", [name for name, each in answers().items() if each.words])
def test_the_pattern_of_an_answer_is_found_where_it_is_chosen(answer: str, render: Render) -> None:
    """An outdated pattern would never be noticed."""
    row = next(row for row in PAIRS if answer in chosen(row.answers))
    project = render(**SPACE.non_defaults(row.answers))
    pattern = re.compile(answers()[answer].words, re.IGNORECASE)

    found = [name for name in project.files if pattern.search(f"{name}\n{project.text(name)}")]

    assert set(found) - {checks.ANSWERS_FILE}


def _add(name: str, text: str) -> Damage:
    def damage(project: Project) -> None:
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(text)

    return damage


def _change(name: str, old: str, new: str) -> Damage:
    def damage(project: Project) -> None:
        text = project.text(name)
        assert old in text
        (project / name).write_text(text.replace(old, new), encoding="utf-8")

    return damage


DAMAGES: dict[str, tuple[Damage, str]] = {
    "Python": (_add("app/main.py", "def (:\n"), "app/main.py does not parse"),
    "TOML": (_add("pyproject.toml", "a = = b\n"), "pyproject.toml does not parse"),
    "YAML": (_add(".github/workflows/ci.yml", "a: b: c\n"), "ci.yml does not parse"),
    "JSON": (_add("data.json", "{\n"), "data.json does not parse"),
    "a shell script": (_add("deploy.sh", "if true\n"), "deploy.sh does not parse"),
    "a script without a suffix": (_add("run", "#!/bin/sh\nfi\n"), "run does not parse"),
    "shell in a workflow": (
        _change(".github/workflows/ci.yml", "uv run just check", "if true"),
        "ci.yml does not parse",
    ),
    "the justfile": (_add("justfile", "\nrecipe: nowhere\n"), "justfile does not parse"),
    "a value that is left over": (_add("README.md", "{{ name }}\n"), "README.md holds {{"),
    "a tag that is left over": (_add("README.md", "{% if name %}\n"), "README.md holds {%"),
    "a value in the justfile": (
        _add("justfile", "\n# {{ project_name | lower }}\n"),
        "justfile holds {{",
    ),
    "an empty file": (_add("app/empty.py", ""), "app/empty.py is empty"),
    "an empty folder": (lambda project: (project / "deploy").mkdir(), "deploy is an empty folder"),
    "compiled code": (_add("app/main.pyc", "x\n"), "app/main.pyc does not belong here"),
    "empty lines at the end": (_add("README.md", "\n"), "README.md does not end with one line end"),
    "no line end": (_add("README.md", "end"), "README.md does not end with one line end"),
    "blanks at the end of a line": (_add("README.md", "a \nb\n"), "README.md has blanks"),
    "two empty lines": (_add("README.md", "\n\na\n"), "README.md has two empty lines"),
    "format": (_add("app/main.py", "a = {  }\n"), "ruff format"),
    "lint": (_change("app/main.py", "from fastapi", "import os\nfrom fastapi"), "ruff check"),
    "an undeclared import": (
        _add("app/main.py", "import yaml\n"),
        "pyyaml is imported, but not declared",
    ),
    "an undeclared import in tests": (
        _add("tests/conftest.py", "import yaml\n"),
        "pyyaml is imported by tests, but not declared",
    ),
    "a dependency that nothing imports": (
        _change("pyproject.toml", "dependencies = [", 'dependencies = [\n    "celery>=5",'),
        "celery is declared, but not imported",
    ),
    "a word of another answer": (
        _add("README.md", "Or MySQL.\n"),
        "README.md speaks of database/mysql: MySQL",
    ),
    "a file of another answer": (
        _add("app/mysql.py", "x = 1\n"),
        "app/mysql.py speaks of database/mysql",
    ),
}


@pytest.mark.parametrize("what", DAMAGES)
def test_damage_is_noticed(what: str, render: Render, tmp_path: Path) -> None:
    damage, expected = DAMAGES[what]
    whole = render()
    copy = Project(shutil.copytree(whole.path, tmp_path / "copy"))
    damage(copy)

    assert checks.complaints(whole) == []
    assert expected in "\n".join(checks.complaints(copy))


@contextmanager
def _cpu_seconds() -> Iterator[list[float]]:
    """Measure the CPU seconds of this process and its children; the list holds them at the end."""
    spent: list[float] = []
    began = _spent()
    yield spent
    spent.append(_spent() - began)


def _spent() -> float:
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)
