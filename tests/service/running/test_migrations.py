"""Migrations: concurrent, killed half way, refused, undone, and by aerich's own commands."""

# ruff: noqa: S608 - the statements are ours, and so are the values in them

import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, Popen
from sys import executable

import pytest

from tests.conftest import require_server
from tests.service.running.silence import silent_after
from tests.support import databases, harness, sql
from tests.support.databases import Session
from tests.support.harness import Service, wait_until
from tests.support.people import ADMIN_OPTIONS, PASSWORD
from tests.support.scenarios import MIGRATORS, applied, migrate_at_once

SHIPPED = ["20261128000000001_accounts", "20261128000000002_notes"]
OWN = "20270101000000000_own"
ADD = "ALTER TABLE notes ADD COLUMN due INT NULL"
DROP = "ALTER TABLE notes DROP COLUMN due"


@pytest.fixture(scope="module", params=databases.NAMES)
def fresh(
    request: pytest.FixtureRequest, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """Offer a service on each database, which does not exist yet."""
    database = request.param
    require_server(database)
    answers = {"database": database, "project_slug": harness.new_slug("race")}
    folder = tmp_path_factory.mktemp("race") / "service"
    with Service(harness.render(template, folder, answers), database) as service:
        yield service


@pytest.fixture
def migrated(fresh: Service) -> Iterator[Service]:
    """Offer the service with an empty, migrated database; undo the changes of a test afterwards."""
    fresh.python("-c", RESET, "migrate")
    yield fresh
    (fresh.project / f"migrations/models/{OWN}.py").unlink(missing_ok=True)


on_sqlite = pytest.mark.parametrize("fresh", ["sqlite"], indirect=True)
"""Runs a test on SQLite alone, since it does not depend on the database."""


@pytest.mark.check("D01")
def test_eight_migrations_at_once_are_one(fresh: Service) -> None:
    """Of eight processes that migrate an empty database at once, all succeed; steps run once."""
    fresh.drop_database()

    ends = migrate_at_once(fresh)

    assert [end.text for end in ends if end.status != 0] == []
    assert len(ends) == MIGRATORS
    assert applied(fresh) == [f"{name}.py" for name in SHIPPED]
    assert sum(end.output.count("Applied") for end in ends) == len(SHIPPED)
    assert sql.query(fresh, "SELECT name FROM roles ORDER BY name") == [("admin",), ("member",)]


@pytest.mark.check("D02")
def test_a_killed_migration_can_go_on(migrated: Service) -> None:
    """A migration killed half way is undone, or the next run names it and the reason."""
    halves = [f"ALTER TABLE notes ADD COLUMN half_{number} INT NULL" for number in (1, 2)]
    _write(migrated, "; ".join([halves[0], migrated.database_kind.sleep, halves[1]]), "")
    _kill_half_way(migrated)

    end = migrated.cli("migrate", check=False)
    if end.status != 0:
        assert not migrated.database_kind.undoes_scripts
        assert OWN in end.errors
        assert "half_1" in end.errors
        assert "Traceback" not in end.text
        for column in sorted(sql.columns(migrated, "notes") & {"half_1", "half_2"}):
            sql.query(migrated, f"ALTER TABLE notes DROP COLUMN {column}")
        end = migrated.cli("migrate")

    assert end.output == f"Applied {OWN}\n"
    assert {"half_1", "half_2"} <= sql.columns(migrated, "notes")
    assert applied(migrated) == [f"{name}.py" for name in [*SHIPPED, OWN]]
    assert migrated.cli("migrate").output.startswith("Nothing to apply")


@pytest.mark.check("D03")
def test_a_fresh_service_has_nothing_to_migrate(running: Service) -> None:
    """After all migrations the schema equals the models: there is no change to write."""
    written = running.cli("make-migration", "nothing").output

    assert written.startswith("Nothing to write")


@pytest.mark.check("D04")
def test_a_migration_there_and_back_and_there_again_keeps_the_rows(migrated: Service) -> None:
    """Undoing and repeating a migration keeps the rows."""
    before = _seeded(migrated)
    _write(migrated, ADD, DROP)

    migrated.cli("migrate")
    after = _counts(migrated)
    undone, redone = migrated.cli_at_once(["rollback"], ["migrate"])

    assert undone.output == f"{OWN} does not say what it deletes\nUndid {OWN}\n"
    assert redone.output == f"Applied {OWN}\n"
    assert min(before.values()) > 0
    assert before == after == _counts(migrated)


@pytest.mark.check("D06")
def test_a_migration_gives_up_on_a_lock(migrated: Service) -> None:
    """A migration gives up on a lock after a timeout, and succeeds when the lock is released."""
    _write(migrated, ADD, DROP)
    with _short_lock_timeout(migrated), _locked(migrated) as lock:
        end = migrated.cli("migrate", check=False)
        before = applied(migrated)
        with _started(migrated) as process:
            assert process.stderr
            assert any("Try 1 of 3 failed" in line for line in process.stderr)
            lock.execute("COMMIT")
            output, errors = process.communicate(timeout=60)

    assert end.status == 1
    assert re.findall(r"Try (\d) of 3 failed", end.errors) == ["1", "2"]
    sentence = f"Error: {OWN} failed (another session holds a lock on the table)."
    assert end.errors.endswith(f"{sentence} docs/migrations.md says how to continue.\n")
    assert "Traceback" not in end.text
    assert before == [f"{name}.py" for name in SHIPPED]
    assert (process.returncode, output) == (0, f"Applied {OWN}\n"), errors


@pytest.mark.check("D06")
@pytest.mark.parametrize("fresh", ["postgres", "mysql"], indirect=True)
def test_a_server_that_falls_silent_does_not_keep_the_command(migrated: Service) -> None:
    """A server that answers no more while the command takes its lock ends it with a sentence."""
    url, word = migrated.database_url, databases.server(migrated.database).lock_function
    with silent_after(url, word.encode()) as silent, _short_answers(migrated):
        migrated.environment["DATABASE_URL"] = silent
        end = migrated.cli("migrate", check=False)
        migrated.environment["DATABASE_URL"] = url

    assert end.status == 1
    assert "The database does not answer" in end.text
    assert "Traceback" not in end.text


def test_a_migration_refuses_in_its_own_words(migrated: Service) -> None:
    """A file may end aerich with a sentence when rows do not allow its change."""
    refusal = 'raise SystemExit("2 notes are too long.")'
    _write(migrated, refusal, "")
    up = migrated.cli("migrate", check=False)
    before = applied(migrated)
    _write(migrated, ADD, refusal)

    _, back = migrated.cli_at_once(["migrate"], ["rollback"])

    assert (up.status, up.text) == (1, "Error: 2 notes are too long.\n")
    assert before == [f"{name}.py" for name in SHIPPED]
    assert back.status == 1
    assert back.output.endswith("\nError: 2 notes are too long.\n")
    assert applied(migrated) == [*before, f"{OWN}.py"]


def test_a_migration_that_fails_is_named(migrated: Service) -> None:
    nonsense = "ALTER TABLE nowhere ADD COLUMN due INT NULL"
    _write(migrated, nonsense, "")
    up = migrated.cli("migrate", check=False)
    _write(migrated, ADD, nonsense)

    _, back = migrated.cli_at_once(["migrate"], ["rollback"])

    assert up.errors.startswith(f"Error: {OWN} failed (")
    assert f"\nError: {OWN} failed (" in back.output


@on_sqlite
def test_a_migration_without_a_way_back_is_named(migrated: Service) -> None:
    _write(migrated, ADD, "")

    _, back = migrated.cli_at_once(["migrate"], ["rollback"])

    sentence = f"Error: {OWN} cannot be undone: its downgrade() returns no statement.\n"
    assert back.output.endswith(sentence)


@on_sqlite
def test_a_migration_for_another_database_is_refused_before_all_others(fresh: Service) -> None:
    fresh.drop_database()
    path = _write(fresh, ADD, DROP, 'DIALECT = "oracle"')

    refused = fresh.cli("migrate", check=False)
    path.unlink()

    assert refused.errors == (
        f"Error: {OWN} is written for oracle, but this database is sqlite."
        " Run `just restart-migrations`.\n"
    )
    assert sql.tables(fresh) == []


@on_sqlite
def test_a_migration_whose_file_is_gone_is_named(migrated: Service) -> None:
    path = _write(migrated, ADD, DROP)
    migrated.cli("migrate")
    path.unlink()

    refused, up, doctor = migrated.cli_at_once(["rollback", "--to", "0"], ["migrate"], ["doctor"])

    remedy = "run `just restore-migrations`, or take it from the branch that has it"
    assert refused.output == f"Error: {path} was applied, and is missing: {remedy}.\n"
    assert f"{OWN} was applied, and its file is missing: {remedy}.\n" in up.output
    assert f"✗ schema: {OWN} applied, and the file is missing\n  fix: {remedy}\n" in doctor.output
    assert applied(migrated) == [f"{name}.py" for name in [*SHIPPED, OWN]]


def test_a_rollback_says_what_it_deletes_and_asks_in_production(migrated: Service) -> None:
    notes = _seeded(migrated)["notes"]
    _write(
        migrated, f"{ADD}; UPDATE notes SET due = 1", DROP, 'ROLLBACK_DELETES = [("notes", "due")]'
    )
    migrated.cli("migrate")
    migrated.environment["ENVIRONMENT"] = "production"
    commands = ["rollback", "--to", "0"], ["rollback"], ["rollback", "--yes"]
    try:
        refused, unanswered, undone = migrated.cli_at_once(*commands, stdin="n\n")
    finally:
        migrated.environment["ENVIRONMENT"] = "development"

    lines = refused.output.splitlines()
    assert lines[:2] == [
        f"{OWN} deletes notes.due ({notes} rows have a value)",
        f"{SHIPPED[1]} deletes table notes ({notes} rows)",
    ]
    assert f"{SHIPPED[0]} deletes table roles (2 rows)" in lines
    assert lines[-1].startswith("This is production, and --yes was not given. Undo it? [y/N]: ")
    assert (refused.status, unanswered.status) == (1, 1)
    assert undone.output == f"{lines[0]}\nUndid {OWN}\n"
    assert applied(migrated) == [f"{name}.py" for name in SHIPPED]


def test_the_commands_of_aerich_work_without_ours(fresh: Service) -> None:
    """They work on an empty database, as in aerich's documentation."""
    fresh.python("-c", RESET)
    names = [f"{name}.py" for name in SHIPPED]

    assert _aerich(fresh, "history") == names
    assert _aerich(fresh, "upgrade") == [f"Success upgrading to {name}" for name in names]
    assert _aerich(fresh, "heads") == ["No available heads."]
    assert _aerich(fresh, "downgrade", "--yes") == [f"Success downgrading to {names[1]}"]
    assert "notes" not in sql.tables(fresh)
    assert _aerich(fresh, "heads") == [names[1]]
    assert fresh.cli("migrate").output == f"Applied {SHIPPED[1]}\n"


RESET = """
import asyncio, os, sys
from app.cli import cli
from app.database import administration
url = os.environ["DATABASE_URL"]
asyncio.run(administration.drop_database(url))
asyncio.run(administration.create_database(url))
if sys.argv[1:]:
    cli.main(sys.argv[1:])
"""
"""Leaves an empty database, and runs a command if one is named."""


def _aerich(service: Service, *arguments: str) -> list[str]:
    aerich = str(service.interpreter.with_name("aerich"))
    return service.run(aerich, *arguments).output.splitlines()


def _write(service: Service, upgrade: str, downgrade: str, constants: str = "") -> Path:
    """Write a migration as an owner might, by hand: SQL, or a statement that raises."""
    up, down = (
        what if what.startswith("raise ") else f"return {what!r}" for what in (upgrade, downgrade)
    )
    text = f"{constants}\nasync def upgrade(db):\n    {up}\nasync def downgrade(db):\n    {down}\n"
    path: Path = service.project / f"migrations/models/{OWN}.py"
    path.write_text(text, encoding="utf-8")
    return path


def _seeded(service: Service) -> dict[str, int]:
    """Write some rows, and return how many there are."""
    service.cli_at_once(["create-admin", *ADMIN_OPTIONS], ["seed"], stdin=f"{PASSWORD}\n")
    return _counts(service)


def _counts(service: Service) -> dict[str, int]:
    return {name: sql.count(service, name) for name in ("users", "notes", "user_roles")}


@contextmanager
def _short_answers(service: Service) -> Iterator[None]:
    """Shorten the time that the service waits for the lock of migrations, and for answers."""
    path = service.project / "app/database/administration.py"
    text = path.read_text(encoding="utf-8")
    short, count = re.subn(r"(LOCK_WAIT|ANSWER)_SECONDS = \d+", r"\1_SECONDS = 1", text)
    assert count == 2
    path.write_text(short, encoding="utf-8")
    yield
    path.write_text(text, encoding="utf-8")


@contextmanager
def _short_lock_timeout(service: Service) -> Iterator[None]:
    """Shorten the lock timeout of the service."""
    path = service.project / "app/database/urls.py"
    text = path.read_text(encoding="utf-8")
    usual, short = service.database_kind.patience
    assert text.count(usual) == 1
    path.write_text(text.replace(usual, short), encoding="utf-8")
    yield
    path.write_text(text, encoding="utf-8")


@contextmanager
def _started(service: Service) -> Iterator[Popen[str]]:
    """Start a process that migrates, and kill it afterwards if it still runs."""
    with Popen(
        [executable, "-m", "app.cli", "migrate"],
        cwd=service.project.path,
        env=service.environment,
        stdout=PIPE,
        stderr=PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def _locked(service: Service) -> Iterator[Session]:
    """Hold a lock on the table of notes, as a session with an open transaction does."""
    with sql.session(service.database_url) as session:
        for statement in service.database_kind.hold_lock:
            session.execute(statement.format(table="notes"))
        yield session


def _kill_half_way(service: Service) -> None:
    """Kill the migrating process while the slow statement runs."""
    with _started(service) as process:
        is_sleeping = service.database_kind.is_sleeping
        wait_until(lambda: is_sleeping(service.database_url), "the slow statement")
        process.send_signal(signal.SIGKILL)
    wait_until(lambda: _is_over(service), "the server to notice")


def _is_over(service: Service) -> bool:
    """Return whether the server has finished the script, which MySQL runs to its end."""
    return not sql.query(service, service.database_kind.count_others)[0][0]
