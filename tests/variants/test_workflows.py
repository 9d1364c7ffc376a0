"""The workflows of this repository: they run every test, by its recipes, with few permissions."""

import re
import shlex
import subprocess
from collections import Counter
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.harness import ROOT

WORKFLOWS = {
    path.name: yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in (ROOT / ".github/workflows").glob("*.yml")
}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_may_only_read(name: str) -> None:
    workflow = WORKFLOWS[name]

    assert workflow["permissions"] == {"contents": "read"}
    assert not [job for job in workflow["jobs"].values() if "permissions" in job]
    assert "secrets" not in (ROOT / ".github/workflows" / name).read_text(encoding="utf-8")


def test_actions_are_pinned_and_leave_no_credentials() -> None:
    used = [step for step in _steps() if "uses" in step]

    assert used
    for step in used:
        assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", step["uses"])
        if step["uses"].startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_steps_are_shell_and_take_no_text_of_strangers() -> None:
    """A value of an event inside a command would be executed with it."""
    for step in _steps():
        command = step.get("run", "")
        parsed = subprocess.run(["bash", "-n"], input=command, text=True, check=False)
        assert parsed.returncode == 0, command
        assert "${{" not in command


def test_jobs_have_a_time_limit() -> None:
    jobs = list(chain.from_iterable(workflow["jobs"].values() for workflow in WORKFLOWS.values()))

    assert [job for job in jobs if "uses" not in job and "timeout-minutes" not in job] == []
    called = {job["uses"].rpartition("/")[2] for job in jobs if "uses" in job}
    assert called <= set(WORKFLOWS)


def test_every_test_is_in_a_recipe_that_is_run() -> None:
    """No test is run by two of them."""
    recipes = {shlex.split(line)[0] for line in _recipes_that_are_run()}

    run = Counter(path for recipe in recipes - {"check"} for path in _modules_of(recipe))

    assert recipes == {"check", "static", "rows", "mutations", "service", "schema"}
    assert run == Counter((ROOT / "tests").rglob("test_*.py"))


def test_every_module_that_is_named_exists() -> None:
    """In the Makefile, the recipes and the pages, from which people copy commands."""
    paths = [ROOT / "Makefile", ROOT / "justfile", *ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in paths)
    modules = set(re.findall(r"python -m ((?:tools|tests)(?:\.\w+)+)", text))

    assert "tools.demo" in modules
    assert [module for module in sorted(modules) if find_spec(module) is None] == []


def test_the_shards_are_all_there() -> None:
    shards = [line.split()[-1] for line in _recipes_that_are_run() if "--shard" in line]

    assert shards == [f"{number + 1}/{len(shards)}" for number in range(len(shards))]
    assert len(shards) > 1


def test_the_nightly_seed_is_new_each_night_or_that_of_a_person() -> None:
    recipe = WORKFLOWS["nightly.yml"]["jobs"]["matrix"]["with"]["recipe"]

    assert "--run" in recipe
    assert recipe.endswith("--seed ${{ inputs.seed || github.run_id }}")


def _steps() -> list[dict[str, Any]]:
    jobs = chain.from_iterable(workflow["jobs"].values() for workflow in WORKFLOWS.values())
    return [step for job in jobs for step in job.get("steps", [])]


def _recipes_that_are_run() -> list[str]:
    """Return the recipes that ci.yml runs, in its steps and in the workflow that it calls."""
    jobs = WORKFLOWS["ci.yml"]["jobs"]
    steps = [step.get("run", "") for step in jobs["read"]["steps"]]
    prefix = "uv run just "
    direct = [command.removeprefix(prefix) for command in steps if command.startswith(prefix)]
    return direct + list(jobs["run"]["strategy"]["matrix"]["recipe"])


def _command(recipe: str) -> list[str]:
    """Return the commands of a recipe, as `just` prints them."""
    show = ["just", "--justfile", str(ROOT / "justfile"), "--dry-run", recipe]
    done = subprocess.run(show, capture_output=True, text=True, check=True)
    return shlex.split(done.stdout + done.stderr)


def test_the_commands_come_from_the_justfile() -> None:
    """A recipe that does not exist would otherwise fail on the CI server only."""
    summary = ["just", "--justfile", str(ROOT / "justfile"), "--summary"]
    known = subprocess.run(summary, capture_output=True, text=True, check=True).stdout.split()
    nightly = WORKFLOWS["nightly.yml"]["jobs"]["matrix"]["with"]["recipe"]

    wanted = {line.split()[0] for line in [*_recipes_that_are_run(), nightly]}
    assert wanted <= set(known)


def _modules_of(recipe: str) -> Iterator[Path]:
    """Yield the modules of tests that a recipe runs."""
    words = _command(recipe)
    ignored = {ROOT / word.partition("=")[2] for word in words if word.startswith("--ignore=")}
    for path in (ROOT / word for word in words if word.startswith("tests/")):
        yield from {*path.rglob("test_*.py")} - ignored if path.is_dir() else [path]
