"""Interrupted runs: they are reported in a sentence, and leave no process and no database."""

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.conftest import RecordFigure, require_server
from tests.support import databases, harness, janitor
from tests.support.harness import ROOT, Service, wait_until
from tests.support.live import prepare
from tests.support.private_servers import NotInstalled, private_server
from tests.variants import execution
from tests.variants.rows import PAIRS

ROW = next(row for row in PAIRS if row.database == "postgres")


def test_a_service_that_dies_fails_its_row_and_leaves_no_database(
    template: Path, tmp_path: Path
) -> None:
    require_server("postgres")

    met: list[str] = []

    def kill(service: Service) -> None:
        met.append(service.database_url.rpartition("/")[2])
        assert met[0] in _databases()
        assert service.process
        os.killpg(service.process.pid, signal.SIGKILL)
        service.process.wait()

    with pytest.raises(execution.RowFailed, match="The service died with status -9"):
        _run_into(kill, template, tmp_path)

    assert met[0] not in _databases()


def test_the_databases_of_every_server_are_looked_for() -> None:
    for database in databases.with_servers():
        require_server(database.name)
        name = harness.new_slug("left").replace("-", "_")
        url = databases.server(database.name).administration_url
        with database.session(url) as session:
            session.execute(f"CREATE DATABASE {name}")

        assert (database.name, name) in janitor.databases()

        database.drop(name)
        assert name not in _databases()


def test_a_database_server_that_dies_fails_its_row(template: Path, tmp_path: Path) -> None:
    try:
        with private_server("postgres", lambda _: None) as server:
            url = f"{server.url}/gone"
            with pytest.raises(execution.RowFailed, match="database does not answer"):
                _run_into(lambda _: server.stop("kill"), template, tmp_path, DATABASE_URL=url)
    except NotInstalled as reason:
        pytest.skip(str(reason))


def _run_into(
    mishap: Callable[[Service], None], template: Path, folder: Path, **environment: str
) -> None:
    """Run a row, and cause a fault as soon as its service responds."""
    with execution.open_service(template, ROW, folder / "service", folder) as service:
        service.environment |= environment
        outcomes = prepare(service)
        service.start()
        mishap(service)
        execution.guarded(service, partial(execution.use, outcomes=outcomes))


def _databases() -> set[str]:
    return {name for _, name in janitor.databases()}


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM], ids=lambda end: end.name)
def test_an_interrupted_run_leaves_no_process_and_no_database(
    end: signal.Signals, tmp_path: Path
) -> None:
    """In a copy of the repository, whose rows and environments are its own."""
    require_server("postgres")
    copy = harness.snapshot(tmp_path / "copy")
    subprocess.run(["git", "init", "-q"], cwd=copy, check=True)
    arguments = ["-m", "pytest", "-n", "2", "-p", "no:cacheprovider", "tests/variants/test_rows.py"]
    record = copy / ".cache/rows" / str(ROW) / "commands.log"
    with _started([*arguments, "--row", str(ROW)], copy, tmp_path / "log") as (process, run):
        wait_until(lambda: _migrated(record), "a row to be under way", tmp_path / "log")
        assert [*janitor.databases(run)] != []
        if end == signal.SIGINT:  # a terminal sends it to all, a cancelled job to the first
            os.killpg(process.pid, end)
        else:
            process.send_signal(end)
        status = process.wait(timeout=60)

    assert status == pytest.ExitCode.INTERRUPTED
    assert janitor.tidy(run) == []
    assert "Traceback" not in (tmp_path / "log").read_text(encoding="utf-8")


def test_a_tried_row_answers_and_leaves_nothing(
    tmp_path: Path, record_figure: RecordFigure
) -> None:
    require_server("postgres")
    log = tmp_path / "log"
    copy = harness.snapshot(tmp_path / "copy")
    subprocess.run(["git", "init", "-q"], cwd=copy, check=True)
    with _started(["-m", "tools.try_row", str(ROW)], copy, log) as (process, run):
        wait_until(lambda: "Ctrl-C stops it" in log.read_text(), "the row to answer", log)
        os.killpg(process.pid, signal.SIGINT)
        status = process.wait(timeout=60)

    outcomes = log.read_text(encoding="utf-8")
    assert status == 0, outcomes
    assert "Traceback" not in outcomes
    assert janitor.tidy(run) == []
    seconds = outcomes.partition("/docs after ")[2].partition(" s.")[0]
    record_figure(f"just try {ROW}: it answers after {seconds} s (limit 90)")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["produktion"], "No row produktion; perhaps production"),
        (["database=oracle"], "'oracle' is no answer to database"),
        (["databse=mysql"], "No such question, or none with choices: databse"),
        (["auth=[]", "example=notes"], "belongs to accounts"),
        (["auth=[jwt"], "expected ',' or ']'"),
    ],
)
def test_a_row_that_cannot_be_tried_is_refused_in_a_sentence(
    words: list[str], sentence: str
) -> None:
    command = [sys.executable, "-m", "tools.try_row", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert sentence in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--seed", "1"], "--seed needs --count"),
        (["--run"], "--run is about drawn rows"),
        (["--shard", "4/3"], "--shard 4/3 is not like 1/3"),
        (["--row", "nonsense"], "No row nonsense"),
        (["--row", "production", "--shard", "1/2"], "either --row or --shard"),
        (["--count", "0"], "--count 0 draws nothing"),
    ],
)
def test_options_that_make_no_sense_are_refused_in_a_sentence(
    options: list[str], sentence: str
) -> None:
    command = [sys.executable, "-m", "pytest", "-n", "2", "-p", "no:cacheprovider"]
    command.append("tests/variants/test_rows.py")
    done = subprocess.run(
        [*command, *options], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert sentence in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@contextmanager
def _started(
    arguments: list[str], folder: Path, log: Path
) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Start Python as from a terminal, in a process group of its own, as a run of its own."""
    run = f"r{secrets.token_hex(4)}"
    environment = {**os.environ, "TEMPLATE_TESTS_RUN": run, "PYTHONPATH": str(folder)}
    environment = {
        name: value
        for name, value in environment.items()
        if not name.startswith("PYTEST_") and name != "TEMPLATE_TESTS_OWNER"
    }
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield process, run
    finally:
        process.kill()
        process.wait()


def _migrated(record: Path) -> bool:
    return record.exists() and "make-migration" in record.read_text(encoding="utf-8")
