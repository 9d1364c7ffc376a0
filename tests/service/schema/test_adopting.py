"""Databases that the migrations did not make, and files that an update removed."""

import subprocess
from collections.abc import Iterator

import pytest

from tests.service.schema.catalogue import differences
from tests.service.schema.owner import MODEL, TASK, TITLE, USER, Owner, on_sqlite
from tests.support import sql

OLDER = """
import asyncio
from tortoise import Tortoise
from app.config import get_settings
from app.database.connection import orm_config

async def generate():
    await Tortoise.init(config=orm_config(get_settings()))
    await Tortoise.generate_schemas()
    await Tortoise.close_connections()

asyncio.run(generate())
"""
"""Makes the tables as other tools do, aerich's own too, which stays empty."""
WITHOUT_AERICH = "DROP TABLE aerich"
META = "class Meta(Model.Meta):"
FOREIGN = (
    "INSERT INTO aerich (version, app, content) VALUES ('0_20240101000000_init.py', 'models', '{}')"
)


@pytest.fixture
def older(owner: Owner) -> Iterator[Owner]:
    """Offer an owner whose database was made by other tools, has rows, and lacks a column."""
    service = owner.service
    migrated = sql.query(service, "SELECT version FROM aerich ORDER BY id")
    owner.starts_anew()
    service.python("-c", OLDER)
    sql.query(service, USER)
    sql.query(service, "ALTER TABLE tasks DROP COLUMN slug")
    sql.query(service, TASK.replace("slug, ", "").replace("'', ", "", 1).format("Buy Milk"))
    sql.query(service, "CREATE TABLE holidays (day DATE NOT NULL PRIMARY KEY)")
    yield owner
    for path in owner.files()[len(migrated) :]:
        path.unlink()
    owner.starts_anew("migrate")


@pytest.mark.parametrize("aerich_table", [FOREIGN, WITHOUT_AERICH], ids=["foreign", "none"])
def test_such_a_database_is_not_migrated_but_adopted(older: Owner, aerich_table: str) -> None:
    sql.query(older.service, aerich_table)

    refused, made, adopted, again = older.runs(
        "migrate", "adopt-migrations", "migrate --adopt", "migrate --adopt"
    )

    assert refused.startswith("Error: The database has ")
    assert "notes, roles, tasks" in refused
    assert "Run `just adopt-migrations` in development, then `migrate --adopt` here." in refused
    assert "  add tasks.slug " in made
    assert "leave table holidays unchanged: no model describes it" in made
    assert adopted == f"Applied {older.named('adopt')}\n"
    assert again.startswith("Error: ")
    assert older.tasks("title, slug") == [("Buy Milk", "")]


@pytest.mark.parametrize("aerich_table", [FOREIGN, WITHOUT_AERICH], ids=["foreign", "none"])
def test_an_adopted_database_changes_as_any_other(older: Owner, aerich_table: str) -> None:
    sql.query(older.service, aerich_table)
    older.runs("adopt-migrations", "migrate --adopt")
    sql.query(older.service, TASK.format("Buy Milk"))
    older.replace(TITLE, TITLE.replace(")", ", unique=True)"))

    (refused,) = older.runs("make-migration unique_titles")
    sql.query(older.service, "UPDATE tasks SET title = 'Call Bob' WHERE slug = '' AND id > 1")
    made, up, back = older.runs("make-migration unique_titles", "migrate", "rollback")

    forbidden = "Error: Rows of the development database violate it: tasks.title, 2 rows: "
    assert refused.startswith(forbidden)
    assert "Wrote migrations/models/" in made
    assert "not checked" not in made
    assert up == f"Applied {older.named('unique_titles')}\n"
    assert back.endswith(f"Undid {older.named('unique_titles')}\n")


@pytest.mark.parametrize("aerich_table", [FOREIGN, WITHOUT_AERICH], ids=["foreign", "none"])
def test_rows_that_forbid_adoption_are_counted_and_filled(older: Owner, aerich_table: str) -> None:
    sql.query(older.service, aerich_table)
    sql.query(older.service, "ALTER TABLE tasks ADD COLUMN slug VARCHAR(50)")
    files = older.files()

    (refused,) = older.runs("adopt-migrations")

    assert refused.startswith(
        "Error: Rows of the development database violate it: tasks.slug, 1 row: is NULL"
    )
    assert older.files() == files
    _, adopted = older.runs("adopt-migrations --fill tasks.slug=none", "migrate --adopt")
    assert adopted == f"Applied {older.named('adopt')}\n"
    assert older.tasks("slug") == [("none",)]


@pytest.mark.parametrize("aerich_table", [FOREIGN, WITHOUT_AERICH], ids=["foreign", "none"])
def test_adoption_is_undone_as_a_whole(older: Owner, aerich_table: str) -> None:
    """Undoing one of the files that were only recorded would drop tables that others made."""
    sql.query(older.service, aerich_table)
    sql.query(older.service, "ALTER TABLE tasks ADD COLUMN more INTEGER")
    before = older.catalogue()
    older.runs("adopt-migrations", "migrate --adopt")

    undone, refused = older.runs("rollback --to 0", "migrate")
    there = differences(older.catalogue(), before)
    (adopted,) = older.runs("migrate --adopt")

    name = older.named("adopt")
    assert undone.endswith(f"deletes tasks.slug (1 row has a value)\nUndid {name}\n")
    assert [each for each in there if "aerich" not in each] == []
    assert refused.startswith("Error: The database has ")
    assert adopted == f"Applied {name}\n"
    assert older.tasks("title, slug") == [("Buy Milk", "")]


