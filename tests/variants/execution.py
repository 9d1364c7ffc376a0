"""Execution of a row: all that its owner does, in an environment with its dependencies alone."""

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tests.options import promises
from tests.support import harness, sql
from tests.support.answers import chosen
from tests.support.harness import ROOT, Outcome, Service
from tests.support.live import Live, prepare
from tests.variants.rows import SPACE, Row

Result = TypeVar("Result")

OUTPUT = ROOT / ".cache/rows"
STOPPED_BY_SIGTERM = {0, -15}
BOOKKEEPING_TABLES = {"aerich", "sqlite_sequence"}
"""The tables that remain when every migration is undone."""


class RowFailed(AssertionError):  # noqa: N818 - a fact, as all our errors
    """A row failed; the sentence says why."""


@dataclass(frozen=True)
class Times:
    """Durations of a row, in seconds."""

    check: float
    rest: float


def folder(row: Row) -> Path:
    """Return an empty folder for the output of a row."""
    kept = OUTPUT / str(row)
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(parents=True)
    return kept


def open_service(template: Path, row: Row, destination: Path, kept: Path) -> Service:
    """Render a row by the answers that differ from the defaults, with a unique database."""
    answers = {**SPACE.non_defaults(row.answers), "project_slug": harness.new_slug("row")}
    project = harness.render(template, destination, answers)
    for name, answer in row.answers.items():
        if project.answers[name] != answer:
            raise RowFailed(f"{name} became {project.answers[name]!r} instead of {answer!r}")
    service = Service(project, row.database)
    service.log = kept / "service.log"
    service.transcript = kept / "commands.log"
    return service


def install(service: Service) -> None:
    """Install the service's dependencies exactly, into an environment that this process reuses."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    shared = ROOT / ".cache/environments" / worker
    service.environment |= {
        "UV_PROJECT_ENVIRONMENT": str(shared / "venv"),
        "MYPY_CACHE_DIR": str(shared / "mypy"),
    }
    service.run("uv", "sync")
    service.interpreter = shared / "venv/bin/python"


def exercise(service: Service) -> Times:
    """Do with a service what its owner does: migrate, check, serve, use, roll back, stop.

    Raises:
        AssertionError: A step failed.
        RowFailed: The service died, or its database; or it did not stop as it was asked to.
    """
    return guarded(service, _exercise)


def _exercise(service: Service) -> Times:
    began = time.perf_counter()
    install(service)
    outcomes = prepare(service)
    made = sql.schema(service)
    checking = time.perf_counter()
    service.run("uv", "run", "--no-sync", "just", "check")
    checked = time.perf_counter() - checking
    service.start()
    use(service, outcomes)
    undone = undo(service)
    redone, diagnosis = service.cli_at_once(["migrate"], ["doctor"])
    _is_ready(service)
    status = service.stop()

    applied = outcomes["migrate"].output.count("Applied ")
    assert undone.count("Undid ") == redone.output.count("Applied ") == applied
    assert sql.schema(service) == made
    assert "schema: up to date" in diagnosis.output
    if status not in STOPPED_BY_SIGTERM:
        raise RowFailed(f"The service ended with status {status} when it was asked to stop")
    log = service.log.read_text(encoding="utf-8")
    assert "Traceback" not in log, log
    assert "Application shutdown complete" in log, log
    return Times(checked, time.perf_counter() - began - checked)


def undo(service: Service) -> str:
    """Undo every migration, and return the output; no table may remain but aerich's own."""
    output = service.cli("rollback", "--to", "0").output
    left = set(sql.tables(service)) - BOOKKEEPING_TABLES
    assert left == set()
    return output


def use(service: Service, outcomes: dict[str, Outcome]) -> None:
    """Check the promises of all its answers, over HTTP and in its files."""
    with service.client() as client:
        live = Live(service, client, outcomes)
        assert live.call("GET", "/docs").is_success
        answers = sorted({*chosen(service.project.answers), *TEXTS})
        promises.read(service.project, *answers)
        promises.use(live, *answers)


TEXTS = ("project_name", "project_slug")


def _is_ready(service: Service) -> None:
    with service.client() as client:
        assert client.get("/health/ready").json()["status"] == "ok"


def guarded(service: Service, act: Callable[[Service], Result]) -> Result:
    """Do something with a service; if it or its database dies meanwhile, report that alone.

    Raises:
        RowFailed: One of them died.
    """
    try:
        return act(service)
    except Exception as error:
        if sentence := service.died():
            raise RowFailed(sentence) from error
        if not harness.accepts(service.database_url):
            raise RowFailed(
                f"The server of {service.project.path.name}'s database does not answer"
            ) from error
        raise
