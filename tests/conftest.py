"""Fixtures of all tests."""

import os
import re
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests import harness
from tests.harness import Project, Service
from tests.tour.groups import pytest_xdist_make_scheduler  # noqa: F401 - a hook of pytest-xdist
from tests.variants import RUNNING, Variant

Render = Callable[..., Project]
Say = Callable[[str], None]
_number = count(1)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Offer the template as its users would clone it."""
    return harness.snapshot(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="session")
def render(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Render:
    """Render a service from the defaults and the given answers; the same answers only once.

    Tests read the result and change nothing in it.
    """
    cache: dict[str, Project] = {}

    def rendered(**answers: Any) -> Project:  # noqa: ANN401 - answers are of many types
        key = repr(sorted(answers.items()))
        if key not in cache:
            folder = tmp_path_factory.mktemp("project") / "service"
            cache[key] = harness.render(template, folder, answers)
        return cache[key]

    return rendered


def need(server: str) -> None:
    """Skip the test if the server is away, or fail where REQUIRE_SERVICES says so."""
    if server == "sqlite" or harness.is_reachable(server):
        return
    message = f"{server} is not reachable at {harness.SERVERS[server]}"
    if os.environ.get("REQUIRE_SERVICES") == "1":
        pytest.fail(message)
    pytest.skip(message)


def start_service(
    template: Path, folder: Path, variant: Variant, **environment: str
) -> Iterator[Service]:
    """Render a variant with a database of its own, migrate, start two workers; tidy up after."""
    need(variant.database)
    worker = re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", "0"))
    slug = f"t{os.getpid()}-w{worker}-n{next(_number)}"
    project = harness.render(template, folder, variant.answers | {"project_slug": slug})
    with Service(project, variant.database, dict(environment)) as service:
        service.cli("migrate")
        service.start(workers=2)
        yield service


@pytest.fixture(scope="session", params=RUNNING, ids=str)
def running(
    request: pytest.FixtureRequest, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """Offer each variant with accounts, running."""
    variant: Variant = request.param
    folder = tmp_path_factory.mktemp("running") / str(variant)
    yield from start_service(template, folder, variant)


@pytest.fixture
def say(request: pytest.FixtureRequest) -> Say:
    """Offer a function that puts a figure into the summary at the end of the run."""
    return lambda line: request.node.user_properties.append(("figure", line))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures, also those that other processes measured."""
    reports = terminalreporter.stats.get("passed", []) + terminalreporter.stats.get("failed", [])
    figures = {
        value
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == "figure"
    }
    for figure in sorted(figures):
        terminalreporter.write_line(figure)
