"""The page of the service about migrations is true: what it shows is run, on each database."""

import ast
import json
import os
import pty
import re
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from tests import harness
from tests.conftest import need
from tests.harness import Service
from tests.schema.case import DATABASES
from tests.tour import rows

PAGE = "docs/migrations.md"
LINES = 160
MODEL = "app/models/task.py"
TITLE = "title = fields.CharField(max_length=200)"
MODELS = "MODELS: list[str] = [\n"
SLUG = 'slug = fields.CharField(max_length=50, default="")'
USER = (
    "INSERT INTO users (id, username, username_key, email, password_hash, is_active, created_at,"
    " updated_at) VALUES (1, 'ada', 'ada', 'ada@example.com', '', TRUE, '2026-01-01', '2026-01-01')"
)
TASK = (
    "INSERT INTO tasks (title, slug, body, created_at, updated_at, owner_id)"
    " VALUES ('{}', '', '', '2026-01-01', '2026-01-01', 1)"
)
WARM = """
import contextlib, io, json, os, sys, traceback
import aerich.cli, fastapi_offline, jose.jwt, passlib.context, pydantic_settings
import tortoise.contrib.fastapi, uvicorn.supervisors, zxcvbn

for line in sys.stdin:
    if child := os.fork():
        os.waitpid(child, 0)
        continue
    said = []
    for arguments in json.loads(line):
        with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(out):
            try:
                from app.cli import cli
                cli.main(arguments)
            except SystemExit:
                pass
            except Exception:
                traceback.print_exc()
        said.append(out.getvalue())
    print(json.dumps(said), flush=True)
    os._exit(0)
"""
"""Runs commands in processes that have all packages already, which costs the most of their time.

The service itself, and so its models, are imported by each process anew.
"""


class Owner:
    """Somebody who reads the page, and does what it says in a service."""

    def __init__(self, service: Service, commands: IO[str], answers: IO[str]) -> None:
        self.service = service
        self.page = service.project.text(PAGE)
        self.commands, self.answers = commands, answers

    def shown(self, pattern: str) -> str:
        """Return what the page has in the brackets of a pattern, once."""
        (found,) = set(re.findall(pattern, self.page))
        return str(found)

    def block(self, words: str) -> str:
        """Return the block of code with these words, as somebody would copy it."""
        blocks = re.findall(r"^( *)```\w*\n(.*?)^ *```$", self.page, re.MULTILINE | re.DOTALL)
        (found,) = (
            re.sub(rf"^{indent}", "", block, flags=re.MULTILINE)
            for indent, block in blocks
            if words in block
        )
        return str(found)

    def replace(self, old: str, *new: str) -> None:
        """Change the model: a line for one that is there."""
        path = self.service.project / MODEL
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1
        path.write_text(text.replace(old, "\n    ".join(new)), encoding="utf-8")

    def lists(self, module: str) -> None:
        """Tell Tortoise of one more module."""
        path = self.service.project / "app/database.py"
        text = path.read_text(encoding="utf-8")
        assert text.count(MODELS) == 1
        path.write_text(text.replace(MODELS, f'{MODELS}    "{module}",\n'), encoding="utf-8")

    def runs(self, *commands: str) -> list[str]:
        """Run commands, written as on the page but for `just`, and return what they print."""
        print(json.dumps([shlex.split(each) for each in commands]), file=self.commands, flush=True)
        said: list[str] = json.loads(self.answers.readline())
        return said

    def files(self) -> list[Path]:
        """Return the migrations, the last made last."""
        return sorted(self.service.project.path.glob("migrations/models/2*.py"))

    def named(self, name: str) -> str:
        """Return the whole name of a migration."""
        (path,) = (path for path in self.files() if path.stem.endswith(name))
        return path.stem

    def fills(self, name: str, *sources: str) -> None:
        """Put functions and constants into a migration, in the place of those that are there."""
        path = self.service.project / f"migrations/models/{self.named(name)}.py"
        for node in ast.parse("\n\n".join(sources)).body:
            text = path.read_text(encoding="utf-8")
            (there,) = (each for each in ast.parse(text).body if _name(each) == _name(node))
            old = ast.get_source_segment(text, there)
            assert old
            path.write_text(text.replace(old, ast.unparse(node)), encoding="utf-8")

    def tasks(self, columns: str) -> list[rows.Row]:
        """Return columns of the tasks, in the order in which they were made."""
        return rows.query(self.service, f"SELECT {columns} FROM tasks ORDER BY id")  # noqa: S608


