"""No field, option, key or index of Tortoise looks changed after its migration."""

import subprocess
import sys

import pytest

from tests.conftest import Render, require_server
from tests.support.databases import NAMES
from tests.support.harness import ROOT


@pytest.mark.parametrize("database", NAMES)
def test_nothing_differs_after_the_first_migration(database: str, render: Render) -> None:
    require_server(database)
    service = render(database=database).path
    options = ["--database", database, "--service", str(service)]

    done = subprocess.run(
        [sys.executable, "-m", "tests.service.schema.zoo", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
