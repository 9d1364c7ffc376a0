"""A migration that is killed between any two statements is completed by the next run."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from threading import Event

import pytest

from tests.conftest import RecordFigure
from tests.service.schema.catalogue import differences
from tests.service.schema.owner import TASK, TITLE, Owner
from tests.support import sql

CHANGED = (
    "title = fields.CharField(max_length=250, unique=True)",
    "reviewer = fields.ForeignKeyField('models.User', null=True, related_name='reviews')",
    "lower = fields.CharField(max_length=60)",
)
on_mysql = pytest.mark.parametrize("reader", ["mysql"], indirect=True)
COLUMNS = "title, mark, reviewer_id, lower"
RENAMED = "--rename-table tasks=jobs --rename tasks.slug=mark --fill-sql jobs.lower=lower(body)"
"""Options whose checks read old names: once all was applied, these do not exist any more."""


def _recorded(owner: Owner, name: str) -> bool:
    return sql.count(owner.service, "aerich", f"version = '{name}.py'") == 1


@pytest.fixture
def changed(owner: Owner) -> Iterator[tuple[Owner, str]]:
    """Offer an owner with a migration of several statements, and its name."""
    sql.query(owner.service, "UPDATE tasks SET slug = 'longer'")
    owner.replace(TITLE, *CHANGED)
    owner.replace("slug = fields.CharField(max_length=50", "mark = fields.CharField(max_length=6")
    owner.replace("    body = fields.TextField()\n", "")
    owner.replace('table = "tasks"', 'table = "jobs"')
    owner.runs(f"make-migration changes {RENAMED}")
    name = owner.named("changes")
    yield owner, name
    if _recorded(owner, name):
        owner.runs("rollback")


def test_the_next_run_ends_what_a_kill_has_stopped(
    changed: tuple[Owner, str], record_figure: RecordFigure
) -> None:
    owner, name = changed
    before = owner.catalogue()
    owner.runs("migrate")
    after = owner.catalogue()
    owner.runs("rollback")
    kills = 0

    for number in count():
        sql.query(owner.service, "UPDATE tasks SET body = upper(title)")  # an undo leaves it empty
        (there,) = owner.runs(f"die-at {number}", "migrate")
        if not _recorded(owner, name):
            owner.runs("migrate")
        assert differences(owner.catalogue(), after, names=True) == [], number
        assert sql.query(owner.service, f"SELECT {COLUMNS} FROM jobs ORDER BY id") == [  # noqa: S608
            (title, "longer", None, title.lower()) for title in ("Buy Milk", "Call Bob")
        ]
        (back,) = owner.runs(f"die-at {number}", "rollback")
        if _recorded(owner, name):
            owner.runs("rollback")
        assert differences(owner.catalogue(), before, names=True) == [], number
        assert owner.tasks("title, slug") == [("Buy Milk", "longer"), ("Call Bob", "longer")]
        if "killed" not in {there, back}:
            break
        kills += 1

    record_figure(
        f"{owner.service.database}: killed before each of {kills} statements, there and back"
    )
    assert kills > 1


@on_mysql
def test_nothing_runs_between_a_kill_and_the_end_of_its_migration(
    changed: tuple[Owner, str],
) -> None:
    """MySQL has no transactional DDL: no other file fits the tables of half a migration."""
    owner, name = changed

    killed = owner.runs("die-at 8", "migrate")
    half = owner.catalogue()
    (refused,) = owner.runs("rollback")
    same = owner.catalogue()
    (ended,) = owner.runs("migrate")

    assert killed == ["killed"]
    sentence = f"{name} was stopped half-way: `just migrate` has to end it first."
    assert sentence in refused
    assert differences(half, same, names=True) == []
    assert ended == f"Applied {name}\n"


@pytest.fixture
def ranked(reader: Owner, owner: Owner) -> Iterator[tuple[Owner, str]]:
    """Offer an owner without tasks, with a migration to a NOT NULL column, and its name."""
    sql.query(owner.service, "DELETE FROM tasks")
    owner.replace(TITLE, TITLE, "rank = fields.IntField()")
    owner.runs("make-migration ranks")
    name = owner.named("ranks")
    yield owner, name
    sql.query(owner.service, "DELETE FROM tasks")
    if not _recorded(owner, name):
        reader.runs("migrate")


@contextmanager
def _inserting(owner: Owner) -> Iterator[None]:
    """Insert a task in a transaction that stays open during the block."""
    has_begun, may_end = Event(), Event()

    def insert() -> None:
        with sql.session(owner.service.database_url) as session:
            for statement in ("BEGIN", TASK.format("Call Eve")):
                session.execute(statement)
            has_begun.set()
            may_end.wait()
            session.execute("COMMIT")

    with ThreadPoolExecutor() as pool:
        done = pool.submit(insert)
        has_begun.wait()
        try:
            yield
        finally:
            may_end.set()
        done.result()


@on_mysql
def test_rows_inserted_while_a_migration_waited_are_checked(
    ranked: tuple[Owner, str],
) -> None:
    """The first statement was refused, and MySQL would put 0 into a row without a value."""
    owner, name = ranked
    before = owner.catalogue()

    with _inserting(owner):
        (waited,) = owner.runs("migrate")
    (again,) = owner.runs("migrate")

    assert "another session holds a lock on the table" in waited
    assert f"{name} was not run. tasks.rank, 1 row: each row needs a value" in again
    assert differences(owner.catalogue(), before, names=True) == []


@on_mysql
def test_no_value_is_made_up_for_rows_inserted_between_the_statements(
    ranked: tuple[Owner, str],
) -> None:
    owner, name = ranked

    killed = owner.runs("die-at 3", "migrate")
    sql.query(owner.service, TASK.format("Call Eve"))
    (refused,) = owner.runs("migrate")
    values = owner.tasks("rank")
    sql.query(owner.service, "UPDATE tasks SET rank = 5")
    (ended,) = owner.runs("migrate")

    assert killed == ["killed"]
    assert f"{name} failed" in refused
    assert values == [(None,)]
    assert ended == f"Applied {name}\n"
    assert owner.tasks("rank") == [(5,)]


def test_plain_aerich_keeps_the_rows_that_hang_on_a_table(owner: Owner) -> None:
    """SQLite rebuilds the table, to whose rows others refer with CASCADE."""
    user, email = "app/accounts/models.py", "email = fields.CharField(max_length=254"
    before = owner.catalogue()
    owner.replace(email, email.replace("254", "300"), module=user)
    owner.runs("make-migration wider")
    tasks = owner.tasks("id, title, owner_id")

    _aerich(owner, "upgrade")
    after, there = owner.catalogue(), owner.tasks("id, title, owner_id")
    _aerich(owner, "downgrade", "--yes")
    owner.replace(email.replace("254", "300"), email, module=user)

    assert differences(before, after) != []
    assert differences(before, owner.catalogue(), names=True) == []
    assert tasks == there == owner.tasks("id, title, owner_id")
    assert len(tasks) == 2


def _aerich(owner: Owner, *arguments: str) -> None:
    owner.service.run(str(owner.service.interpreter.with_name("aerich")), *arguments)
