"""Make a migration: compare, plan, apply and undo in a scratch database, and write."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

from tortoise.backends.base.client import BaseDBAsyncClient

from tools.migrations import dialect, files, models, scratch
from tools.migrations.catalogue import Catalogue, Column, Table, names_in, without
from tools.migrations.changes import Change, Rename, differences
from tools.migrations.checks import checks
from tools.migrations.development import check_rows
from tools.migrations.files import Direction, Migration
from tools.migrations.plan import Values, plan
from tools.migrations.refusal import Refused, refusing
from tools.migrations.scratch import Config
from tools.migrations.sides import apply, model_catalogue

BY_HAND = " Write it by hand: --empty."
ANYWAY = " With --anyway the file is written, and `just migrate` refuses it while rows violate it."

Read = Callable[[], Awaitable[Catalogue]]
"""Reads the scratch database, without unmanaged objects."""

__all__ = ["Made", "Options", "Project", "Refused", "make"]


@dataclass(frozen=True)
class Project:
    """The models, files and databases of a service.

    Args:
        development: Tortoise's configuration of the database whose rows are checked, if any.
        scratch: The configuration beside whose database scratch databases are created.
        folder: The folder of the files: aerich's location and the name of the app.
    """

    development: Config | None
    scratch: Config
    folder: Path
    package: str = ""
    """The package whose models must all be registered with Tortoise, if set."""


@dataclass(frozen=True)
class Options:
    """Options of the command: facts that the models do not contain."""

    columns: Mapping[str, str] = field(default_factory=dict)
    """New names of columns: `tasks.text` → `remark`."""
    tables: Mapping[str, str] = field(default_factory=dict)
    """New names of tables."""
    fills: Mapping[str, str] = field(default_factory=dict)
    """Values for rows without one, as typed: `tasks.text` → `none`."""
    fills_sql: Mapping[str, str] = field(default_factory=dict)
    """Values as SQL: `tasks.slug` → `lower(title)`."""
    part: str = ""
    """The part of the tables, if the template ships the file."""
    anyway: bool = False
    """Write the file although rows of the development database violate it."""
    ask: Callable[[Rename], bool] = lambda _: False
    """Asks whether a dropped and an added table or column are the same."""


@dataclass(frozen=True)
class Made:
    """A written file, and its changes in words."""

    path: Path
    words: list[str]
    remark: str = ""
    """The reason if rows were not checked, or an empty text."""


async def make(project: Project, name: str, options: Options = Options()) -> Made | None:
    """Write a migration for the changes of the models; return None if there are none.

    Raises:
        Refused: It cannot be written, or rows of the development database violate it.
    """
    async with scratch.scratch_database(project.scratch) as config:
        target = await model_catalogue(config, project.folder, project.package)
        hidden = unmanaged(project, target)
        async with scratch.connected(config) as connection:
            await apply(connection, config, project.folder)
            migration = await _migration(connection, hidden, target, options)
            if migration is None:
                return None
            is_first = bool(options.part) or not files.versions(project.folder)
            migration = replace(migration, name=name, is_first=is_first, part=options.part)
            read = partial(_read, connection, hidden.union(migration.unmanaged))
            await _try(read, config, project.folder, migration, target, options)
    remark = ""
    if project.development and not options.anyway:
        needed = [each.name for each in files.versions(project.folder)]
        remark = await check_rows(
            project.development, project.folder, migration.up.checks, needed, ANYWAY
        )
    path = files.next_path(project.folder, migration.name)
    path.write_text(migration.text(), encoding="utf-8")
    return Made(path, list(migration.words), remark)


async def remaining_changes(project: Project) -> list[Change]:
    """Return the differences between a newly migrated database and the models.

    Raises:
        Refused: A model is not registered with Tortoise, or a file cannot be applied.
    """
    async with scratch.scratch_database(project.scratch) as config:
        target = await model_catalogue(config, project.folder, project.package)
        async with scratch.connected(config) as connection:
            await apply(connection, config, project.folder)
            return differences(await _read(connection, unmanaged(project, target)), target)


def unmanaged(project: Project, target: Catalogue) -> set[str]:
    """Return the names of what files create on purpose without a model."""
    return files.unmanaged(project.folder) - names_in(target)


async def _read(connection: BaseDBAsyncClient, hidden: Collection[str]) -> Catalogue:
    return without(await dialect.read(connection), hidden)


async def _migration(
    connection: BaseDBAsyncClient, hidden: Collection[str], target: Catalogue, options: Options
) -> Migration | None:
    """Compare the database with the models, and plan upgrade and downgrade."""
    at_first = await dialect.read(connection)
    renames = list(_renames(without(at_first, hidden), target, options))
    for rename in renames:
        await connection.execute_script(dialect.rename(rename))
    while True:
        kept = _with_new_names(names_in(at_first).intersection(hidden), renames)
        current = await _read(connection, {*hidden, *kept})
        changes = differences(current, target)
        if not (same := _asked(changes, options)):
            break
        renames.append(same)
        await connection.execute_script(dialect.rename(same))
    back = differences(target, current)
    undo = [_inverse(rename) for rename in reversed(renames)]
    for rename in undo:
        await connection.execute_script(dialect.rename(rename))
    if not changes and not renames:
        return None
    up, down = values_for(changes, options), neutral_values(back)
    said = [f"keep {name}, which no model describes" for name in kept]
    return Migration(
        "",
        [*map(str, renames), *map(in_words, changes), *said],
        Direction(
            [*renames, *plan(changes, current, target, up)], checks(changes, current, up, renames)
        ),
        Direction(
            [*plan(back, target, current, down), *undo], checks(back, target, down, is_undo=True)
        ),
        [lost for change in back if (lost := change.loses)],
        unmanaged=kept,
    )


def _with_new_names(hidden: Iterable[str], renames: Sequence[Rename]) -> list[str]:
    """Return the new names of columns that no model describes, where their tables are renamed."""
    found: list[str] = []
    for name in hidden:
        table, _, column = name.rpartition(".")
        for rename in renames:
            if table == rename.table and not rename.column:
                table = rename.new
        if (new := f"{table}.{column}") != name and table:
            found.append(new)
    return sorted(found)


def _renames(current: Catalogue, target: Catalogue, options: Options) -> Iterator[Rename]:
    """Yield the declared renames, tables first, after checking them.

    Raises:
        Refused: The old name does not exist, or the new one exists already.
    """
    for old, new in options.tables.items():
        _expect(f"table {old}", old in current, f"table {new}", new in current, new in target)
        yield Rename(old, new)
    for name, new in options.columns.items():
        table, _, column = name.rpartition(".")
        renamed = options.tables.get(table, table)
        old = next((old for old, each in options.tables.items() if each == renamed), table)
        there = current[old].columns if old in current else {}
        wanted = target[renamed].columns if renamed in target else {}
        _expect(f"column {name}", column in there, f"column {new}", new in there, new in wanted)
        yield Rename(renamed, new, column)


def _expect(old: str, has_old: bool, new: str, has_new: bool, is_wanted: bool) -> None:  # noqa: FBT001
    """Check one rename.

    Raises:
        Refused: It is impossible; the message says why.
    """
    if not has_old:
        message = f"There is no {old} to rename; the migrations create none."
    elif has_new:
        message = (
            f"There is a {new} already, so {old} cannot get its name: drop or rename that one"
            " first, in a separate migration."
        )
    elif not is_wanted:
        message = f"The models have no {new}, which {old} should become: --rename table.old=new."
    else:
        return
    raise Refused(message)


def _asked(changes: Sequence[Change], options: Options) -> Rename | None:
    """Ask whether a dropped table or column and a similar added one are the same."""
    gone = [change for change in changes if not change.new]
    come = [change for change in changes if not change.old]
    for left, right in product(gone, come):
        match left.old, right.new:
            case Table() as old, Table() as new if _types(old) == _types(new):
                rename = Rename(old.name, new.name)
            case Column() as old, Column() as new if old.type == new.type:
                rename = Rename(left.table, new.name, old.name)
                if left.table != right.table:
                    continue
            case _:
                continue
        if options.ask(rename):
            return rename
    return None


def _types(table: Table) -> Mapping[str, str]:
    return {column.name: column.type for column in table.columns.values()}


def _inverse(rename: Rename) -> Rename:
    if rename.column:
        return Rename(rename.table, rename.column, rename.new)
    return Rename(rename.new, rename.table)


def values_for(changes: Sequence[Change], options: Options) -> Values:
    """Return the values for rows without one: from the options, or the model's default.

    Raises:
        Refused: A value does not fit its column, or its column is not added or changed.
    """
    values: dict[tuple[str, str], str] = {}
    told = {**options.fills, **options.fills_sql}
    if twice := options.fills.keys() & options.fills_sql.keys():
        raise Refused(
            f"Fill {', '.join(sorted(twice))} with --fill or with --fill-sql, not with both."
        )
    for change in changes:
        new = change.new
        if not isinstance(new, Column) or new.has_own_values:
            continue
        value = None
        if (place := f"{change.table}.{new.name}") in told:
            value = told.pop(place)
            if place not in options.fills_sql:
                value = models.value_of(change.table, new.name, value)
        elif not (change.old or new.is_null or new.default is not None):
            value = models.default_of(change.table, new.name)
        if value is not None:
            values[change.table, new.name] = value
    if told:
        raise Refused(f"No column {', '.join(told)} to fill is added or changed.")
    return values


def neutral_values(changes: Sequence[Change]) -> Values:
    """Return values for a column that a downgrade adds again, as its old values are lost.

    An enum gets its first member, since models cannot read a value that is none.
    """
    held = {
        (change.table, column)
        for change in changes
        if not isinstance(change.new, Table | Column | None)
        for column in change.new.columns
        if change.new.kind in {"unique", "primary key", "foreign key"}
    }
    return {
        (change.table, change.new.name): value
        for change in changes
        if isinstance(change.new, Column) and change.old is None
        if not (change.new.is_null or change.new.has_own_values or change.new.default is not None)
        if (change.table, change.new.name) not in held
        if (value := models.first_member(change.new) or _neutral(change.new))
    }


def _neutral(column: Column) -> str | None:
    return dialect.NEUTRAL.get(dialect.family(column.type))


def in_words(change: Change) -> str:
    """Describe a change, and whether it deletes values."""
    return f"{change} (its values are lost)" if change.loses else str(change)


async def _try(  # noqa: PLR0913 - all are needed
    read: Read,
    config: Config,
    folder: Path,
    migration: Migration,
    target: Catalogue,
    options: Options,
) -> None:
    """Let aerich apply the file beside a copy of its helpers, and undo it."""
    advice = " Check --fill-sql." if options.fills_sql else BY_HAND
    with TemporaryDirectory() as name:
        beside = files.copy_helpers(folder, Path(name))
        path = files.next_path(beside, migration.name)
        path.write_text(migration.text(), encoding="utf-8")
        await there_and_back(read, config, beside, target, advice)


async def there_and_back(
    read: Read, config: Config, folder: Path, target: Catalogue, advice: str = BY_HAND
) -> None:
    """Let aerich apply what is pending and undo the last file, and check both results.

    Raises:
        Refused: The database refuses it, or the result does not match the models.
    """
    before = await read()
    for work, wanted in ((scratch.upgrade, target), (scratch.downgrade, before)):
        with refusing("The database refuses this change", advice=advice):
            await work(config, folder)
        expect(await read(), wanted)


def expect(found: Catalogue, wanted: Catalogue) -> None:
    """Compare the result of a migration with the wanted one.

    Raises:
        Refused: They differ.
    """
    if left := differences(found, wanted):
        raise Refused(
            f"The planner cannot make this change; it leaves: {'; '.join(map(str, left))}."
        )
