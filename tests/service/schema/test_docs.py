"""The page of the service about migrations is true: its examples are run, on each database."""

import os
import pty
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.service.schema.owner import TASK, TITLE, Owner, on_sqlite
from tests.support import sql
from tests.support.harness import Outcome, run

LINES = 165
PRICE = "12345678901234567890.012340"


@on_sqlite
def test_the_page_names_every_flag_and_recipes_that_exist(owner: Owner) -> None:
    (flags,) = owner.runs("make-migration --help")
    justfile = owner.service.project.text("justfile")

    assert set(re.findall(r"--[a-z-]+", flags)) - {"--help"} <= set(
        re.findall(r"--[a-z-]+", owner.page)
    )
    for recipe in re.findall(r"just ([a-z-]+)", owner.page):
        assert re.search(rf"^{recipe}\b.*:$", justfile, re.MULTILINE), recipe


UV = """#!/bin/sh
printf '<%s>' "$@"
"""
"""Prints what `just` hands to `uv run`."""


@on_sqlite
def test_recipes_take_the_flags_that_the_page_shows(owner: Owner, tmp_path: Path) -> None:
    (tmp_path / "uv").write_text(UV, encoding="utf-8")
    (tmp_path / "uv").chmod(0o755)
    path = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    commands = ("make-migration", "adopt-migrations", "migrate", "rollback", "restart-migrations")
    helps = dict(zip(commands, owner.runs(*[f"{each} --help" for each in commands]), strict=True))
    shown = set(re.findall(r"--[a-z-]+", owner.page))

    said = {}
    for command, text in helps.items():
        given = ["name", *sorted(shown & set(re.findall(r"--[a-z-]+", text)))]
        given += ["tasks.slug=lower(title) || ' x'"] if "--fill-sql" in given else []
        said[command, *given] = run(
            ["just", command, *given], cwd=owner.service.project.path, environment=path, check=False
        ).output

    for (command, *given), output in said.items():
        assert output.endswith("".join(f"<{each}>" for each in (command, *given))), output


OTHER = """
from tortoise import fields
from tortoise.models import Model


class Other(Model):
    id = fields.IntField(primary_key=True)
"""
ELSEWHERE = {
    "app/tasks/other.py": "define it in app.tasks.models, or import it there.",
    "app/tasks/deep/__init__.py": "define it in app.tasks.models, or import it there.",
    "app/labels/models.py": 'add "app.labels" to PARTS in app/parts.py.',
    "app/labels/tables.py": 'define it in app.labels.models, and add "app.labels" to PARTS in app',
    "app/other.py": "define it in the models.py of a part.",
}
"""Modules that Tortoise does not read, and what to do."""


@on_sqlite
@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_model_of_which_tortoise_was_not_told(owner: Owner, name: str) -> None:
    path = owner.service.project / name
    is_new = not path.parent.exists()
    path.parent.mkdir(exist_ok=True)
    path.write_text(OTHER, encoding="utf-8")

    (refused,) = owner.runs("make-migration add_others")
    red = _proof(owner) if name == "app/tasks/other.py" else None
    shutil.rmtree(path.parent) if is_new else path.unlink()

    assert refused.startswith("Error: Tortoise does not know app.")
    assert ELSEWHERE[name] in refused
    if red:
        assert red.status != 0
        assert "Tortoise does not know app.tasks.other.Other" in red.output


def _proof(owner: Owner) -> Outcome:
    """Run the comparison of migrations and models that `just check` runs."""
    test = "tests/database/test_migrations.py::test_the_migrations_create_the_schema_of_the_models"
    return owner.service.python("-m", "pytest", "-p", "no:cacheprovider", test, check=False)


def test_the_page_is_read_once(owner: Owner) -> None:
    assert len(owner.page.splitlines()) <= LINES


