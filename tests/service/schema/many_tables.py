"""Time of `make-migration` in a service of many tables: `just bench-tables`.

Prints seconds of CPU and wall, and the CPU seconds that the comparison adds to `just check`.
"""

import argparse
import resource
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from tests.service.schema.owner import PARTS
from tests.support import harness
from tests.support.databases import NAMES
from tests.support.harness import Service

MODEL = '''
class Thing{number}(Model):
    """One of many."""

    id = fields.BigIntField(primary_key=True)
    owner = fields.ForeignKeyField("models.User", related_name="things_{number}")
    before = fields.ForeignKeyField("models.{before}", related_name="after_{number}", null=True)
    name = fields.CharField(max_length=100, unique=True)
    text = fields.TextField()
    amount = fields.DecimalField(max_digits=12, decimal_places=2, default=0)
    data = fields.JSONField(default=dict)
    is_done = fields.BooleanField(default=False)
    due = fields.DateField(null=True, db_index=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "things_{number}"
        unique_together = (("owner", "due"),)
        indexes = (("amount", "created_at"),)
'''
TEST = "tests/database/test_migrations.py::test_the_migrations_create_the_schema_of_the_models"


def main() -> None:
    """Render a service on each database, and print a line of figures for it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, default=60)
    parser.add_argument("--database", action="append", choices=NAMES)
    given = parser.parse_args()
    print(
        "| database | tables | first file, CPU / wall s | one more column, CPU / wall s | check |"
    )
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        template = harness.snapshot(Path(name, "template"))
        for database in given.database or NAMES:
            answers = {"database": database, "project_slug": harness.new_slug("many")}
            project = harness.render(template, Path(name, database), answers)
            with Service(project, database) as service:
                figures = _measure(service, given.tables)
            print(f"| {database} | {given.tables} | {' | '.join(map(str, figures))} |")


@dataclass(frozen=True)
class Seconds:
    """The time of a command: CPU without the server's, and wall."""

    cpu: float
    wall: float

    def __str__(self) -> str:
        """Return both times, for the table."""
        return f"{self.cpu:.1f} / {self.wall:.1f}"


def _measure(service: Service, tables: int) -> tuple[Seconds, Seconds, str]:
    service.cli("migrate")
    path = service.project / "app/many/models.py"
    names = ["User", *(f"Thing{number}" for number in range(tables))]
    models = [MODEL.format(number=number, before=names[number]) for number in range(tables)]
    head = "from tortoise import fields\nfrom tortoise.models import Model\n"
    path.parent.mkdir()
    path.write_text(head + "\n".join(models), encoding="utf-8")
    parts = service.project / "app/parts.py"
    text = parts.read_text(encoding="utf-8")
    parts.write_text(text.replace(PARTS, f'{PARTS}    "app.many",\n'), encoding="utf-8")
    first = _seconds(service.cli, "make-migration", "many")
    service.cli("migrate")
    models[-1] = models[-1].replace("text = ", "more = fields.IntField(null=True)\n    text = ")
    path.write_text(head + "\n".join(models), encoding="utf-8")
    more = _seconds(service.cli, "make-migration", "more")
    service.cli("migrate")
    return first, more, f"{_growth_of_check(service):.1f}"


def _growth_of_check(service: Service) -> float:
    """Return the CPU seconds of the test that compares the tables with the models."""
    run = ["-m", "pytest", "-p", "no:cacheprovider", "-q", "tests/test_main.py"]
    service.python(*run, TEST)  # compiles what is imported
    without = min(_seconds(service.python, *run).cpu for _ in range(3))
    return min(_seconds(service.python, *run, TEST).cpu for _ in range(3)) - without


def _seconds(act: Callable[..., object], *arguments: str) -> Seconds:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), perf_counter()
    act(*arguments)
    wall, after = perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Seconds(cpu, wall)


if __name__ == "__main__":
    main()
