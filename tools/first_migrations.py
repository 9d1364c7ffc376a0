"""Write the first migrations that the template ships: `just first-migrations`.

The planner of a rendered service writes them, for each database. Once they are in a release
they never change.
"""

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.support import harness
from tests.support.harness import ROOT, Service

PARTS = {
    "20261128000000001_accounts": ["app.accounts.models", "app.accounts.models"],
    "20261128000000002_notes": ["app.notes.models"],
}
"""The modules whose tables each file creates, in the order of the files."""
WRITE = """
import asyncio, json, os, sys
from tools.migrations.cli import FOLDER, project
from tools.migrations.make import Project, Options, make
async def write(name, modules):
    known = project()
    apps = {"models": known.scratch["apps"]["models"] | {"models": [*modules, "aerich.models"]}}
    part = name.partition("_")[2]
    planned = Project(None, known.scratch | {"apps": apps}, FOLDER)
    made = await make(planned, part, Options(part=part))
    made.path.rename(FOLDER / f"{name}.py")
asyncio.run(write(sys.argv[1], json.loads(sys.argv[2])))
"""


def main() -> None:
    """Write the first migrations for each database."""
    with tempfile.TemporaryDirectory() as name:
        template = harness.snapshot(Path(name) / "template")
        for database in harness.questions()["database"]["choices"].values():
            for path in write(template, database, Path(name) / database):
                shutil.copy(path, shipped(database, path))


def write(template: Path, database: str, folder: Path) -> Iterator[Path]:
    """Let the planner of a rendered service write them, and return the paths."""
    answers = {"database": database, "project_slug": harness.new_slug("first")}
    project = harness.render(template, folder / "service", answers)
    for path in (project / "migrations/models").glob("[0-9]*.py"):
        path.unlink()
    modules: list[str] = []
    service = Service(project, database)
    for name, added in PARTS.items():
        modules += added
        service.python("-c", WRITE, name, json.dumps(modules))
        yield project / f"migrations/models/{name}.py"


def shipped(database: str, path: Path) -> Path:
    """Return the path of a file in the template."""
    part = path.name.partition("_")[2]
    return ROOT / "template/options/database" / database / "migrations" / part


if __name__ == "__main__":
    main()
