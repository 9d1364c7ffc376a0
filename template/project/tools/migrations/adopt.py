"""Adoption of databases that `generate_schemas`, or aerich's own files, created."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from tortoise.backends.base.client import BaseDBAsyncClient

from tools.migrations import dialect, files, scratch
from tools.migrations.catalogue import Catalogue, without
from tools.migrations.changes import differences
from tools.migrations.checks import checks
from tools.migrations.development import check_rows
from tools.migrations.files import Direction, Migration
from tools.migrations.make import (
    Made,
    Project,
    Wishes,
    attempt,
    expect,
    in_words,
    model_catalogue,
    neutral_values,
    remaining_changes,
    values_for,
)
from tools.migrations.plan import plan
from tools.migrations.refusal import Refused

MARK = "INSERT INTO aerich (version, app, content) VALUES ('adopted', 'adopted', '{}')"
"""Records in aerich's table that other tools created the tables, as `migrate --adopt` does."""


async def adopt(project: Project, name: str, wishes: Wishes) -> Made:
    """Compare the development database with the models, and write a migration.

    The file lists the existing tables, so that `migrate --adopt` can compare names elsewhere.
    It does nothing in a database that the migrations created. Tables without a model are left
    unchanged.

    Raises:
        Refused: There is nothing to adopt, the migrations do not match the models, or rows violate
            the changes.
    """
    if left := await remaining_changes(project):
        raise Refused(f"Run `just make-migration` first: {'; '.join(map(str, left))}.")
    there = await _there(project)
    async with scratch.scratch_database(project.scratch) as config:
        target = await model_catalogue(config, project.package)
        unknown = sorted(set(there) - set(target))
        known = without(there, unknown)
        async with scratch.connected(config) as connection:
            migration = _migration(name, known, target, project.folder, wishes)
            await _try(connection, config, project.folder, migration, known)
            expect(await dialect.read(connection), target)
    assert project.development is not None
    remark = await check_rows(project.development, project.folder, migration.up.checks)
    path = files.next_path(project.folder, name)
    path.write_text(migration.text(), encoding="utf-8")
    kept = [f"leave table {each} unchanged: no model describes it" for each in unknown]
    return Made(path, [*migration.words, *kept], remark)


async def _there(project: Project) -> Catalogue:
    """Read the development database."""
    if project.development is None:
        raise Refused("There is no development database to adopt.")
    try:
        async with scratch.connected(project.development) as connection:
            there = await dialect.read(connection)
    except Exception as error:
        raise Refused(f"The development database cannot be read: {error}") from error
    if not there:
        raise Refused("The development database has no tables to adopt: run `just migrate`.")
    return there


def _migration(
    name: str, there: Catalogue, target: Catalogue, folder: Path, wishes: Wishes
) -> Migration:
    there, target = _named(there), _named(target)
    changes, back = differences(there, target), differences(target, there)
    up, down = values_for(changes, wishes), neutral_values(back)
    return Migration(
        name,
        [in_words(change) for change in changes] or ["nothing differs"],
        Direction(plan(changes, there, target, up), checks(changes, there, up)),
        Direction(plan(back, target, there, down), checks(back, target, down, is_undo=True)),
        [lost for change in back if (lost := change.loses)],
        adopts=[path.name for path in files.versions(folder)],
        there=[(table.name, *table.columns) for table in there.values()],
    )


def _named(catalogue: Catalogue) -> Catalogue:
    """Return tables whose keys have the server's names, which the file needs."""
    return {
        name: replace(
            table,
            keys=tuple(
                key if key.kind == "check" else replace(key, name=key.given_name)
                for key in table.keys
            ),
        )
        for name, table in catalogue.items()
    }


async def _try(
    connection: BaseDBAsyncClient,
    config: scratch.Config,
    folder: Path,
    migration: Migration,
    there: Catalogue,
) -> None:
    """Create the existing tables in a scratch database and adopt them there."""
    there = _named(there)
    whole = differences({}, there)
    origin = Migration("origin", up=Direction(plan(whole, {}, there, {})), is_first=True)
    with TemporaryDirectory() as name:
        beside = files.copy_helpers(folder, Path(name))
        files.next_path(beside, "origin").write_text(origin.text(), encoding="utf-8")
        await scratch.upgrade(config, beside)
        await connection.execute_script(MARK)
        files.next_path(beside, migration.name).write_text(migration.text(), encoding="utf-8")
        await attempt(scratch.upgrade(config, beside))
