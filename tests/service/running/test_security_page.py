"""SECURITY.md of each service: its commands work, and its promises name tests."""

import re
import subprocess

import pytest

from tests.conftest import Render
from tests.service.running.conftest import Start
from tests.support import people
from tests.support.answers import chosen
from tests.support.harness import Service
from tests.variants.rows import PAIRS, SPACE, Row

BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
PROMISE = re.compile(r"^\| (.+) \| `(tests/\S+\.py)::(\w+)` \|$", re.MULTILINE)
STYLES = [["jwt"], ["session"], ["api_key"], ["jwt", "session", "api_key"]]


@pytest.mark.parametrize("styles", STYLES, ids="-".join)
def test_the_lines_of_the_pages_work_as_they_are(styles: list[str], start: Start) -> None:
    """Each command for owners succeeds, in the order of the pages."""
    service = start(Row.of(auth=styles))
    service.cli("create-admin", *_admin(), stdin=f"{people.PASSWORD}\n")
    readme, page = service.project.text("README.md"), service.project.text("SECURITY.md")
    blocks = [block for block in BLOCK.findall(readme) if "curl" in block] + BLOCK.findall(page)
    script = "\n".join(["set -euxo pipefail", *blocks])

    done = subprocess.run(
        ["bash", "-c", _for(service, script)],
        cwd=service.project.path,
        env=service.environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert len(blocks) >= 1 + len(styles)
    assert script.count("curl") >= 3 * len(styles)


@pytest.mark.parametrize("row", PAIRS, ids=str)
def test_each_promise_names_a_test_that_exists(row: Row, render: Render) -> None:
    """The table names a test of the service for each promise; `just check` runs it in each row."""
    project = render(**SPACE.non_defaults(row.answers))
    if "accounts" not in chosen(row.answers):
        assert "SECURITY.md" not in project.files
        return
    promises = PROMISE.findall(project.text("SECURITY.md"))

    assert len(promises) >= 10
    for promise, path, name in promises:
        assert f"def {name}(" in project.text(path), promise
    table = project.text("SECURITY.md").partition("## What we promise\n")[2].partition("\n## ")[0]
    assert len(promises) == len(re.findall(r"^\| (?!promise|--)", table, re.MULTILINE))


def _admin() -> tuple[str, ...]:
    return ("--username", "admin", "--email", "admin@example.org", "--password-stdin")


def _for(service: Service, script: str) -> str:
    """Adapt a script: it calls this service, stops at an error, and runs commands without uv."""
    script = script.replace("http://127.0.0.1:8000", service.url)
    script = script.replace("curl ", "curl --fail-with-body --silent --show-error ")
    return script.replace("uv run just ", f"{service.interpreter} -m app.cli ")
