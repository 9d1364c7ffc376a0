"""Databases that the migrations did not make, and files that an update took away."""

import subprocess
from collections.abc import Iterator

import pytest

from tests.schema.owner import TASK, USER, Owner, on_sqlite
from tests.tour import rows

OLDER = """
import asyncio
from tortoise import Tortoise
from app.database import orm_config

async def generate():
    await Tortoise.init(config=orm_config())
    await Tortoise.generate_schemas()
    await Tortoise.close_connections()

asyncio.run(generate())
"""
"""Makes the tables as other tools do, aerich's own too, which stays empty."""
FOREIGN = (
    "INSERT INTO aerich (version, app, content) VALUES ('0_20240101000000_init.py', 'models', '{}')"
)


@pytest.fixture
def older(owner: Owner) -> Iterator[Owner]:
    """Offer an owner whose database was made by other tools, has rows, and lacks a column."""
    service = owner.service
    migrated = rows.query(service, "SELECT version FROM aerich ORDER BY id")
    owner.starts_anew()
    service.python("-c", OLDER)
    rows.query(service, USER)
    rows.query(service, "ALTER TABLE tasks DROP COLUMN slug")
    rows.query(service, TASK.replace("slug, ", "").replace("'', ", "", 1).format("Buy Milk"))
    rows.query(service, "CREATE TABLE holidays (day DATE NOT NULL PRIMARY KEY)")
    yield owner
    for path in owner.files()[len(migrated) :]:
        path.unlink()
    owner.starts_anew("migrate")


@pytest.mark.parametrize("books", [FOREIGN, "DROP TABLE aerich"], ids=["foreign", "none"])
def test_such_a_database_is_not_migrated_but_adopted(older: Owner, books: str) -> None:
    rows.query(older.service, books)

    refused, made, adopted, again = older.runs(
        "migrate", "adopt-migrations", "migrate --adopt", "migrate --adopt"
    )
    (nothing,) = older.runs("make-migration nothing")

    assert refused.startswith("Error: The database has ")
    assert "notes, roles, tasks" in refused
    assert "Run `just adopt-migrations` in development, then `migrate --adopt` here." in refused
    assert "  add tasks.slug " in made
    assert "leave table holidays alone: no model describes it" in made
    assert adopted == f"Applied {older.named('adopt')}\n"
    assert again.startswith("Error: ")
    assert nothing == "Nothing to write: the migrations match the models.\n"
    assert older.tasks("title, slug") == [("Buy Milk", "")]


def test_the_file_does_nothing_where_the_migrations_made_the_tables(older: Owner) -> None:
    older.runs("adopt-migrations")

    up, back, nothing = older.starts_anew("migrate", "rollback", "make-migration nothing")

    assert up.endswith(f"{older.named('adopt')}\n")
    assert back.endswith(f"Undid {older.named('adopt')}\n")
    assert nothing == "Nothing to write: the migrations match the models.\n"


@on_sqlite
def test_an_adopted_database_must_have_what_the_list_says(older: Owner) -> None:
    older.runs("adopt-migrations")
    rows.query(older.service, "ALTER TABLE tasks DROP COLUMN body")

    (refused,) = older.runs("migrate --adopt")

    assert "The database lacks what " in refused
    assert "tasks" in refused


@pytest.fixture
def committed(owner: Owner) -> Iterator[Owner]:
    """Offer an owner who has committed everything to git."""
    for arguments in (
        ["init", "--quiet"],
        ["add", "--all"],
        [
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@example.com",
            "commit",
            "--quiet",
            "--allow-empty",
            "-m",
            "all",
        ],
    ):
        _git(owner, *arguments)
    yield owner
    _git(owner, "checkout", "--", "migrations")


def _git(owner: Owner, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=owner.service.project.path, check=True)


@on_sqlite
def test_the_files_of_another_database_are_replaced_by_one(committed: Owner) -> None:
    shipped = [path for path in committed.files() if "PART = " in path.read_text(encoding="utf-8")]
    (dirty,) = [path for path in committed.files() if path not in shipped]
    text = dirty.read_text(encoding="utf-8")
    dirty.write_text(text + "\n", encoding="utf-8")

    (refused,) = committed.runs("restart-migrations --yes")
    dirty.write_text(text.replace('DIALECT = "sqlite"', 'DIALECT = "mysql"'), encoding="utf-8")
    (asked,) = committed.runs("make-migration more")

    assert refused.startswith("Error: Commit or stash your changes first")
    assert "was written for another database: `just restart-migrations`." in asked
    dirty.write_text(text, encoding="utf-8")
    (made,) = committed.runs("restart-migrations --yes")
    assert made.startswith("  add table tasks (id, title, slug, body, ")
    assert len(committed.files()) == len(shipped) + 1
    assert committed.files()[-1].stem.endswith("_restart")
    committed.files()[-1].unlink()


@on_sqlite
def test_a_shipped_file_that_an_update_took_away_comes_back(committed: Owner) -> None:
    (path,) = [path for path in committed.files() if path.stem.endswith("_notes")]
    text = path.read_bytes()
    path.unlink()

    restored, nothing = committed.runs("restore-migrations", "restore-migrations")

    assert restored == f"Restored {path.name}\n"
    assert nothing == "Nothing to restore: no migration is missing.\n"
    assert path.read_bytes() == text
