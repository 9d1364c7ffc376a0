"""`just bench` compares the service with reference applications that answer the same."""

from contextlib import ExitStack
from pathlib import Path

from tests.support import harness
from tools.bench.__main__ import STYLES, Applications, check_references
from tools.bench.processes import Bench


def test_the_reference_applications_are_those_that_were_decided_on() -> None:
    check_references()


def test_the_service_and_the_references_respond_alike(template: Path, tmp_path: Path) -> None:
    answers = {"database": "sqlite", "auth": STYLES, "project_slug": harness.new_slug("bench")}
    project = harness.render(template, tmp_path / "service", answers)

    with Bench(project, "sqlite") as bench, ExitStack() as stack:
        bench.fill()
        apps = Applications(bench, stack)
        apps.check_answers(apps.lists)
        counts = [len(apps.statements(name)) for name in apps.lists]

    assert counts == [2, 3, 4, 4, 4]
