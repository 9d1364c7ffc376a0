"""Write the first migrations that the template ships: `just first-migrations`.

For each tool and database a service with every table is rendered and its own
`make-migration` writes the files, so they are what an owner would get. A file
that was in a released version never changes; only new tables bring new ones.
"""

import os
import shutil
import tempfile
from pathlib import Path

from tests import harness
from tests.harness import ROOT, SERVERS, Service
from tests.matrix.rows import TOOLS

APPS = ("accounts", "notes")
NAME = f"first_migrations_{harness.RUN}_{os.getpid()}"
URLS = {"sqlite": f"sqlite://{NAME}.sqlite3"} | {
    server: f"{url}/{NAME}" for server, url in SERVERS.items()
}
WRITE = """
import asyncio, os
from app.core import dialect
from app.database import migrations
async def main():
    url = os.environ["DATABASE_URL"]
    await dialect.create_database(url)
    try:
        print(await migrations().make("init"))
    finally:
        await dialect.drop_database(url)
asyncio.run(main())
"""


def write(template: Path, tool: str, database: str, destination: Path) -> dict[str, Path]:
    """Render, let the service write its first migrations, and return the file of each app."""
    for app in APPS:  # what is to be written is included already
        path = template / "template/options/migrations/aerich" / database / app / "0_init.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    answers = {"database": database, "migrations": tool, "auth": ["jwt"], "example": "notes"}
    project = harness.render(template, destination, answers)
    for old in (project / "migrations").glob("*/0*.py"):
        old.unlink()
    Service(project, database, {"DATABASE_URL": URLS[database]}).python("-c", WRITE)
    return {app: next((project / "migrations" / app).glob("0*.py")) for app in APPS}


def shipped(tool: str, database: str, app: str) -> Path:
    """Return where the template keeps the file."""
    if tool == "tortoise":
        return ROOT / "template/project/migrations" / app / "0001_initial.py"
    return ROOT / "template/options/migrations/aerich" / database / app / "0_init.py"


def main() -> None:
    """Put the files into the template."""
    with tempfile.TemporaryDirectory() as folder:
        template = harness.snapshot(Path(folder, "template"))
        for number, (database, tool) in enumerate(TOOLS):
            for app, path in write(template, tool, database, Path(folder, str(number))).items():
                destination = shipped(tool, database, app)
                destination.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, destination)


if __name__ == "__main__":
    main()
