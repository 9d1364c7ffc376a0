"""Write the first migrations that the template ships: `just first-migrations`.

For each tool and database a service with every table is rendered and its own
`make-migration` writes the files, so they are what an owner would get. A file
that was in a released version never changes; only new tables bring new ones.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import copier

ROOT = Path(__file__).parents[1]
URLS = {
    "sqlite": "sqlite://first.sqlite3",
    "postgres": os.environ.get("POSTGRES_URL", "postgres://postgres@127.0.0.1:5432").rstrip("/")
    + "/first_migrations",
    "mysql": os.environ.get("MYSQL_URL", "mysql://root@127.0.0.1:3306").rstrip("/")
    + "/first_migrations",
}
APPS = ("accounts", "notes")
TORTOISE = ROOT / "template/project/migrations"
AERICH = ROOT / "template/options/migrations/aerich"
WRITE = """
import asyncio
from app.core import dialect
from app.database import migrations
url = {url!r}
async def main():
    await dialect.create_database(url)
    try:
        print(await migrations(url).make("init"))
    finally:
        await dialect.drop_database(url)
asyncio.run(main())
"""


def write(tool: str, database: str, destination: Path) -> dict[str, Path]:
    """Render, write the migrations of each app below `destination`, and return the files."""
    answers = {"database": database, "migrations": tool, "auth": ["jwt"], "example": "notes"}
    copier.run_copy(
        str(ROOT), destination, data=answers, defaults=True, quiet=True, vcs_ref="HEAD"
    )
    for app in APPS:
        folder = destination / "migrations" / app
        for old in folder.glob("0*.py"):
            old.unlink()
        folder.mkdir(exist_ok=True)
        (folder / "__init__.py").touch()
    environment = os.environ | {"DATABASE_URL": URLS[database], "SECRET_KEY": os.urandom(32).hex()}
    script = WRITE.format(url=URLS[database])
    subprocess.run([sys.executable, "-c", script], cwd=destination, env=environment, check=True)
    return {app: next((destination / "migrations" / app).glob("0*.py")) for app in APPS}


def main() -> None:
    """Put the files into the template."""
    with tempfile.TemporaryDirectory() as folder:
        for app, path in write("tortoise", "sqlite", Path(folder, "tortoise")).items():
            shutil.copy(path, TORTOISE / app / path.name)
        for database in URLS:
            for app, path in write("aerich", database, Path(folder, database)).items():
                target = AERICH / database / app / path.name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, target)


if __name__ == "__main__":
    main()
