"""What an owner changes in the models, each migration tool brings there and back."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import harness
from tests.conftest import need
from tests.harness import Service
from tests.matrix.rows import TOOLS
from tests.tour import rows
from tests.tour.people import ADMIN_OPTIONS, PASSWORD

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


@pytest.fixture(params=TOOLS, ids="-".join)
def edited(
    request: pytest.FixtureRequest, template: Path, tmp_path: Path
) -> Iterator[tuple[Service, str]]:
    """Offer a service with each tool, whose owner added a table and rows."""
    database, tool = request.param
    need(database)
    slug = harness.new_slug("edited")
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


@pytest.mark.parametrize(("database", "tool"), TOOLS, ids=map("-".join, TOOLS))
def test_a_changed_table_costs_those_that_refer_to_it_no_row(
    database: str, tool: str, template: Path, tmp_path: Path
) -> None:
    """SQLite's tables are changed by dropping them, and the rows of others hang on them."""
    need(database)
    slug = harness.new_slug("referred")
    answers = {"database": database, "migrations": tool, "project_slug": slug}
    project = harness.render(template, tmp_path / "service", answers)
    model = project / "app/models/user.py"
    changes = {"    age =": "    phone = fields.CharField(max_length=30, null=True)\n    age ="}
    if (database, tool) != ("sqlite", "aerich"):  # which refuses to change a column
        changes["username = fields.CharField(max_length=50"] = (
            "username = fields.CharField(max_length=60"
        )
    with Service(project, database) as service:
        service.cli("migrate")
        service.cli("create-admin", *ADMIN_OPTIONS, given=f"{PASSWORD}\n")
        service.cli("seed")
        before = _counts(service)
        for old, new in changes.items():
            source = model.read_text(encoding="utf-8")
            assert source.count(old) == 1
            model.write_text(source.replace(old, new), encoding="utf-8")

        service.cli("make-migration", "phone")
        service.cli("migrate")
        after = _counts(service)
        service.cli("rollback")

        assert min(before.values()) > 0
        assert after == before
        assert _counts(service) == before


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


def _rows(service: Service) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = json.loads(service.python("-c", ROWS).output)
    return rows


def _counts(service: Service) -> dict[str, int]:
    return {name: rows.count(service, name, "1 = 1") for name in ("users", "notes", "user_roles")}


def _mentions(output: str, verb: str) -> set[str]:
    return set(re.findall(rf"{verb} (\S+)", output))
