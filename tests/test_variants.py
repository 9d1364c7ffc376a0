"""Every combination, doing what its owner does: check, serve, migrate, roll back, change."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import harness
from tests.conftest import need, start_service
from tests.harness import Outcome, Service, run
from tests.variants import ALL, TOOLS

SCHEMA = """
import asyncio, json
from tortoise import Tortoise
from app.database import connected
QUERIES = {
    "sqlite": [
        "SELECT type, name, tbl_name, sql FROM sqlite_master"
        " WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name",
    ],
    "postgres": [
        "SELECT table_name, column_name, data_type, character_maximum_length, is_nullable,"
        " column_default FROM information_schema.columns WHERE table_schema = 'public'"
        " ORDER BY table_name, column_name",
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY indexname",
        "SELECT conname, pg_get_constraintdef(oid) AS definition FROM pg_constraint"
        " WHERE connamespace = 'public'::regnamespace ORDER BY conname",
    ],
    "mysql": [
        "SELECT table_name, column_name, column_type, is_nullable, column_default, column_key"
        " FROM information_schema.columns WHERE table_schema = DATABASE()"
        " ORDER BY table_name, column_name",
        "SELECT table_name, index_name, column_name, non_unique FROM information_schema.statistics"
        " WHERE table_schema = DATABASE() ORDER BY table_name, index_name, seq_in_index",
        "SELECT table_name, constraint_name, delete_rule FROM"
        " information_schema.referential_constraints WHERE constraint_schema = DATABASE()"
        " ORDER BY table_name, constraint_name",
    ],
}
async def main():
    async with connected():
        connection = Tortoise.get_connection("default")
        found = [
            await connection.execute_query_dict(query)
            for query in QUERIES[connection.capabilities.dialect]
        ]
        print(json.dumps(found, default=str))
asyncio.run(main())
"""

INVOICE = '''"""Invoices."""

from tortoise import fields
from tortoise.models import Model


class Invoice(Model):
    """A bill."""

    id = fields.BigIntField(primary_key=True)
    number = fields.CharField(max_length=20, unique=True)
    remark = fields.CharField(max_length=50, null=True)
    amount = fields.IntField()

    class Meta(Model.Meta):
        """Storage."""

        table = "invoices"
'''
CHANGES = {
    "adding": ("    amount =", "    due_in_days = fields.IntField(null=True)\n    amount ="),
    "dropping": ("    remark = fields.CharField(max_length=50, null=True)\n", ""),
    "renaming": ("    amount =", "    total ="),
    "widening": ("max_length=20", "max_length=40"),
}
ROWS = """
import asyncio, json
from app.database import connected
from tortoise import Tortoise
async def main():
    async with connected():
        connection = Tortoise.get_connection("default")
        rows = await connection.execute_query_dict("SELECT * FROM invoices ORDER BY id")
        print(json.dumps(rows))
asyncio.run(main())
"""
FILL = """
import asyncio
from app.database import connected
from tortoise import Tortoise
async def main():
    async with connected():
        connection = Tortoise.get_connection("default")
        for number in range(3):
            await connection.execute_script(
                "INSERT INTO invoices (number, remark, amount)"
                f" VALUES ('N{number}', 'r', {number})"
            )