def test_the_daily_loop(owner: Owner) -> None:
    said, wrote = owner.block("add tasks.due").splitlines()
    owner.replace(TITLE, TITLE, owner.shown(r"add `(due = .*)` to `Task`"))

    made, up, back, _ = owner.runs(
        owner.shown(r"`just (make-migration add_due)`"), "migrate", "rollback", "migrate"
    )
    sql.query(owner.service, "UPDATE tasks SET due = '2026-12-24'")
    undone, nothing = owner.runs("rollback", "make-migration again")

    name = owner.named("add_due")
    assert '("tasks", "due"),' in owner.files()[-1].read_text(encoding="utf-8")
    assert made.splitlines() == [said, re.sub(r"\d{17}", name[:17], wrote)]
    assert up == f"Applied {name}\n"
    assert back == f"{name} deletes tasks.due (0 rows have a value)\nUndid {name}\n"
    assert undone == back.replace("0 rows", "2 rows")
    assert nothing == "Nothing to write: the migrations match the models.\n"


def test_rows_that_forbid_a_change(owner: Owner) -> None:
    fill = owner.shown(r"`(--fill \S+=\S+)`").replace("slug", "code")
    expression = owner.shown(r'`(--fill-sql ".*")`').replace("slug", "mark")
    text = "{} = fields.CharField(max_length=50)".format
    unique = TITLE.replace(")", ", unique=True)")
    owner.replace(TITLE, unique, text("code"), text("mark"), "is_done = fields.BooleanField()")
    sql.query(owner.service, "UPDATE tasks SET title = 'Same'")

    refused, _, stopped = owner.runs(
        "make-migration strict", "make-migration strict --anyway", "migrate"
    )
    name = owner.named("strict")
    owner.files()[-1].unlink()
    sql.query(owner.service, "DELETE FROM tasks")
    for title in ("Buy Milk", "Call Bob"):
        sql.query(owner.service, TASK.format(title))
    owner.runs(f"make-migration strict {fill} {expression} --fill tasks.is_done=false", "migrate")

    for message in (refused, stopped):
        for column in ("code", "mark", "is_done"):
            assert f"tasks.{column}, 2 rows: each row needs a value" in message
        assert "tasks.title, 2 rows: has a duplicate value" in message
    assert stopped.startswith(f"Error: {name} was not run. ")
    found = [tuple(map(str, row)) for row in owner.tasks("code, mark")]
    assert found == [("text", "buy milk"), ("text", "call bob")]
    assert owner.tasks("title") == sql.query(
        owner.service, "SELECT title FROM tasks WHERE NOT is_done ORDER BY id"
    )


def test_what_rows_are_filled_with(owner: Owner) -> None:
    due, is_done = "due = fields.DateField(null=True)", "is_done = fields.BooleanField()"
    level = "level = fields.IntEnumField(HTTPStatus, description='a status')"
    owner.replace(
        "from tortoise import fields", "from http import HTTPStatus; from tortoise import fields"
    )
    price = "price = fields.DecimalField(max_digits=27, decimal_places=6, null=True)"
    owner.replace(TITLE, TITLE, due, is_done, level, price, "code = fields.BinaryField(null=True)")
    wrong = {
        "tasks.is_done=yes": "'yes' is not a value of tasks.is_done: write true or false.",
        "tasks.due=soon": "'soon' is not a value of tasks.due: ",
        "tasks.done=true": "No column tasks.done to fill is added or changed.",
        "tasks.title=x": "No column tasks.title to fill is added or changed.",
        "tasks.due=2027-01-31 --fill-sql tasks.due=NULL": "Fill tasks.due with --fill or with",
        "tasks.price=1e99": "'1e99' is not a value of tasks.price: it is not a number, or has more",
    }

    refused = owner.runs(*[f"make-migration wrong --fill {each}" for each in wrong])
    fills = "--fill tasks.due=2027-01-31 --fill tasks.is_done=true --fill tasks.level=200"
    fills += f" --fill tasks.code=é --fill tasks.price={PRICE}"
    made, _ = owner.runs(f"make-migration filled {fills}", "migrate")

    for message, expected in zip(refused, wrong.values(), strict=True):
        assert message.startswith(f"Error: {expected}")
    assert made.startswith("  add tasks.due date null\n")
    filled = "SELECT count(*) FROM tasks WHERE due = '2027-01-31' AND is_done AND level = 200"
    assert sql.query(owner.service, filled) == [(2,)]
    assert owner.tasks("code") == [("é".encode(),)] * 2
    assert [str(price) for (price,) in owner.tasks("price")] == [PRICE] * 2


