"""Development commands that write and remove resources."""

import asyncio
import importlib
import subprocess
import sys
from pathlib import Path

import click

from app import parts
from app.database.command_line import async_command
from tools.migrations.cli import CannotMake, project
from tools.migrations.make import Options, make
from tools.migrations.refusal import Refused
from tools.resources import remove, write
from tools.resources.kinds import described
from tools.resources.resource import ROOT, Resource, describe, named


@click.command(epilog=f"Types: {described()}. A ? after a type allows null.")
@click.argument("noun")
@click.argument("fields", nargs=-1)
@click.option("--plural", default="", help="The plural of an irregular noun.")
@click.option("--public", is_flag=True, help="No owner: anyone reads, writing needs a permission.")
@click.option("--anyway", is_flag=True, help="Do not look at the development database.")
@async_command
async def new_resource(
    noun: str, fields: tuple[str, ...], *, plural: str, public: bool, anyway: bool
) -> None:
    """Write a part: new-resource invoice number:str:20 due:date? customer:fk:User."""
    try:
        resource = describe(noun, fields, plural=plural, is_public=public)
        with write.written(resource) as paths:
            migration = await _make_migration(resource, Options(anyway=anyway))
    except Refused as refusal:
        raise CannotMake(str(refusal)) from refusal
    for path in [*paths, migration]:
        click.echo(f"Wrote {_shown(path)}")
    click.echo(f"Served at /api/{resource.path} after `just migrate`.")


@click.command()
@click.argument("noun")
@click.option("--plural", default="", help="The plural, if it was given.")
@click.option("--force", is_flag=True, help="Remove it although it was edited.")
@click.option("--yes", is_flag=True, help="Do not ask before rows are deleted.")
@async_command
async def remove_resource(noun: str, *, plural: str, force: bool, yes: bool) -> None:
    """Remove what new-resource wrote; its migration too, unless others may have it."""

    def ask(losses: list[str]) -> bool:
        click.echo("\n".join(losses))
        return yes or click.confirm("Undo it?")

    try:
        resource = named(noun, plural=plural)
        remove.check(resource, force=force)
        done = await remove.undo_migration(resource, ask)
    except Refused as refusal:
        raise CannotMake(str(refusal)) from refusal
    remove.remove_files(resource)
    for folder in resource.folders:
        click.echo(f"Removed {_shown(folder)}")
    if done:
        click.echo(done)
    elif remove.table_stays(resource):  # in a process that has never imported the model
        command = [sys.executable, "-m", "app.cli", "make-migration", f"drop_{resource.plural}"]
        await asyncio.to_thread(subprocess.run, command, cwd=ROOT, check=True)
        click.echo("The table is dropped by the next `just migrate`.")


async def _make_migration(resource: Resource, options: Options) -> Path:
    """Write the migration of a new part, which Python has not seen yet.

    Raises:
        Refused: The database does not answer, or the planner refuses.
    """
    importlib.invalidate_caches()
    parts.PARTS.append(resource.part)
    made = await make(project(), f"add_{resource.plural}", options)
    if made is None:
        raise Refused(f"The models of {resource.part} create no table.")
    return made.path


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT))
