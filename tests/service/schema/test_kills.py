"""A migration that is killed between any two statements is ended by the next run."""

from collections.abc import Iterator
from itertools import count

import pytest

from tests.conftest import Say
from tests.service.schema.catalogue import differences
from tests.service.schema.owner import TITLE, Owner
from tests.support import sql

CHANGED = (
    "title = fields.CharField(max_length=250, unique=True)",
    "reviewer = fields.ForeignKeyField('models.User', null=True, related_name='reviews')",
    "lower = fields.CharField(max_length=60)",
)
COLUMNS = "title, mark, reviewer_id, lower"
RENAMED = "--rename-table tasks=jobs --rename tasks.slug=mark --fill-sql jobs.lower=lower(body)"
"""Checks look at what is renamed, and at what goes: when all was done, neither is there."""


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


def test_the_next_run_ends_what_a_kill_has_stopped(changed: tuple[Owner, str], say: Say) -> None:
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

    say(f"{owner.service.database}: killed before each of {kills} statements, there and back")
    assert kills > 1


@pytest.mark.parametrize("reader", ["mysql"], indirect=True)
def test_nothing_runs_between_a_kill_and_the_end_of_its_migration(
    changed: tuple[Owner, str],
) -> None:
    """DDL is no transaction on MySQL: the tables of half a migration fit no other file."""
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


def test_plain_aerich_keeps_the_rows_that_hang_on_a_table(owner: Owner) -> None:
    """Also where SQLite makes the table anew, whose rows others refer to with CASCADE."""
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