@on_sqlite
def test_what_cannot_get_another_name_is_said(owner: Owner) -> None:
    wrong = {
        "tasks.titel=subject": "There is no column tasks.titel to rename",
        "tasks.title=slug": "There is a column slug already, so column tasks.title cannot get its",
        "tasks.title=tasks.subject": "The models have no column tasks.subject, which column tasks.",
    }

    refused = owner.runs(*[f"make-migration wrong --rename {each}" for each in wrong])

    for message, expected in zip(refused, wrong.values(), strict=True):
        assert message.startswith(f"Error: {expected}")


@on_sqlite
def test_a_model_that_cannot_be_imported(owner: Owner) -> None:
    known = "from tortoise import fields"
    owner.replace(known, f"import no_such_module; {known}")

    made, migrated = owner.runs("make-migration wrong", "migrate")

    for said in (made, migrated):
        assert said.startswith("Error: ")
        assert "ModuleNotFoundError: No module named 'no_such_module'" in said


@on_sqlite
def test_each_changed_key_is_said(owner: Owner) -> None:
    """Two foreign keys exchange their actions on delete."""
    reader = (
        'reader = fields.ForeignKeyField("models.User", "reads", on_delete=fields.{}, null=True)'
    )
    owner.replace(TITLE, TITLE, reader.format("RESTRICT"))
    owner.runs("make-migration add_reader", "migrate")
    owner.replace("on_delete=fields.CASCADE", "on_delete=fields.RESTRICT")
    owner.replace(reader.format("RESTRICT"), reader.format("CASCADE"))

    (made,) = owner.runs("make-migration swap")

    key = "tasks foreign key ({}) references users (id) on delete {}"
    for column, old, new in (
        ("owner_id", "cascade", "restrict"),
        ("reader_id", "restrict", "cascade"),
    ):
        assert f"  add {key.format(column, new)}\n" in made
        assert f"  drop {key.format(column, old)}\n" in made


@on_sqlite
def test_a_rename_is_told_of_where_nobody_can_be_asked(owner: Owner) -> None:
    owner.replace(TITLE, TITLE.replace("title", "subject"))

    (made,) = owner.runs("make-migration rename_title --anyway")

    assert made.startswith(
        "Is tasks.subject the column title with a new name? If so, delete the file and write"
        " it again with --rename tasks.title=subject.\n"
    )


@on_sqlite
def test_a_new_name_of_a_table_is_told_of_too(owner: Owner) -> None:
    owner.replace('table = "tasks"', 'table = "jobs"')

    (made,) = owner.runs("make-migration jobs")

    assert made.startswith(
        "Is table jobs the table tasks with a new name? If so, delete the file and write it"
        " again with --rename-table tasks=jobs.\n  add table jobs ("
    )


@on_sqlite
def test_a_file_to_fill_by_hand_takes_no_options(owner: Owner) -> None:
    (refused,) = owner.runs("make-migration titles --empty --fill tasks.title=x")

    assert "--empty writes a file to complete by hand: it takes no other option." in refused
    assert not [path for path in owner.files() if path.stem.endswith("titles")]


@on_sqlite
def test_the_name_of_a_table_has_no_dot(owner: Owner) -> None:
    owner.replace('table = "tasks"', 'table = "work.tasks"')

    (refused,) = owner.runs("make-migration dotted")

    assert refused == "Error: Task: a table name must not contain a dot; use Meta.schema.\n"


@on_sqlite
def test_a_file_that_was_applied_and_deleted_is_missed(owner: Owner) -> None:
    owner.replace(TITLE, TITLE, "due = fields.DateField(null=True)")
    owner.runs("make-migration add_due", "migrate")
    path = owner.files()[-1]
    text = path.read_text(encoding="utf-8")
    path.unlink()

    (made,) = owner.runs("make-migration add_due_again")
    path.write_text(text, encoding="utf-8")
    (nothing,) = owner.runs("make-migration nothing")

    assert f"Error: The development database has applied {path.name}, whose file is missing" in made
    assert nothing == "Nothing to write: the migrations match the models.\n"


