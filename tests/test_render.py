"""What any rendered service looks like, whatever was answered."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from importlib.metadata import packages_distributions
from pathlib import Path

import jinja2
import pytest
import yaml

from tests.conftest import Render, Say
from tests.harness import ROOT, Project, questions
from tests.variants import ALL, Variant

PROJECT = ROOT / "template/project"
OPTIONS = ROOT / "template/options"

TRACES = {
    "sqlite": r"sqlite",
    "postgres": r"postgres|asyncpg",
    "mysql": r"mysql|mariadb|asyncmy",
    "auth": r"\bjwt\b|jose|argon2|passlib|SECRET_KEY|(access|refresh)_token|app\.auth|create-admin",
    "notes": r"api/notes|\bNote\b|\.note\b",
    "aerich": r"aerich",
    "github": r"\.github|GitHub Actions|\bCI\b",
}
"""Words that only a service with the option may contain."""

NEEDED_BY_OTHERS = {
    "aiosqlite": "Tortoise loads it for sqlite:// URLs",
    "argon2-cffi": "libpass loads it to hash",
    "python-multipart": "FastAPI loads it to read forms",
    "python-json-logger": "the log configuration names it",
    "tortoise-orm": "imported as tortoise",
    "libpass": "imported as passlib",
}
BUDGETS = {
    "minimal": {"files": 45, "app": 1100, "tests": 500},
    "starter": {"files": 85, "app": 2800, "tests": 1800},
}
FIRST_READ = ("main.py", "config.py", "api", "dependencies", "schemas", "services", "models")


@pytest.fixture(params=ALL, ids=str)
def variant(request: pytest.FixtureRequest) -> Variant:
    """Offer each combination."""
    chosen: Variant = request.param
    return chosen


@pytest.fixture
def project(variant: Variant, render: Render) -> Project:
    """Offer its rendered service."""
    return render(**variant.answers)


def test_every_file_parses(project: Project) -> None:
    parsers: dict[str, Callable[[str], object]] = {
        ".py": ast.parse,
        ".toml": tomllib.loads,
        ".yml": yaml.safe_load,
        ".yaml": yaml.safe_load,
        ".json": json.loads,
    }
    for name in project.files:
        if parse := parsers.get(Path(name).suffix):
            parse((project / name).read_text(encoding="utf-8"))


def test_no_template_syntax_and_no_blank_ends_are_left(project: Project) -> None:
    for name in project.files:
        text = (project / name).read_text(encoding="utf-8")
        if name != "justfile":
            assert not re.search(r"{{ |{%|{# ", text), name
        assert text.strip(), f"{name} is empty"
        assert text.endswith("\n"), name
        assert not text.endswith("\n\n"), name
        assert "\n\n\n" not in text or name.endswith(".py"), name


def test_no_folder_is_empty(project: Project) -> None:
    folders = [path for path in project.path.rglob("*") if path.is_dir()]

    assert [folder for folder in folders if not any(folder.iterdir())] == []


def test_format_and_lint_have_nothing_to_say(project: Project) -> None:
    for command in (["format", "--diff"], ["check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--no-cache", str(project.path)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_an_option_that_is_off_leaves_no_trace(variant: Variant, project: Project) -> None:
    absent = {"sqlite", "postgres", "mysql"} - {variant.database}
    absent |= set() if variant.auth else {"auth"}
    absent |= {"notes"} - {variant.example}
    absent |= {"aerich"} - {variant.migrations}
    found = {
        (word, name, match.group())
        for word in absent
        for name in project.files
        if name != ".copier-answers.yml"
        if (match := re.search(TRACES[word], _text(project, name), re.IGNORECASE))
    }

    assert found == set()


def test_ci_none_leaves_no_trace(render: Render) -> None:
    project = render(ci="none")

    assert not [name for name in project.files if re.search(TRACES["github"], _text(project, name))]
    assert not (project / ".github").exists()


def test_every_import_is_declared_and_every_dependency_imported(project: Project) -> None:
    declared = _names(project.pyproject["project"]["dependencies"])
    dev = _names(project.pyproject["dependency-groups"]["dev"])
    imported = {
        distribution.lower().replace("_", "-")
        for module in _third_party(project, "app")
        for distribution in packages_distributions().get(module, [module])
    }

    assert imported - declared == set()
    assert declared - imported - set(NEEDED_BY_OTHERS) == set()
    tests = {
        distribution.lower().replace("_", "-")
        for module in _third_party(project, "tests")
        for distribution in packages_distributions().get(module, [module])
    }
    assert tests - declared - dev == set()


@pytest.mark.parametrize("preset", BUDGETS)
def test_a_preset_is_light(preset: str, render: Render, say: Say) -> None:
    project = render(preset=preset)

    sizes = {
        "files": len(project.files),
        "app": project.lines("app"),
        "tests": project.lines("tests"),
    }

    say(f"{preset}: {sizes} of {BUDGETS[preset]}")
    assert {name: size for name, size in sizes.items() if size > BUDGETS[preset][name]} == {}


def test_what_an_owner_reads_first_is_small(render: Render) -> None:
    project = render(preset="starter")

    assert sum(project.lines(f"app/{name}") for name in FIRST_READ) <= 1400


def test_two_renders_are_the_same(template: Path, tmp_path: Path) -> None:
    """A date or a random value in a file would be a conflict in every update."""
    from tests.harness import render as render_anew  # noqa: PLC0415 - the fixture has the name

    first, second = (render_anew(template, tmp_path / name / "s", {}) for name in "ab")

    assert {name: _text(first, name) for name in first.files} == {
        name: _text(second, name) for name in second.files
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
        names = re.findall(r"(?<![\w.])/[\w.][\w./*-]*", "\n".join(rows))
        for name in names:
            pattern = re.compile(re.escape(name).replace(r"\*", "[^/]+"))
            assert any(map(pattern.fullmatch, rendered)), f"{path}: {name}"


def test_every_fragment_is_pulled_in() -> None:
    """Each file of an answer is named, or looped over, by a shared file or a question."""
    sources = [*PROJECT.rglob("*.jinja"), ROOT / "copier.yml"]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    for path in OPTIONS.rglob("*"):
        if path.is_file() and path.suffix != ".yml":
            assert path.name in text, path


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
        "app/api/__init__.py.jinja",
        "app/cli.py.jinja",
        "app/seed.py.jinja",
        "tests/conftest.py.jinja",
    }


def test_no_dependency_can_be_a_slug(render: Render) -> None:
    """A package cannot depend on itself."""
    needed = set()
    for variant in ALL:
        pyproject = render(**variant.answers).pyproject
        needed |= _names(pyproject["project"]["dependencies"])
        needed |= _names(pyproject["dependency-groups"]["dev"])

    assert needed <= set(yaml.safe_load(questions()["reserved_slugs"]["default"]))


def test_answers_are_named_after_folders() -> None:
    """But for the CI, which is a file of its own and adds to no other."""
    for name in ("database", "auth", "example", "migrations"):
        choices = questions()[name]["choices"]
        answers = set(choices.values() if isinstance(choices, dict) else choices) - {"none"}

        assert answers <= {path.name for path in (OPTIONS / name).iterdir()}, name


def _text(project: Project, name: str) -> str:
    return (project / name).read_text(encoding="utf-8")


def _names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=]", requirement)[0].lower() for requirement in requirements}


def _third_party(project: Project, folder: str) -> set[str]:
    modules = set()
    for path in (project / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                modules |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                modules.add(node.module)
    roots = {module.split(".")[0] for module in modules}
    return roots - set(sys.stdlib_module_names) - {"app", "tests", "migrations"}
