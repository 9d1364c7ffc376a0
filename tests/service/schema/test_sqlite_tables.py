"""The helper of SQLite's migrations: it makes a script for the existing tables, or refuses."""

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from runpy import run_path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.harness import ROOT

tables = SimpleNamespace(**run_path(str(ROOT / "template/project/migrations/sqlite_tables.py")))
TASKS = """CREATE TABLE "tasks" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, "note" TEXT NOT NULL, slug TEXT)"""
WIDE = '"note" VARCHAR(9) NOT NULL'
INDEX = 'CREATE INDEX IF NOT EXISTS "i" ON "tasks" ({})'


class Connection:
    """A database in memory, behind what files use of Tortoise's connection."""

    def __init__(self) -> None:
        self.session = sqlite3.connect(":memory:", isolation_level=None)
        self.session.row_factory = sqlite3.Row
        self.looked = 0

    async def execute_query_dict(self, query: str) -> list[dict[str, Any]]:
        """Return rows, as Tortoise does."""
        return [dict(row) for row in self.session.execute(query)]

    async def look(self) -> None:
        """Count how often a file has looked at its rows."""
        self.looked += 1

    def runs(self, *steps: object) -> str:
        """Make the script of a file named `it`, and run it."""
        script = str(asyncio.run(tables.script(self, "it", steps, self.look)))
        self.session.executescript(script)
        return script

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return rows, to compare them."""
        return [tuple(row) for row in self.session.execute(query)]


@pytest.fixture
def database() -> Iterator[Connection]:
    made = Connection()
    made.session.execute(TASKS)
    made.session.execute("INSERT INTO tasks (note, slug) VALUES ('one', 'a')")
    yield made
    made.session.close()


UP = (
    tables.rename("tasks", "jobs"),
    tables.rename_column("jobs", "note", "text"),
    tables.alter(
        "jobs",
        {"text": '"text" VARCHAR(9) NOT NULL', "slug": None, "low": '"low" TEXT NOT NULL'},
        adds=["low"],
        values={"low": "lower(slug)"},
    ),
    tables.execute(INDEX.replace("tasks", "jobs").format('"low"')),
)
DOWN = (
    tables.execute('DROP INDEX IF EXISTS "i"'),
    tables.alter(
        "jobs",
        {"text": '"text" TEXT NOT NULL', "slug": "slug TEXT", "low": None},
        adds=["slug"],
    ),
    tables.rename_column("jobs", "text", "note"),
    tables.rename("jobs", "tasks"),
)


@pytest.mark.parametrize("directions", [[UP], [UP, DOWN]], ids=["up", "down"])
def test_a_script_that_was_carried_out_has_nothing_to_do(
    database: Connection, directions: Sequence[Sequence[object]]
) -> None:
    """The script may end with renames, after which the names in its steps do not exist."""
    for steps in directions:
        database.runs(*steps)
    looked, schema = database.looked, database.rows("SELECT sql FROM sqlite_master")

    again = database.runs(*directions[-1])

    assert again == "SELECT 1"
    assert database.looked == looked == len(directions)
    assert database.rows("SELECT sql FROM sqlite_master") == schema


def test_what_another_file_has_renamed_already_is_changed_under_its_name(
    database: Connection,
) -> None:
    database.session.execute('ALTER TABLE "tasks" RENAME COLUMN "slug" TO "mark"')

    database.runs(
        tables.alter("tasks", {"note": WIDE}), tables.rename_column("tasks", "slug", "mark")
    )

    assert database.rows("SELECT note, mark FROM tasks") == [("one", "a")]
    assert "VARCHAR(9)" in str(database.rows("SELECT sql FROM sqlite_master"))


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (tables.alter("tasks", {"gone": '"gone" TEXT'}), "There is no column tasks.gone to change"),
        (tables.alter("none", {"note": WIDE}), "There is no table none to change"),
        (tables.rename("none", "nobody"), "There is no table none to rename"),
        (tables.rename_column("tasks", "gone", "x"), "There is no column gone of tasks to rename"),
        (tables.execute(INDEX.format('"gone"')), "no such column: gone"),
        (tables.execute(INDEX.format('lower("gone")')), "no such column: gone"),
        (
            tables.alter("tasks", {"note": WIDE}, values={"note": 'coalesce("gone", note)'}),
            "no such column: gone",
        ),
        (
            tables.alter("tasks", {}, constraints={'UNIQUE ("gone", "note")': True}),
            "gone",
        ),
        (tables.alter("tasks", {"slug": "slug INT"}, adds=["slug"]), "tasks.slug is there already"),
    ],
)
def test_tables_that_a_file_does_not_expect_are_not_touched(
    database: Connection, step: object, words: str
) -> None:
    """A name in double quotes that is no column would be a string to SQLite."""
    before = database.rows("SELECT sql FROM sqlite_master")

    with pytest.raises(SystemExit, match=r"^it was not run\. .*Two branches") as refusal:
        database.runs(step)

    assert words in str(refusal.value)
    assert database.rows("SELECT sql FROM sqlite_master") == before
    assert database.looked == 0


def test_what_is_broken_already_is_nobody_elses_fault(database: Connection) -> None:
    database.session.execute("CREATE VIEW broken AS SELECT gone FROM tasks")

    database.runs(tables.alter("tasks", {"note": WIDE}))

    assert database.rows("SELECT note FROM tasks") == [("one",)]


def test_a_string_in_double_quotes_of_an_index_by_hand_stays(database: Connection) -> None:
    database.session.execute('CREATE INDEX by_hand ON tasks (note) WHERE slug = "a"')

    database.runs(tables.alter("tasks", {"note": WIDE}))

    assert "by_hand" in str(database.rows("SELECT name FROM sqlite_master"))