def test_renames(owner: Owner) -> None:
    lines = owner.block("--rename-table").splitlines()
    column, table = (re.findall(r"--rename\S* \S+", line)[0] for line in lines)
    owner.replace(TITLE, TITLE.replace("title", "subject"))
    owner.replace('table = "tasks"', 'table = "jobs"')

    made, _ = owner.runs(f"make-migration renames {column} {table}", "migrate")
    found = sql.query(owner.service, "SELECT subject FROM jobs ORDER BY id")
    owner.runs("rollback")

    assert made.startswith("  rename table tasks → jobs\n  rename jobs.title → subject\n")
    assert found == owner.tasks("title") == [("Buy Milk",), ("Call Bob",)]


@on_sqlite
@pytest.mark.parametrize("answer", ["", "y"])
def test_a_rename_is_asked_for_at_a_terminal(owner: Owner, answer: str) -> None:
    owner.replace(TITLE, TITLE.replace("title", "subject"))
    command = [str(owner.service.interpreter), "-m", "app.cli", "make-migration", "rename_title"]
    ours, theirs = pty.openpty()
    os.write(ours, f"{answer}\n".encode())

    done = subprocess.run(
        command,
        stdin=theirs,
        capture_output=True,
        cwd=owner.service.project.path,
        env=owner.service.environment,
        check=False,
    )
    os.close(ours)
    os.close(theirs)

    said = done.stdout.decode()
    assert said.startswith("Is tasks.subject the column title with a new name? [y/N]: ")
    assert ("  rename tasks.title → subject\n" in said) == bool(answer)
    assert (done.returncode == 0) == bool(answer)  # the rows have no subject


def test_data_migrations(owner: Owner) -> None:
    """The two examples are applied and undone; a file that fails changes no row."""
    sql.query(owner.service, "UPDATE tasks SET title = '' WHERE title = 'Call Bob'")
    fill_slugs = owner.shown(r"`just (make-migration fill_slugs --empty)`")
    owner.runs("make-migration titles --empty", fill_slugs, "make-migration broken --empty")
    owner.fills("titles", owner.block("SET title"))
    owner.fills("fill_slugs", owner.block("values_list"), owner.block("SET slug = ''"))
    owner.fills("broken", BROKEN)

    (stopped,) = owner.runs("migrate")
    broken = owner.named("broken")
    filled = owner.tasks("title, slug")
    owner.files()[-1].unlink()
    owner.replace(TITLE, TITLE, "later = fields.IntField(null=True)")
    *_, later = owner.runs("rollback", "rollback", "make-migration add_later")

    assert stopped.startswith(f"Error: {broken} failed (")
    assert filled == [("Buy Milk", "buy-milk"), ("Untitled", "untitled")]
    assert owner.tasks("title, slug") == [("Buy Milk", ""), ("Untitled", "")]
    assert later.startswith("  add tasks.later ")  # a new database lacked it in fill_slugs


BROKEN = """
async def upgrade(db: BaseDBAsyncClient) -> str:
    await db.execute_query("UPDATE tasks SET title = 'Lost'")
    await db.execute_query("UPDATE nowhere SET title = 'Lost'")
    return "SELECT 1"
"""
"""A migration of which the second statement fails."""


def test_what_no_model_describes(owner: Owner) -> None:
    owner.runs("make-migration add_holidays --empty")
    owner.fills("add_holidays", HOLIDAYS, owner.shown(r"`(ROLLBACK_DELETES = .*?)`"))
    made, dropped = owner.runs("migrate", "make-migration drops")
    owner.files()[-1].unlink()
    owner.fills("add_holidays", owner.shown(r"`(UNMANAGED = .*?)`"))

    nothing, undone = owner.runs("make-migration nothing", "rollback")

    name = owner.named("add_holidays")
    assert made == f"Applied {name}\n"
    assert dropped.startswith("  drop table holidays (day) (its values are lost)\n")
    assert nothing == "Nothing to write: the migrations match the models.\n"
    assert undone == f"{name} deletes table holidays (0 rows)\nUndid {name}\n"