SEARCH = """
async def upgrade(db: BaseDBAsyncClient) -> str:
    return "ALTER TABLE tasks ADD COLUMN search INTEGER"

async def downgrade(db: BaseDBAsyncClient) -> str:
    return "ALTER TABLE tasks DROP COLUMN search"

UNMANAGED = ["tasks.search"]
"""
"""A column that no model describes."""


@pytest.mark.parametrize("is_there", [True, False], ids=["there", "missing"])
def test_what_no_model_describes_is_adopted_too(older: Owner, *, is_there: bool) -> None:
    older.runs("make-migration search --empty")
    older.fills("search", SEARCH)
    if is_there:
        sql.query(older.service, "ALTER TABLE tasks ADD COLUMN search INTEGER")
        sql.query(older.service, "UPDATE tasks SET search = 7")

    made, adopted = older.runs("adopt-migrations", "migrate --adopt")

    assert "drop tasks.search" not in made
    assert ("add tasks.search" in made) != is_there
    assert adopted == f"Applied {older.named('adopt')}\n"
    assert older.tasks("search") == [(7 if is_there else None,)]


def test_a_database_that_was_adopted_by_another_file_is_left_alone(older: Owner) -> None:
    older.runs("adopt-migrations", "migrate --adopt")
    first = older.named("adopt")
    older.starts_anew()
    older.service.python("-c", OLDER)
    sql.query(older.service, "ALTER TABLE tasks DROP COLUMN body")
    older.runs("adopt-migrations other", "empty")
    second = older.files()[-1]
    text = second.read_text(encoding="utf-8")
    second.unlink()
    older.service.python("-c", OLDER)
    sql.query(older.service, "ALTER TABLE tasks DROP COLUMN slug")
    older.runs("migrate --adopt")
    second.write_text(text, encoding="utf-8")

    (applied,) = older.runs("migrate")

    assert first in text
    assert applied == f"Applied {second.stem}\n"


def test_the_file_does_nothing_where_the_migrations_made_the_tables(older: Owner) -> None:
    older.runs("adopt-migrations")

    up, back, nothing = older.starts_anew("migrate", "rollback", "make-migration nothing")

    assert up.endswith(f"{older.named('adopt')}\n")
    assert back.endswith(f"Undid {older.named('adopt')}\n")
    assert nothing == "Nothing to write: the migrations match the models.\n"


@pytest.mark.parametrize("reader", ["postgres"], indirect=True)
def test_numbers_of_rows_outlive_another_way_of_numbering(older: Owner) -> None:
    sql.query(older.service, "ALTER TABLE tasks ALTER COLUMN id DROP DEFAULT")
    sql.query(older.service, "DROP SEQUENCE tasks_id_seq")
    sql.query(older.service, "ALTER TABLE tasks ALTER id ADD GENERATED BY DEFAULT AS IDENTITY")
    sql.query(older.service, "UPDATE tasks SET id = 7")

    older.runs("adopt-migrations", "migrate --adopt")
    sql.query(older.service, TASK.format("Call Bob"))

    assert older.tasks("id, title") == [(7, "Buy Milk"), (8, "Call Bob")]


@on_sqlite
def test_an_adopted_database_must_have_what_the_list_says(older: Owner) -> None:
    older.runs("adopt-migrations")
    sql.query(older.service, "ALTER TABLE tasks DROP COLUMN body")

    (refused,) = older.runs("migrate --adopt")

    assert "The database lacks what " in refused
    assert "tasks" in refused


@pytest.fixture
def committed(owner: Owner) -> Iterator[Owner]:
    """Offer an owner who has committed everything to git."""
    _git(owner, "init", "--quiet")
    _commit(owner)
    yield owner
    _git(owner, "checkout", "--", "migrations")


def _commit(owner: Owner) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    _git(owner, "add", "--all")
    _git(owner, *who, "commit", "--quiet", "--allow-empty", "-m", "all")


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
def test_nothing_is_removed_where_no_file_can_be_written(committed: Owner) -> None:
    files = {path: path.read_bytes() for path in committed.files()}
    text = committed.service.project.text(MODEL)
    (committed.service.project / MODEL).write_text(
        text.replace(META, f"{META}\n        constraints = (1,)"), encoding="utf-8"
    )
    _commit(committed)

    (refused,) = committed.runs("restart-migrations --yes")
    (committed.service.project / MODEL).write_text(text, encoding="utf-8")
    _commit(committed)

    assert refused.startswith("Error: Task has Meta.constraints")
    assert {path: path.read_bytes() for path in committed.files()} == files


@on_sqlite
def test_a_shipped_file_that_an_update_took_away_comes_back(committed: Owner) -> None:
    (path,) = [path for path in committed.files() if path.stem.endswith("_notes")]
    text = path.read_bytes()
    path.unlink()

    restored, nothing = committed.runs("restore-migrations", "restore-migrations")

    assert restored == f"Restored {path.name}\n"
    assert nothing == "Nothing to restore: no migration is missing.\n"
    assert path.read_bytes() == text
