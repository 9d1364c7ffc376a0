"""Objects of an SQLite file other than tables: statistics, full-text search, views, triggers."""

import pytest

from tests.service.schema.owner import TASK, TITLE, Owner, on_sqlite
from tests.support import sql
from tests.support.databases import Row

pytestmark = on_sqlite

WIDE = TITLE.replace("200", "250")
SEARCH = '''
async def upgrade(db: BaseDBAsyncClient) -> str:
    await db.execute_query(
        "CREATE VIRTUAL TABLE search USING fts5(title, content='tasks', content_rowid='id')"
    )
    await db.execute_query("CREATE VIEW titles AS SELECT id, title FROM tasks")
    return """CREATE TRIGGER found AFTER INSERT ON tasks BEGIN
        INSERT INTO search (rowid, title) VALUES (new.id, new.title); END"""

async def downgrade(db: BaseDBAsyncClient) -> str:
    await db.execute_query("DROP TRIGGER found")
    await db.execute_query("DROP VIEW titles")
    return "DROP TABLE search"
'''
"""Objects that an owner makes by hand, and names nowhere: no model can describe them."""


@pytest.fixture
def searching(owner: Owner) -> Owner:
    """Offer an owner with a full-text index of tasks, which a trigger fills, and a view."""
    owner.runs("make-migration search --empty")
    owner.fills("search", SEARCH)
    (up,) = owner.runs("migrate")
    assert up == f"Applied {owner.named('search')}\n"
    return owner


def _found(owner: Owner, word: str) -> list[Row]:
    return sql.query(owner.service, f"SELECT rowid FROM search WHERE search MATCH '{word}'")  # noqa: S608


def test_statistics_are_left_alone(owner: Owner) -> None:
    sql.query(owner.service, "ANALYZE")
    owner.replace(TITLE, WIDE)

    made, up, back, again = owner.runs("make-migration wider", "migrate", "rollback", "migrate")

    assert "change tasks.title varchar(200) not null" in made
    assert (up, again) == (f"Applied {owner.named('wider')}\n",) * 2
    assert back.endswith(f"Undid {owner.named('wider')}\n")


def test_a_column_whose_name_says_sqlite_sequence_is_a_column(owner: Owner) -> None:
    """The tables of SQLite itself are known by their names."""
    owner.replace(TITLE, TITLE, "sqlite_sequence = fields.IntField(null=True)")
    owner.runs("make-migration one", "migrate")
    owner.replace(TITLE, WIDE)

    (_, up) = owner.runs("make-migration wider", "migrate")

    assert up == f"Applied {owner.named('wider')}\n"
    assert owner.tasks("sqlite_sequence") == [(None,), (None,)]


def test_a_full_text_index_its_trigger_and_a_view_outlive_changes(searching: Owner) -> None:
    owner = searching
    owner.replace(TITLE, WIDE)
    nothing_else, up = owner.runs("make-migration wider", "migrate")
    sql.query(owner.service, TASK.format("Feed Cat"))
    owner.replace(WIDE, WIDE.replace("title", "subject"))
    renamed, again = owner.runs("make-migration subject --rename tasks.title=subject", "migrate")
    sql.query(owner.service, TASK.replace("title", "subject").format("Walk Dog"))
    seen = sql.query(owner.service, "SELECT subject FROM titles ORDER BY id DESC")

    back, far = owner.runs("rollback", "rollback")
    sql.query(owner.service, TASK.format("Oil Bike"))

    assert nothing_else.count("\n") == 2
    assert "rename tasks.title → subject" in renamed
    assert (up, again) == tuple(f"Applied {owner.named(each)}\n" for each in ("wider", "subject"))
    assert seen[:2] == [("Walk Dog",), ("Feed Cat",)]
    assert "Undid" in back
    assert "Undid" in far
    assert all(_found(owner, word) for word in ("cat", "dog", "bike"))


@pytest.mark.parametrize("kind", ["VIEW", "TRIGGER"])
def test_a_column_under_a_view_or_trigger_does_not_go(owner: Owner, kind: str) -> None:
    """A view would fail when it is read, a trigger when a row is written."""
    made = {
        "VIEW": "CREATE VIEW it AS SELECT body FROM tasks",
        "TRIGGER": "CREATE TRIGGER it AFTER UPDATE ON tasks WHEN new.body = '' BEGIN SELECT 1; END",
    }
    owner.runs("make-migration by_hand --empty")
    owner.fills(
        "by_hand", _returning("upgrade", made[kind]), _returning("downgrade", f"DROP {kind} it")
    )
    owner.runs("migrate")
    owner.replace("    body = fields.TextField()\n", "")

    (refused,) = owner.runs("make-migration drop_body")

    assert f"A view or trigger would break (error in {kind.lower()} it" in refused
    assert "drop it in a migration made with --empty" in refused


def _returning(name: str, statement: str) -> str:
    return f'async def {name}(db: BaseDBAsyncClient) -> str:\n    return "{statement}"'


def test_a_decimal_that_comes_back_can_be_read(owner: Owner) -> None:
    owner.replace(
        TITLE, TITLE, "cost = fields.DecimalField(max_digits=8, decimal_places=2, default=1)"
    )
    owner.runs("make-migration cost", "migrate")
    owner.replace("    cost = fields.DecimalField(max_digits=8, decimal_places=2, default=1)\n", "")

    owner.runs("make-migration no_cost", "migrate", "rollback")

    assert owner.tasks("cost") == [("0",), ("0",)]