HOLIDAYS = """
async def upgrade(db: BaseDBAsyncClient) -> str:
    await db.execute_query("CREATE TABLE holidays (day DATE NOT NULL PRIMARY KEY)")
    return "CREATE VIEW titles AS SELECT title FROM tasks"

async def downgrade(db: BaseDBAsyncClient) -> str:
    await db.execute_query("DROP VIEW titles")
    return "DROP TABLE holidays"
"""
"""A table and a view that an owner makes by hand; the view needs no mention."""


SEARCH = """
async def upgrade(db: BaseDBAsyncClient) -> str:
    return "ALTER TABLE tasks ADD COLUMN search INTEGER"

async def downgrade(db: BaseDBAsyncClient) -> str:
    return "ALTER TABLE tasks DROP COLUMN search"

UNMANAGED = ["tasks.search"]
"""
"""A column that no model describes."""


def test_what_no_model_describes_stays_when_its_table_gets_another_name(owner: Owner) -> None:
    owner.runs("make-migration search --empty")
    owner.fills("search", SEARCH)
    owner.runs("migrate")
    sql.query(owner.service, "UPDATE tasks SET search = 7")
    owner.replace('table = "tasks"', 'table = "jobs"')

    made, _, nothing = owner.runs(
        "make-migration jobs --rename-table tasks=jobs", "migrate", "make-migration nothing"
    )
    found = sql.query(owner.service, "SELECT search FROM jobs")
    owner.replace('table = "jobs"', 'table = "tasks"')
    owner.runs("rollback")

    assert "drop" not in made
    assert "  keep jobs.search, which no model describes\n" in made
    assert nothing == "Nothing to write: the migrations match the models.\n"
    assert found == owner.tasks("search") == [(7,), (7,)]


@on_sqlite
def test_no_warning_of_python_is_printed(owner: Owner) -> None:
    owner.replace(
        "from tortoise import fields", "from datetime import time; from tortoise import fields"
    )
    owner.replace(TITLE, TITLE, "at = fields.TimeField(default=time(8))")

    (made,) = owner.runs("make-migration add_at")

    assert made.startswith("  add tasks.at time not null\nWrote ")


def test_plain_aerich_from_an_empty_database(owner: Owner) -> None:
    aerich = str(owner.service.interpreter.with_name("aerich"))
    names = [f"{path.name}" for path in owner.files()]
    owner.starts_anew()

    history = owner.service.run(aerich, "history").output
    early = owner.service.run(aerich, "heads", check=False)
    nothing = owner.service.run(aerich, "downgrade", "--yes").output
    owner.service.run(aerich, "upgrade")
    heads = owner.service.run(aerich, "heads").output
    down = owner.service.run(aerich, "downgrade", "--yes").output
    waiting = owner.service.run(aerich, "heads").output
    owner.service.run(aerich, "upgrade")

    assert history.split() == names
    assert "Only `heads` fails in an empty database" in " ".join(owner.page.split())
    assert early.status == 1
    assert nothing == "No specified version found\n"
    assert heads == "No available heads.\n"
    assert down == f"Success downgrading to {names[-1]}\n"
    assert waiting == f"{names[-1]}\n"


@on_sqlite
def test_plain_aerich(owner: Owner) -> None:
    aerich = str(owner.service.interpreter.with_name("aerich"))
    files = {path: path.read_bytes() for path in owner.files()}
    owner.replace(TITLE, TITLE, "due = fields.DateField(null=True)")

    for command in ("heads", "history", "downgrade --yes", "upgrade"):
        assert re.search(rf"`{command.split()[0]}`|aerich {command.split()[0]}`", owner.page)
        owner.service.run(aerich, *command.split())
    owner.service.run(aerich, "migrate", "--name", "add_due")
    (refused,) = owner.runs("make-migration add_due")
    red = _proof(owner)

    (made,) = set(owner.files()) - set(files)
    assert "CREATE TABLE" in made.read_text(encoding="utf-8")
    assert {path: path.read_bytes() for path in files} == files
    assert "cannot be applied to an empty database" in refused
    assert red.status != 0
    assert 'table "user_roles" already exists' in red.output
