"""Adoption of databases that `generate_schemas`, or aerich's own files, created."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from tortoise.backends.base.client import BaseDBAsyncClient

from tools.migrations import dialect, files, scratch
from tools.migrations.catalogue import Catalogue, names_in, without
from tools.migrations.changes import differences
from tools.migrations.checks import checks
from tools.migrations.development import check_rows
from tools.migrations.files import Adoption, Direction, Migration
from tools.migrations.make import (
    Made,
    Options,
    Project,
    in_words,
    neutral_values,
    there_and_back,
    unmanaged,
    values_for,
)
from tools.migrations.plan import plan
from tools.migrations.refusal import Refused
from tools.migrations.sides import apply, model_catalogue


async def adopt(project: Project, name: str, options: Options) -> Made:
    """Compare the development database with the models, and write a migration.

    The file lists the existing tables, so that `migrate --adopt` can compare names elsewhere.
    It does nothing in a database that the migrations created. Tables without a model are left
    unchanged.

    Raises:
        Refused: There is nothing to adopt, the migrations do not match the models, or rows violate
            the changes.
    """
    async with scratch.scratch_database(project.scratch) as config:
        models = await model_catalogue(config, project.folder, project.package)
        hidden = unmanaged(project, models)
        async with scratch.connected(config) as connection:
            await apply(connection, config, project.folder)
            target = await dialect.read(connection)
            await dialect.drop_tables(connection, target)
            await connection.execute_script("DROP TABLE IF EXISTS aerich")
        if left := differences(without(target, hidden), models):
            raise Refused(f"Run `just make-migration` first: {'; '.join(map(str, left))}.")
        there = without(await _there(project), hidden - names_in(target))
        unknown = sorted(set(there) - set(target))
        known = without(there, unknown)
        path = files.next_path(project.folder, name)
        async with scratch.connected(config) as connection:
            migration = _migration(path, known, target, options)
            await _try(connection, config, path, migration, known, target)
    assert project.development is not None
    remark = await check_rows(project.development, project.folder, migration.up.checks)
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


def _migration(path: Path, there: Catalogue, target: Catalogue, options: Options) -> Migration:
    tables = [(table.name, *table.columns) for table in there.values()]
    older = [each.name for each in files.versions(path.parent)]
    there, target = _named(there), _named(target)
    changes, back = differences(there, target), differences(target, there)
    up, down = values_for(changes, options), neutral_values(back)
    return Migration(
        path.stem.partition("_")[2],
        [in_words(change) for change in changes] or ["nothing differs"],
        Direction(plan(changes, there, target, up), checks(changes, there, up)),
        Direction(plan(back, target, there, down), checks(back, target, down, is_undo=True)),
        [lost for change in back if (lost := change.loses)],
        adoption=Adoption(path.name, older, tables),
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


async def _try(  # noqa: PLR0913 - what it needs
    connection: BaseDBAsyncClient,
    config: scratch.Config,
    path: Path,
    migration: Migration,
    there: Catalogue,
    target: Catalogue,
) -> None:
    """Create the existing tables in a scratch database, adopt them there, and undo that."""
    there = _named(there)
    whole = differences({}, there)
    origin = Migration("origin", up=Direction(plan(whole, {}, there, {})), is_first=True)
    assert migration.adoption is not None
    with TemporaryDirectory() as name:
        beside = files.copy_helpers(path.parent, Path(name))
        files.next_path(beside, origin.name).write_text(origin.text(), encoding="utf-8")
        await scratch.upgrade(config, beside)
        await connection.execute_script(migration.adoption.mark)
        (beside / path.name).write_text(migration.text(), encoding="utf-8")
        await there_and_back(partial(dialect.read, connection), config, beside, target)
