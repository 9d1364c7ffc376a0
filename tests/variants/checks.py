"""Static checks of any rendered service: each yields its complaints."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import yaml

from tests.support.answers import answers, chosen
from tests.support.harness import Project

Check = Callable[[Project], Iterator[str]]

NEEDED_BY_OTHERS = {
    "aiosqlite": "Tortoise loads it for sqlite:// URLs",
    "argon2-cffi": "libpass loads it to hash",
    "python-multipart": "FastAPI loads it to read forms",
    "python-json-logger": "the log configuration names it",
}
JINJA_SUFFIX = ".j2"
"""The suffix of the service's own templates, which tests/service/resources renders."""
ANSWERS_FILE = ".copier-answers.yml"
GITIGNORE = ".gitignore"


def parses(project: Project) -> Iterator[str]:
    """Check that Python, TOML, YAML, JSON, shell and the justfile parse."""
    parsers: dict[str, Callable[[str], object]] = {
        ".py": ast.parse,
        ".toml": tomllib.loads,
        ".yml": _yaml_with_shell,
        ".yaml": _yaml_with_shell,
        ".json": json.loads,
        ".sh": _shell,
    }
    for name in project.files:
        text = project.text(name)
        suffix = ".sh" if re.match(r"#!.*\b(ba|da)?sh\b", text) else Path(name).suffix
        try:
            parsers.get(suffix, str)(text)
        except (SyntaxError, ValueError, yaml.YAMLError) as error:
            yield f"{name} does not parse: {error}"
    listing = ["just", "--justfile", str(project / "justfile"), "--summary"]
    done = subprocess.run(listing, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        yield f"justfile does not parse: {done.stderr}"


def holds_no_leftovers(project: Project) -> Iterator[str]:
    """Check for template syntax, empty files and folders, trailing blanks, and compiled files."""
    for path in project.path.rglob("*"):
        name = str(path.relative_to(project.path))
        if path.is_dir() and not any(path.iterdir()):
            yield f"{name} is an empty folder"
        if path.suffix in {".pyc", ".pyo"} or path.name in {"__pycache__", ".DS_Store"}:
            yield f"{name} does not belong here"
    for name in (name for name in project.files if not name.endswith(JINJA_SUFFIX)):
        text = project.text(name)
        syntax = JUST if name == "justfile" else JINJA
        if found := syntax.search(text):
            yield f"{name} holds {found.group()}"
        if not text.strip():
            yield f"{name} is empty"
        elif not text.endswith("\n") or text.endswith("\n\n"):
            yield f"{name} does not end with one line end"
        if re.search(r"[ \t]\n", text):
            yield f"{name} has blanks at the end of a line"
        if "\n\n\n" in text and not name.endswith(".py"):
            yield f"{name} has two empty lines in a row"


JINJA = re.compile(r"(?<!\$)\{\{(?![\d{])|\{%|\{#")
JUST = re.compile(r"\{\{(?! *(\w+|quote\(\w+\)) *\}\})|\{%|\{#")


def is_formatted(project: Project) -> Iterator[str]:
    """Check that Ruff has no complaint, with the settings of the service."""
    for command in (["format", "--diff"], ["check", "--output-format", "concise"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--no-cache", str(project.path)]
        done = subprocess.run(ruff, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            yield f"ruff {command[0]}: {done.stdout}{done.stderr}"


def declares_what_it_imports(project: Project) -> Iterator[str]:
    """Check that imports are declared, and dependencies imported or known to be used by others."""
    declared = names(project.pyproject["project"]["dependencies"])
    in_tests = declared | names(project.pyproject["dependency-groups"]["dev"])
    imported = _distributions(project, "app")
    yield from (f"{name} is imported, but not declared" for name in imported - declared)
    unused = declared - imported - set(NEEDED_BY_OTHERS)
    yield from (f"{name} is declared, but not imported" for name in unused)
    undeclared = _distributions(project, "tests") - in_tests
    yield from (f"{name} is imported by tests, but not declared" for name in undeclared)


def is_silent_about_what_is_off(project: Project) -> Iterator[str]:
    """Check that an option that was not chosen is mentioned in no file, nor in its name.

    `.gitignore` is an exception: it lists the files of every database, so that
    none of them is published after the database was changed.
    """
    wordy = {name: answer for name, answer in answers().items() if answer.words}
    for answer in set(wordy) - chosen(project.answers):
        pattern = re.compile(wordy[answer].words, re.IGNORECASE)
        for name in project.files:
            if name not in {ANSWERS_FILE, GITIGNORE} and (
                found := pattern.search(f"{name}\n{project.text(name)}")
            ):
                yield f"{name} speaks of {answer}: {found.group()}"


CHECKS: tuple[Check, ...] = (
    parses,
    holds_no_leftovers,
    is_formatted,
    declares_what_it_imports,
    is_silent_about_what_is_off,
)


def complaints(project: Project) -> list[str]:
    """Return all complaints about a rendered service, or those of the parsers if there are any."""
    found: list[str] = []
    for check in CHECKS:
        found += check(project)
        if found and check is parses:
            break
    return found


def names(requirements: list[str]) -> set[str]:
    """Return the names of the required distributions."""
    return {re.split(r"[\[<>=]", requirement)[0].lower() for requirement in requirements}


def _yaml_with_shell(text: str) -> None:
    """Parse a YAML file, and the shell commands of a workflow in it."""
    document = yaml.safe_load(text)
    jobs = document.get("jobs", {}) if isinstance(document, dict) else {}
    for job in jobs.values():
        for step in job.get("steps", []):
            _shell(re.sub(r"\$\{\{.*?\}\}", "x", step.get("run", "")))


def _shell(text: str) -> None:
    command = ["bash", "-n"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SyntaxError(done.stderr)


def _distributions(project: Project, folder: str) -> set[str]:
    """Return the distributions that the Python files of a folder import."""
    modules = set()
    for path in (project / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                modules |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                modules.add(node.module)
    roots = {module.split(".")[0] for module in modules}
    roots -= {*sys.stdlib_module_names, "app", "tests", "tools"}
    return {
        distribution.lower().replace("_", "-")
        for root in roots
        for distribution in _providers().get(root, [root])
    }


@cache
def _providers() -> Mapping[str, list[str]]:
    return packages_distributions()
