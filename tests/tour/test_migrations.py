"""Migrations: many at once, killed half way, complete."""

# ruff: noqa: S608 - the statements are ours, and so are the values in them

import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from subprocess import DEVNULL, Popen
from sys import executable
from textwrap import dedent

import pytest

from tests import harness
from tests.conftest import need
from tests.harness import Service, wait_until
from tests.matrix.rows import TOOLS
from tests.tour import rows
from tests.tour.scenarios import MIGRATORS, applied, migrate_at_once

SLOW = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000000)"
    " SELECT max(i) FROM n",
    "postgres": "SELECT pg_sleep(2)",
    "mysql": "DO sleep(2)",
}
"""A statement that takes some seconds, between two that change the schema."""


@pytest.fixture(scope="module", params=TOOLS, ids="-".join)
def fresh(
    request: pytest.FixtureRequest, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """Offer a service with each tool; its database does not exist yet."""
    database, tool = request.param
    need(database)
    slug = harness.new_slug("race")
    answers = {"database": database, "migrations": tool, "project_slug": slug}
    folder = tmp_path_factory.mktemp("race") / "service"
    with Service(harness.render(template, folder, answers), database) as service:
        yield service


def test_D01_eight_migrations_at_once_are_one(fresh: Service) -> None:
    """Of eight processes that migrate an empty database at once, all succeed; steps run once."""
    fresh.drop_database()

    ends = migrate_at_once(fresh)

    assert [end.text for end in ends if end.status != 0] == []
    assert len(ends) == MIGRATORS
    versions = applied(fresh)
    assert sorted(app for app, _ in versions) == ["accounts", "notes"]
    assert sum(end.output.count("Applied") for end in ends) == len(versions)
    assert rows.query(fresh, "SELECT name FROM roles ORDER BY name") == [("admin",), ("member",)]


def test_D02_a_killed_migration_can_go_on(fresh: Service) -> None:
    """A migration killed half way is undone, or the next run says which one stopped and why."""
    fresh.cli("migrate")
    migration = _write_slow_migration(fresh)
    _kill_half_way(fresh)

    end = fresh.cli("migrate", check=False)
    if end.status != 0:
        assert fresh.database != "postgres"
        assert migration.stem in end.errors
        assert "half_1" in end.errors
        assert "Traceback" not in end.text
        for column in sorted(_columns(fresh) & {"half_1", "half_2"}):
            rows.query(fresh, f"ALTER TABLE notes DROP COLUMN {column}")
        end = fresh.cli("migrate")

    assert end.output.count("Applied") == 1
    assert {"half_1", "half_2"} <= _columns(fresh)
    assert [name for app, name in applied(fresh) if app == "notes"][1:] in (
        [migration.name],
        [migration.stem],
    )
    assert fresh.cli("migrate").output.startswith("Nothing to apply")


def test_D03_a_fresh_service_has_nothing_to_migrate(running: Service) -> None:
    """After its migrations the models and the schema agree: there is no change to write."""
    written = running.cli("make-migration", "nothing").output

    assert written.startswith("Nothing to write")


def _write_slow_migration(service: Service) -> Path:
    """Write what an owner might: two columns, and something slow between them."""
    statements = [
        "ALTER TABLE notes ADD COLUMN half_1 INT NULL",
        SLOW[service.database],
        "ALTER TABLE notes ADD COLUMN half_2 INT NULL",
    ]
    if (service.project / "migrations/notes/0001_initial.py").exists():
        name = "0002_slow"
        text = f"""
            from tortoise import migrations
            from tortoise.migrations import operations as ops


            class Migration(migrations.Migration):
                dependencies = [("notes", "0001_initial")]
                operations = [ops.RunSQL({statements!r})]
            """
    else:
        name = "1_20270101000000_slow"
        text = f"""
            from tortoise import BaseDBAsyncClient

            RUN_IN_TRANSACTION = True


            async def upgrade(db: BaseDBAsyncClient) -> str:
                return {"; ".join(statements)!r}


            async def downgrade(db: BaseDBAsyncClient) -> str:
                return ""
            """
    path: Path = service.project / f"migrations/notes/{name}.py"
    path.write_text(dedent(text), encoding="utf-8")
    return path


def _kill_half_way(service: Service) -> None:
    """Kill the migrating process while the slow statement runs."""
    command = [executable, "-m", "app.cli", "migrate"]
    with Popen(
        command,
        cwd=service.project.path,
        env=service.environment,
        stdout=DEVNULL,
        stderr=DEVNULL,
    ) as process:
        wait_until(lambda: _is_half_way(service), "the slow statement")
        process.send_signal(signal.SIGKILL)
    wait_until(lambda: _is_over(service), "the server to notice")


def _is_half_way(service: Service) -> bool:
    if service.database == "sqlite":
        return _is_locked(service) or ("half_1" in _columns(service)) != (
            "half_2" in _columns(service)
        )
    activity = {
        "postgres": "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event = 'PgSleep'",
        "mysql": "SELECT count(*) FROM information_schema.processlist"
        " WHERE db = database() AND state = 'User sleep'",
    }
    return bool(rows.query(service, activity[service.database])[0][0])


def _is_over(service: Service) -> bool:
    """Whether the server has done what it was still asked to do: MySQL runs a script to its end."""
    others = {
        "sqlite": "SELECT 0",
        "postgres": "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()",
        "mysql": "SELECT count(*) FROM information_schema.processlist"
        " WHERE db = database() AND id <> connection_id()",
    }
    return not rows.query(service, others[service.database])[0][0]


def _is_locked(service: Service) -> bool:
    """Whether another process keeps the file locked for more than a moment."""
    path = service.database_url.removeprefix("sqlite://")
    connection = sqlite3.connect(path, isolation_level=None, timeout=0.3)
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        return True
    finally:
        connection.close()
    return False


def _columns(service: Service) -> set[str]:
    if service.database == "sqlite":
        return {str(row[1]) for row in rows.query(service, "PRAGMA table_info(notes)")}
    schema = "current_schema()" if service.database == "postgres" else "database()"
    statement = (
        "SELECT column_name FROM information_schema.columns"
        f" WHERE table_name = 'notes' AND table_schema = {schema}"
    )
    return {str(name) for (name,) in rows.query(service, statement)}
