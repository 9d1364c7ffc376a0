"""Development commands that write migrations."""

import os
import re
import sys
from collections.abc import Callable, Coroutine, Iterable
from functools import cache, wraps
from pathlib import Path
from typing import Any, ParamSpec

import click

from app.config import get_settings
from app.database.command_line import async_command
from app.database.connection import migration_config
from app.web.errors import AppError
from tools.migrations import adopt, files
from tools.migrations import restart as restarting
from tools.migrations.changes import Rename
from tools.migrations.make import Made, Options, Project, Refused, make

FILL, FILL_SQL = "--fill tasks.text=none", "--fill-sql tasks.slug=lower(title)"
FOLDER = Path(__file__).parents[2] / "migrations/models"


Parameters = ParamSpec("Parameters")


class CannotMake(AppError):
    """A tool refused; the message says why."""


def command(
    work: Callable[Parameters, Coroutine[Any, Any, None]],
) -> Callable[Parameters, None]:
    """Run a tool in an event loop, and report a refusal as an error of the command."""

    @wraps(work)
    async def reported(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        try:
            await work(*args, **kwargs)
        except Refused as refusal:
            raise CannotMake(str(refusal)) from refusal

    return async_command(reported)


def project() -> Project:
    """Return this service's folder and databases."""
    settings = get_settings()
    scratch = migration_config(settings, os.environ.get("TEST_DATABASE_URL", ""))
    return Project(migration_config(settings), scratch, FOLDER, package="app")


def _pairs(given: Iterable[str], example: str) -> dict[str, str]:
    """Parse options of the form `left=right`; --fill accepts an empty right side.

    Raises:
        BadParameter: An option has another form.
    """
    given = list(given)
    pattern = r"[^=]+=" if example == FILL else r"[^=]+=."
    if not all(re.match(pattern, each) for each in given):
        raise click.BadParameter(f"write it as in {example}")
    return dict(each.partition("=")[::2] for each in given)


fill_option = click.option(
    "--fill", multiple=True, help="A value for rows without one: tasks.text=none."
)
fill_sql_option = click.option(
    "--fill-sql", multiple=True, help="A value as SQL: tasks.slug=lower(title)."
)


@click.command()
@click.argument("name")
@click.option("--rename", multiple=True, help="A column's new name: tasks.text=remark.")
@click.option("--rename-table", multiple=True, help="A table's new name: tags=labels.")
@fill_option
@fill_sql_option
@click.option("--empty", is_flag=True, help="Write a file to complete by hand, for data.")
@click.option("--anyway", is_flag=True, help="Write it although rows in development violate it.")
@command
async def make_migration(  # noqa: PLR0913 - an argument for each option
    name: str,
    rename: tuple[str, ...],
    rename_table: tuple[str, ...],
    fill: tuple[str, ...],
    fill_sql: tuple[str, ...],
    *,
    empty: bool,
    anyway: bool,
) -> None:
    """Write a migration for the changes of the models. Review it before you apply it."""
    if empty:
        if rename or rename_table or fill or fill_sql or anyway:
            raise click.UsageError(
                "--empty writes a file to complete by hand: it takes no other option."
            )
        path = files.write_empty(FOLDER, name)
        click.echo(f"Wrote {_shown(path)}: complete it by hand.")
        return
    options = Options(
        _pairs(rename, "--rename tasks.text=remark"),
        _pairs(rename_table, "--rename-table tags=labels"),
        _pairs(fill, FILL),
        _pairs(fill_sql, FILL_SQL),
        anyway=anyway,
        ask=cache(_ask),
    )
    _report(await make(project(), name, options))


@click.command()
@click.option("--yes", is_flag=True, help="Remove the files without asking.")
@command
async def restart_migrations(*, yes: bool) -> None:
    """Replace your migrations by one, after the answer `database` was changed."""

    def ask(names: list[str]) -> bool:
        return yes or click.confirm(f"Remove {', '.join(names)}?")

    _report(await restarting.restart(project(), ask))


@click.command()
@click.argument("name", default="adopt")
@fill_option
@fill_sql_option
@command
async def adopt_migrations(name: str, fill: tuple[str, ...], fill_sql: tuple[str, ...]) -> None:
    """Write a migration that adopts a database which other tools created."""
    options = Options(fills=_pairs(fill, FILL), fills_sql=_pairs(fill_sql, FILL_SQL))
    _report(await adopt.adopt(project(), name, options))


@click.command()
@command
async def restore_migrations() -> None:
    """Restore migrations that an update removed; databases have applied them."""
    names = restarting.restore(FOLDER)
    for name in names:
        click.echo(f"Restored {name}")
    if not names:
        click.echo("Nothing to restore: no migration is missing.")


def _ask(rename: Rename) -> bool:
    """Ask whether a table or column was renamed; without a terminal, print the flag."""
    question = f"Is table {rename.new} the table {rename.table} with a new name?"
    flag = f"--rename-table {rename.table}={rename.new}"
    if rename.column:
        question = f"Is {rename.table}.{rename.new} the column {rename.column} with a new name?"
        flag = f"--rename {rename.table}.{rename.column}={rename.new}"
    if sys.stdin.isatty():
        return click.confirm(question)
    click.echo(f"{question} If so, delete the file and write it again with {flag}.")
    return False


def _report(made: Made | None) -> None:
    if made is None:
        click.echo("Nothing to write: the migrations match the models.")
        return
    for line in made.words:
        click.echo(f"  {line}")
    if made.remark:
        click.echo(made.remark)
    click.echo(f"Wrote {_shown(made.path)}")


def _shown(path: Path) -> str:
    return str(path.relative_to(FOLDER.parents[1]))
