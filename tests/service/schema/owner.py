"""An owner of a service, whose commands run in processes that start quickly."""

import ast
import asyncio
import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from tests.service.schema.catalogue import Catalogue
from tests.service.schema.trial_databases import TrialDatabase
from tests.support import sql
from tests.support.databases import Row
from tests.support.harness import Service

PAGE = "docs/migrations.md"
MODEL = "app/tasks/models.py"
TITLE = "title = fields.CharField(max_length=200)"
PARTS = "PARTS: list[str] = [\n"
USER = (
    "INSERT INTO users (id, username, username_key, email, email_verified, password_hash,"
    " is_active, created_at, updated_at) VALUES"
    " (1, 'ada', 'ada', 'ada@example.com', TRUE, '', TRUE, '2026-01-01', '2026-01-01')"
)
TASK = (
    "INSERT INTO tasks (title, slug, body, created_at, updated_at, owner_id)"
    " VALUES ('{}', '', '', '2026-01-01', '2026-01-01', 1)"
)
WARM = """
import asyncio, contextlib, importlib, io, json, os, signal, sys, traceback
import aerich.cli, fastapi_offline, jose.jwt, passlib.context, pydantic_settings
import tortoise.contrib.fastapi, uvicorn.supervisors, zxcvbn
from tortoise.backends.base.client import BaseDBAsyncClient

def die_at(number):
    def armed(act):
        async def counted(self, *arguments, **named):
            nonlocal number
            if not str(*arguments[:1]).startswith("SELECT"):
                number -= 1
            if number < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return await act(self, *arguments, **named)
        return counted

    clients = [BaseDBAsyncClient]
    for client in clients:
        clients += client.__subclasses__()
        for name in {"execute_script", "execute_query", "execute_insert", "commit"} & {
            *vars(client)
        }:
            setattr(client, name, armed(getattr(client, name)))

sys.dont_write_bytecode = True  # models are edited twice in a second
for line in sys.stdin:
    if child := os.fork():
        if status := os.waitpid(child, 0)[1]:
            is_kill = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
            print(json.dumps(["killed" if is_kill else f"status {status}"]), flush=True)
        continue
    said = []
    for arguments in json.loads(line):
        from app.database import administration
        if arguments[0] == "empty":
            asyncio.run(administration.drop_database(os.environ["DATABASE_URL"]))
            asyncio.run(administration.create_database(os.environ["DATABASE_URL"]))
            said.append("")
            continue
        if arguments[0] == "die-at":
            from app.config import TORTOISE_ORM
            importlib.import_module(TORTOISE_ORM["connections"]["default"]["engine"])
            die_at(int(arguments[1]))
            continue
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

The service itself, and so its models, are imported by each process anew. `die-at 3` before a
command lets its process kill itself before the fourth statement that is no SELECT, and `empty`
makes the database anew.
"""

on_sqlite = pytest.mark.parametrize("reader", ["sqlite"], indirect=True)
"""Marks a test that does not depend on the database."""


class Owner:
    """An owner who follows the page about migrations in a service."""

    def __init__(self, service: Service, commands: IO[str], answers: IO[str]) -> None:
        self.service = service
        self.page = service.project.text(PAGE)
        self.commands, self.answers = commands, answers

    def shown(self, pattern: str) -> str:
        """Return the group of a pattern as it stands in the page, where all matches are equal."""
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

    def replace(self, old: str, *new: str, module: str = MODEL) -> None:
        """Replace a line of a model by others."""
        path = self.service.project / module
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1
        path.write_text(text.replace(old, "\n    ".join(new)), encoding="utf-8")

    def lists(self, part: str) -> None:
        """Add a part to `app/parts.py`."""
        path = self.service.project / "app/parts.py"
        text = path.read_text(encoding="utf-8")
        assert text.count(PARTS) == 1
        path.write_text(text.replace(PARTS, f'{PARTS}    "{part}",\n'), encoding="utf-8")

    def runs(self, *commands: str) -> list[str]:
        """Run commands, written as on the page but for `just`, and return what they print."""
        print(json.dumps([shlex.split(each) for each in commands]), file=self.commands, flush=True)
        said: list[str] = json.loads(self.answers.readline())
        return said

    def starts_anew(self, *commands: str) -> list[str]:
        """Run commands on an empty database."""
        return self.runs("empty", *commands)[1:]

    def catalogue(self) -> Catalogue:
        """Read the database."""
        service = self.service
        return asyncio.run(TrialDatabase(service.database, service.database_url).catalogue())

    def files(self) -> list[Path]:
        """Return the migrations, in the order in which they were made."""
        return sorted(self.service.project.path.glob("migrations/models/2*.py"))

    def named(self, name: str) -> str:
        """Return the full name of a migration."""
        (path,) = (path for path in self.files() if path.stem.endswith(name))
        return path.stem

    def fills(self, name: str, *sources: str) -> None:
        """Put functions and constants into a migration, in place of those of the same names."""
        path = self.service.project / f"migrations/models/{self.named(name)}.py"
        for node in ast.parse("\n\n".join(sources)).body:
            text = path.read_text(encoding="utf-8")
            (there,) = (each for each in ast.parse(text).body if _name(each) == _name(node))
            old = ast.get_source_segment(text, there)
            assert old
            path.write_text(text.replace(old, ast.unparse(node)), encoding="utf-8")

    def tasks(self, columns: str) -> list[Row]:
        """Return columns of the tasks, in the order in which they were made."""
        return sql.query(self.service, f"SELECT {columns} FROM tasks ORDER BY id")  # noqa: S608


def _name(node: ast.stmt) -> str:
    match node:
        case ast.AsyncFunctionDef(name=name):
            return name
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return name
    return ""


@contextmanager
def warm(service: Service) -> Iterator[Owner]:
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
