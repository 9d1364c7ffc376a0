"""Parts of a rendered service, parsed."""

import subprocess
from pathlib import Path
from typing import Any

import yaml

from tests.support.harness import Project


def job(project: Project) -> dict[str, Any]:
    """Return the job of its workflow."""
    workflow = yaml.safe_load(project.text(".github/workflows/ci.yml"))
    job: dict[str, Any] = workflow["jobs"]["check"]
    return job


def recipes(project: Project) -> list[str]:
    """Return the names of its recipes."""
    command = ["just", "--justfile", str(project / "justfile"), "--summary"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def migrations(project: Project) -> list[Path]:
    """Return its migrations in their order."""
    return sorted((project / "migrations/models").glob("[0-9]*.py"))
