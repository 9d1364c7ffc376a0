"""Fixtures of all tests."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

pytest.register_assert_rewrite("tests.options", "tests.support")

from tests.support import databases, forks, harness, janitor
from tests.support.harness import Project, Service
from tests.support.report import Report
from tests.support.scheduling import (  # noqa: F401 - hooks of pytest-xdist
    pytest_xdist_auto_num_workers,
    pytest_xdist_make_scheduler,
)
from tests.variants import branches, selection
from tests.variants.rows import RUNNING, SPACE, Row

Render = Callable[..., Project]
RecordFigure = Callable[[str], None]
LEFTOVERS = pytest.StashKey[list[str]]()
REPORT = pytest.StashKey[Report]()


@pytest.fixture(scope="session", autouse=True)
def _fast_copier() -> Iterator[None]:
    """Render quickly, and record the branches of the templates that each render goes through."""
    with branches.fast_copier():
        yield


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


def require_server(server: str) -> None:
    """Skip the test if the server cannot be reached, or fail where REQUIRE_SERVICES is 1."""
    if not harness.is_reachable(server):
        skip_or_fail(f"{server} is not reachable at {databases.server(server).url}")


def skip_or_fail(message: str) -> NoReturn:
    """Skip a test that this machine cannot run, or fail where REQUIRE_SERVICES is 1."""
    if os.environ.get("REQUIRE_SERVICES") == "1":
        pytest.fail(message)
    pytest.skip(message)


def start_service(template: Path, folder: Path, row: Row, **environment: str) -> Iterator[Service]:
    """Render a row with a database of its own, migrate, start two workers; clean up afterwards."""
    require_server(row.database)
    answers = {**SPACE.non_defaults(row.answers), "project_slug": harness.new_slug("t")}
    project = harness.render(template, folder, answers)
    with Service(project, row.database, dict(environment)) as service:
        service.cli("migrate")
        service.start(workers=2)
        yield service


@pytest.fixture(scope="session", params=RUNNING, ids=str)
def running(
    request: pytest.FixtureRequest, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """Offer a service with accounts for each database, running."""
    row: Row = request.param
    folder = tmp_path_factory.mktemp("running") / str(row)
    yield from start_service(template, folder, row)


@pytest.fixture
def record_figure(request: pytest.FixtureRequest) -> RecordFigure:
    """Offer a function that puts a figure into the summary at the end of the run."""
    return lambda line: request.node.user_properties.append(("figure", line))


@pytest.fixture
def rerun_command(request: pytest.FixtureRequest, live_row: Row) -> str:
    """Offer the command that runs this row once more."""
    return selection.rerun_command(request.config, live_row)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options that choose rows."""
    selection.add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Choose the rows before other processes start; clean up on SIGTERM as on Ctrl-C."""
    selection.settle(config)
    if not hasattr(config, "workerinput"):
        signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_report_header(config: pytest.Config) -> str:
    """Describe the chosen rows."""
    return selection.header(config)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test that asks for a row with all rows of that kind."""
    for kind in set(selection.KINDS) & set(metafunc.fixturenames):
        metafunc.parametrize(kind, selection.rows(metafunc.config, kind), ids=str)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect tests for which no row is chosen; with drawn rows also tests that take none."""
    chosen = {kind for kind in selection.KINDS if selection.rows(config, kind)}
    out = []
    for item in items:
        kinds = set(selection.KINDS) & set(getattr(item, "fixturenames", ()))
        if not kinds <= chosen or (selection.draws(config) and not kinds):
            out.append(item)
    config.hook.pytest_deselected(items=out)
    items[:] = [item for item in items if item not in out]


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Remove leftovers, and fail if there are any or a branch is missed; the summary names them."""
    config = session.config
    forks.close()
    if hasattr(config, "workerinput"):
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C would leave things behind
    config.stash[LEFTOVERS] = janitor.tidy_own()
    terminal: Any = config.pluginmanager.get_plugin("terminalreporter")
    report = config.stash[REPORT] = Report(_reports(terminal))
    if session.exitstatus == pytest.ExitCode.OK and (config.stash[LEFTOVERS] or report.missed):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the figures, also those that other processes measured."""
    if REPORT in config.stash:
        for line in config.stash[REPORT].lines():
            terminalreporter.write_line(line)
    for line in config.stash.get(LEFTOVERS, []):
        terminalreporter.write_line(f"LEFT BEHIND, now removed: {line}")


def _reports(terminal: pytest.TerminalReporter) -> Iterator[pytest.TestReport]:
    for reports in terminal.stats.values():
        yield from (report for report in reports if isinstance(report, pytest.TestReport))