def _name(node: ast.stmt) -> str:
    match node:
        case ast.AsyncFunctionDef(name=name):
            return name
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return name
    return ""


@pytest.fixture(scope="module", params=DATABASES)
def reader(
    request: pytest.FixtureRequest, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Owner]:
    """Offer the owner of a service who has added a table to it, as the README says."""
    database = request.param
    need(database)
    answers = {"database": database, "project_slug": harness.new_slug("docs")}
    folder = tmp_path_factory.mktemp("docs") / "service"
    project = harness.render(template, folder, answers)
    with Service(project, database) as service, _warm(service) as owner:
        assert "copy `app/models/note.py` and change its names" in project.text("README.md")
        model = project.text("app/models/note.py").replace("Note", "Task")
        model = model.replace('"notes"', '"tasks"').replace(TITLE, f"{TITLE}\n    {SLUG}")
        (project / MODEL).write_text(model, encoding="utf-8")
        owner.lists("app.models.task")
        made, *_ = owner.runs("make-migration add_tasks", "migrate", "rollback --to 0", "migrate")
        assert made.startswith("  add table tasks (id, title, slug, body, ")
        rows.query(service, USER)
        yield owner


@contextmanager
def _warm(service: Service) -> Iterator[Owner]:
    """Start the process that runs commands."""
    with subprocess.Popen(
        [str(service.interpreter), "-c", WARM],
        cwd=service.project.path,
        env=service.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        yield Owner(service, process.stdin, process.stdout)


@pytest.fixture
def owner(reader: Owner) -> Iterator[Owner]:
    """Offer the owner of a service with two tasks; take back afterwards what a test has made."""
    service = reader.service
    model, files = service.project.text(MODEL), reader.files()
    rows.query(service, "DELETE FROM tasks")
    for title in ("Buy Milk", "Call Bob"):
        rows.query(service, TASK.format(title))
    yield reader
    if added := rows.count(service, "aerich") - len(files):
        reader.runs(*["rollback"] * added)
    (service.project / MODEL).write_text(model, encoding="utf-8")
    for path in set(reader.files()) - set(files):
        path.unlink()


on_sqlite = pytest.mark.parametrize("reader", ["sqlite"], indirect=True)
"""For what has nothing to do with the database."""


@on_sqlite
def test_the_page_names_every_flag_and_recipes_that_exist(owner: Owner) -> None:
    (flags,) = owner.runs("make-migration --help")
    justfile = owner.service.project.text("justfile")

    assert set(re.findall(r"--[a-z-]+", flags)) - {"--help"} <= set(
        re.findall(r"--[a-z-]+", owner.page)
    )
    for recipe in re.findall(r"just ([a-z-]+)", owner.page):
        assert re.search(rf"^{recipe}\b.*:$", justfile, re.MULTILINE), recipe


@on_sqlite
def test_a_model_of_which_tortoise_was_not_told(owner: Owner) -> None:
    path = owner.service.project / "app/models/other.py"
    text = owner.service.project.text(MODEL).replace("Task", "Other").replace("tasks", "others")
    path.write_text(text, encoding="utf-8")

    (refused,) = owner.runs("make-migration add_others")
    path.unlink()

    assert refused.startswith("Error: Tortoise was not told of app.models.other.Other: add its")


def test_the_page_is_read_once(owner: Owner) -> None:
    assert len(owner.page.splitlines()) <= LINES


def test_the_daily_loop(owner: Owner) -> None:
    said, wrote = owner.block("add tasks.due").splitlines()
    owner.replace(TITLE, TITLE, owner.shown(r"add `(due = .*)` to `Task`"))

    made, up, back, _ = owner.runs(
        owner.shown(r"`just (make-migration add_due)`"), "migrate", "rollback", "migrate"
    )
    rows.query(owner.service, "UPDATE tasks SET due = '2026-12-24'")
    undone, nothing = owner.runs("rollback", "make-migration again")

    name = owner.named("add_due")
    assert made.splitlines() == [said, re.sub(r"\d{17}", name[:17], wrote)]
    assert up == f"Applied {name}\n"
    assert back == f"{name} deletes tasks.due (0 rows have a value)\nUndid {name}\n"
    assert undone == back.replace("0 rows", "2 rows")
    assert nothing == "Nothing to write: the migrations match the models.\n"


def test_rows_that_forbid_a_change(owner: Owner) -> None:
    fill = owner.shown(r"`(--fill \S+=\S+)`").replace("slug", "code")
    expression = owner.shown(r'`(--fill-sql ".*")`').replace("slug", "mark")
    constant = owner.shown(r"`(--fill-sql \S+=FALSE)`")
    text = "{} = fields.CharField(max_length=50)".format
    unique = TITLE.replace(")", ", unique=True)")
    owner.replace(TITLE, unique, text("code"), text("mark"), "is_done = fields.BooleanField()")
    rows.query(owner.service, "UPDATE tasks SET title = 'Same'")

    refused, _, stopped = owner.runs(
        "make-migration strict", "make-migration strict --anyway", "migrate"
    )
    name = owner.named("strict")
    owner.files()[-1].unlink()
    rows.query(owner.service, "DELETE FROM tasks")
    for title in ("Buy Milk", "Call Bob"):
        rows.query(owner.service, TASK.format(title))
    owner.runs(f"make-migration strict {fill} {expression} {constant}", "migrate")

    for message in (refused, stopped):
        for column in ("code", "mark", "is_done"):
            assert f"tasks.{column}, 2 rows: each row needs a value" in message
        assert "tasks.title, 2 rows: has a value that others have too" in message
    assert stopped.startswith(f"Error: {name} was not run. ")
    found = [tuple(map(str, row)) for row in owner.tasks("code, mark")]
    assert found == [("text", "buy milk"), ("text", "call bob")]
    assert owner.tasks("title") == rows.query(
        owner.service, "SELECT title FROM tasks WHERE NOT is_done ORDER BY id"
    )


def test_renames(owner: Owner) -> None:
    lines = owner.block("--rename-table").splitlines()
    column, table = (re.findall(r"--rename\S* \S+", line)[0] for line in lines)
    owner.replace(TITLE, TITLE.replace("title", "subject"))
    owner.replace('table = "tasks"', 'table = "jobs"')

    made, _ = owner.runs(f"make-migration renames {column} {table}", "migrate")
    found = rows.query(owner.service, "SELECT subject FROM jobs ORDER BY id")
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
    """Both examples are applied and undone; a file that fails changes no row."""
    rows.query(owner.service, "UPDATE tasks SET title = '' WHERE title = 'Call Bob'")
    fill_slugs = owner.shown(r"`just (make-migration fill_slugs --empty)`")
    owner.runs("make-migration titles --empty", fill_slugs, "make-migration broken --empty")
    owner.fills("titles", owner.block("SET title"))
    owner.fills("fill_slugs", owner.block("values_list"), owner.block("SET slug = ''"))
    owner.fills("broken", BROKEN, *re.findall(r"`(RUN_IN_TRANSACTION = True)`", owner.page))

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
    assert dropped.startswith("  drop table holidays (day) (what it holds is lost)\n")
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
"""What an owner makes by hand; the view needs no mention."""


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
    test = "tests/test_migrations.py::test_the_migrations_make_what_the_models_describe"
    red = owner.service.python("-m", "pytest", "-p", "no:cacheprovider", test, check=False)

    (made,) = set(owner.files()) - set(files)
    assert "CREATE TABLE" in made.read_text(encoding="utf-8")
    assert {path: path.read_bytes() for path in files} == files
    assert "cannot be applied to an empty database" in refused
    assert red.status != 0
    assert 'table "user_roles" already exists' in red.output