asyncio.run(main())
"""


def test_no_combination_is_missing() -> None:
    """Each tool with each database that it works with, and every answer at least once."""
    choices = harness.questions()
    pairs = {(variant.database, variant.migrations) for variant in ALL}

    refused = ("mysql", "tortoise")
    assert pairs == {
        (database, tool)
        for database in choices["database"]["choices"].values()
        for tool in choices["migrations"]["choices"]
    } - {refused}
    assert {variant.example for variant in ALL} == set(choices["example"]["choices"].values())
    assert {style for variant in ALL for style in variant.auth} == set(
        choices["auth"]["choices"].values()
    )


@pytest.fixture(params=ALL, ids=str)
def service(request: pytest.FixtureRequest, template: Path, tmp_path: Path) -> Iterator[Service]:
    """Offer each combination, running."""
    yield from start_service(template, tmp_path / "service", request.param)


def test_a_service_does_what_its_owner_does(service: Service) -> None:
    """One test, since each step stands on the one before: a service is dear to start."""
    with service.client() as client:
        assert client.get("/health/ready").json()["status"] == "ok"
        assert client.get("/docs").is_success
        assert client.get("/openapi.json").json()["info"]["title"] == "My Service"
    assert service.stop() in {0, -15}
    assert "Traceback" not in service.log.read_text(encoding="utf-8")

    made = _schema(service)
    undone = service.cli("rollback", "--to", "0").output
    emptied = _schema(service)
    redone = service.cli("migrate").output
    assert _schema(service) == made
    assert _mentions(undone, "Undid") == _mentions(redone, "Applied")
    assert "users" not in json.dumps(emptied)
    assert service.cli("make-migration", "nothing").output.startswith("Nothing to write")
    assert "schema: up to date" in service.cli("doctor").output

    _check(service)


@pytest.fixture(params=TOOLS, ids="-".join)
def edited(
    request: pytest.FixtureRequest, template: Path, tmp_path: Path
) -> Iterator[tuple[Service, str]]:
    """Offer a service with each tool, whose owner added a table and rows."""
    database, tool = request.param
    need(database)
    slug = f"edited-{os.getpid()}-{database}-{tool}"
    answers = {"database": database, "migrations": tool, "project_slug": slug}
    project = harness.render(template, tmp_path / "service", answers)
    (project / "app/models/invoice.py").write_text(INVOICE, encoding="utf-8")
    line = "\nfrom app.models.invoice import Invoice\n\n__all__ = ['Invoice']\n"
    with (project / "app/models/__init__.py").open("a", encoding="utf-8") as models:
        models.write(line)
    with Service(project, database) as service:
        service.cli("migrate")
        assert "migrations/models/" in service.cli("make-migration", "add invoice").output
        service.cli("migrate")
        service.python("-c", FILL)
        yield service, tool


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_model_migrates_there_and_back_with_its_rows(
    edited: tuple[Service, str], change: str
) -> None:
    service, tool = edited
    before = _rows(service)
    model = service.project / "app/models/invoice.py"
    old, new = CHANGES[change]
    model.write_text(model.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")

    if (service.database, tool, change) == ("sqlite", "aerich", "widening"):
        refusal = service.cli("make-migration", change, check=False)
        assert refusal.status == 1
        assert (
            "Modify column is unsupported in SQLite. docs/migrations.md says what to do instead."
            in refusal.errors
        )
        assert "Traceback" not in refusal.text
        return
    written = service.cli("make-migration", change).output
    applied = service.cli("migrate").output
    after = _rows(service)
    undone = service.cli("rollback").output

    assert written.count("Wrote") == 1
    assert _mentions(applied, "Applied") == _mentions(undone, "Undid")
    assert len(after) == len(before)
    assert [row["number"] for row in after] == [row["number"] for row in before]
    if change == "renaming":
        assert [row["total"] for row in after] == [row["amount"] for row in before]
    if change == "dropping":
        assert "remark" not in after[0]
        before = [{name: row[name] for name in row if name != "remark"} for row in before]
    restored = _rows(service)
    assert [{name: row[name] for name in before[0]} for row in restored] == before


def test_a_migration_that_was_not_applied_is_asked_for_first(
    template: Path, tmp_path: Path
) -> None:
    """Otherwise aerich would delete the file that waits."""
    project = harness.render(template, tmp_path / "service", {"migrations": "aerich"})
    with Service(project, "sqlite") as service:
        service.cli("migrate")
        service.cli("rollback")

        refusal = service.cli("make-migration", "more", check=False)

        assert "Run `just migrate` first: notes.0_init has not been applied." in refusal.errors
        assert (project / "migrations/notes/0_init.py").exists()


@pytest.mark.parametrize(("database", "tool"), TOOLS, ids=map("-".join, TOOLS))
def test_the_shipped_first_migrations_are_what_the_tool_writes_today(
    database: str, tool: str, template: Path, tmp_path: Path
) -> None:
    from tests import first_migrations  # noqa: PLC0415 - it needs a server only here

    need(database)

    written = first_migrations.write(template, tool, database, tmp_path / "service")

    for app, path in written.items():
        shipped = first_migrations.shipped(tool, database, app)
        assert path.read_text(encoding="utf-8") == shipped.read_text(encoding="utf-8")


def _schema(service: Service) -> list[object]:
    schema: list[object] = json.loads(service.python("-c", SCHEMA).output)
    return schema


def _rows(service: Service) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = json.loads(service.python("-c", ROWS).output)
    return rows


def _mentions(output: str, verb: str) -> set[str]:
    return set(re.findall(rf"{verb} (\S+)", output))


def _check(service: Service) -> Outcome:
    """Run `just check` in an environment that services of this worker share, to save time."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    shared = harness.ROOT / ".cache" / worker
    environment = service.environment | {
        "UV_PROJECT_ENVIRONMENT": str(shared / "venv"),
        "MYPY_CACHE_DIR": str(shared / "mypy"),
    }
    return run(
        ["uv", "run", "--quiet", "just", "check"],
        cwd=service.project.path,
        environment=environment,
    )
