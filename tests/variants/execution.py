"""A row, for real: what its owner does, in an environment that has what it declares and no more."""

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
"""The tables that are there when every migration is undone."""


class RowFailed(AssertionError):  # noqa: N818 - a fact, as all our errors
    """A row did not do what it should; the sentence says what."""


@dataclass(frozen=True)
class Times:
    """How long a row took, in seconds."""

    check: float
    rest: float


def folder(row: Row) -> Path:
    """Return an empty folder in which the output of a row is kept."""
    kept = OUTPUT / str(row)
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(parents=True)
    return kept


def open_service(template: Path, row: Row, destination: Path, kept: Path) -> Service:
    """Render a row as a user would answer, with a name and so a database that nobody else has."""
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
    """Install what the service declares, exactly; services of this process do it one by one."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    shared = ROOT / ".cache/environments" / worker
    service.environment |= {
        "UV_PROJECT_ENVIRONMENT": str(shared / "venv"),
        "MYPY_CACHE_DIR": str(shared / "mypy"),
    }
    service.run("uv", "sync")
    service.interpreter = shared / "venv/bin/python"


def exercise(service: Service) -> Times:
    """Do with a service what its owner does: check, serve, use, undo, redo, stop.

    Raises:
        AssertionError: Something did not work.
        RowFailed: The service died, or its database; or it did not stop as it was asked to.
    """
    return guarded(service, _exercise)


def _exercise(service: Service) -> Times:
    began = time.perf_counter()
    install(service)
    told = prepare(service)
    made = sql.schema(service)
    checking = time.perf_counter()
    service.run("uv", "run", "--no-sync", "just", "check")
    checked = time.perf_counter() - checking
    service.start()
    use(service, told)
    undone = undo(service)
    redone, diagnosis = service.cli_at_once(["migrate"], ["doctor"])
    _is_ready(service)
    status = service.stop()

    applied = told["migrate"].output.count("Applied ")
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
    """Undo every migration, and return what it said; no table is left but the tool's own."""
    said = service.cli("rollback", "--to", "0").output
    left = set(sql.tables(service)) - BOOKKEEPING_TABLES
    assert left == set()
    return said


def use(service: Service, told: dict[str, Outcome]) -> None:
    """Make the claims of all its answers, over HTTP and in its files."""
    with service.client() as client:
        live = Live(service, client, told)
        assert live.call("GET", "/docs").is_success
        answers = sorted({*chosen(service.project.answers), *TEXTS})
        promises.read(service.project, *answers)
        promises.use(live, *answers)


TEXTS = ("project_name", "project_slug")


def _is_ready(service: Service) -> None:
    with service.client() as client:
        assert client.get("/health/ready").json()["status"] == "ok"


def guarded(service: Service, act: Callable[[Service], Result]) -> Result:
    """Do something with a service; if it or its database dies meanwhile, say just that.

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
