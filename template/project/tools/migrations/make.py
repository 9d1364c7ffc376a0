"""Make a migration: compare, plan, try there and back, and write."""

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
from tools.migrations.development import look
from tools.migrations.files import Direction, Migration
from tools.migrations.plan import Values, plan
from tools.migrations.refusal import Refused, refusing
from tools.migrations.scratch import Config
from tools.migrations.sides import apply, described

BY_HAND = " Write it by hand: --empty."
ANYWAY = (
    " With --anyway the file is written all the same, and `just migrate` refuses it until none do."
)

Read = Callable[[], Awaitable[Catalogue]]
"""Reads the scratch database, but for what no model describes on purpose."""

__all__ = ["Made", "Project", "Refused", "Wishes", "make"]


@dataclass(frozen=True)
class Project:
    """Where models, files and databases are.

    Args:
        development: Tortoise's configuration of the database whose rows are looked at, if any.
        scratch: The same for databases that are made and dropped; its own is not touched.
        folder: The folder of the files: aerich's location and the name of the app.
    """

    development: Config | None
    scratch: Config
    folder: Path
    package: str = ""
    """The package in which models are defined, if Tortoise must have been told of all."""


@dataclass(frozen=True)
class Wishes:
    """What a person says that models do not tell."""

    columns: Mapping[str, str] = field(default_factory=dict)
    """New names of columns: `tasks.text` → `remark`."""
    tables: Mapping[str, str] = field(default_factory=dict)
    """New names of tables."""
    fills: Mapping[str, str] = field(default_factory=dict)
    """A value for the rows that have none, as a person writes it: `tasks.text` → `none`."""
    fills_sql: Mapping[str, str] = field(default_factory=dict)
    """The same as SQL: `tasks.slug` → `lower(title)`."""
    part: str = ""
    """The part to which the tables belong, where the template ships the file."""
    anyway: bool = False
    """Write the file although rows of the development database forbid it."""
    ask: Callable[[Rename], bool] = lambda _: False
    """Asks whether what goes and what comes, a table or a column, are the same."""


@dataclass(frozen=True)
class Made:
    """A file that was written, and what it does in words."""

    path: Path
    words: list[str]
    remark: str = ""
    """Why no rows were looked at, if they should have been."""


async def make(project: Project, name: str, wishes: Wishes = Wishes()) -> Made | None:
    """Write a migration for what changed in the models; return nothing if nothing did.

    Raises:
        Refused: It cannot be written, or rows of the development database forbid it.
    """
    async with scratch.scratch_database(project.scratch) as config:
        target = await described(config, project.folder, project.package)
        hidden = unmanaged(project, target)
        async with scratch.connected(config) as connection:
            await apply(connection, config, project.folder)
            migration = await _migration(connection, hidden, target, wishes)
            if migration is None:
                return None
            is_first = bool(wishes.part) or not files.versions(project.folder)
            migration = replace(migration, name=name, is_first=is_first, part=wishes.part)
            read = partial(_read, connection, hidden.union(migration.unmanaged))
            await _try(read, config, project.folder, migration, target, wishes)
    remark = ""
    if project.development and not wishes.anyway:
        needed = [each.name for each in files.versions(project.folder)]
        remark = await look(
            project.development, project.folder, migration.up.checks, needed, ANYWAY
        )
    path = files.next_path(project.folder, migration.name)
    path.write_text(migration.text(), encoding="utf-8")
    return Made(path, list(migration.words), remark)


async def left_over(project: Project) -> list[Change]:
    """Return what differs between an empty database that was migrated and the models.

    Raises:
        Refused: Tortoise was not told of a model, or a file cannot be applied.
    """
    async with scratch.scratch_database(project.scratch) as config:
        target = await described(config, project.folder, project.package)
        async with scratch.connected(config) as connection:
            await apply(connection, config, project.folder)
            return differences(await _read(connection, unmanaged(project, target)), target)


def unmanaged(project: Project, target: Catalogue) -> set[str]:
    """Name what files make on purpose though no model describes it."""
    return files.unmanaged(project.folder) - names_in(target)


async def _read(connection: BaseDBAsyncClient, hidden: Collection[str]) -> Catalogue:
    return without(await dialect.read(connection), hidden)


async def _migration(
    connection: BaseDBAsyncClient, hidden: Collection[str], target: Catalogue, wishes: Wishes
) -> Migration | None:
    """Compare the database with the models, and plan both ways."""
    at_first = await dialect.read(connection)
    renames = list(_renames(without(at_first, hidden), target, wishes))
    for rename in renames:
        await connection.execute_script(dialect.rename(rename))
    while True:
        kept = _with_new_names(names_in(at_first).intersection(hidden), renames)
        current = await _read(connection, {*hidden, *kept})
        changes = differences(current, target)
        if not (same := _asked(changes, wishes)):
            break
        renames.append(same)
        await connection.execute_script(dialect.rename(same))
    back = differences(target, current)
    undo = [_inverse(rename) for rename in reversed(renames)]
    for rename in undo:
        await connection.execute_script(dialect.rename(rename))
    if not changes and not renames:
        return None
    up, down = values_for(changes, wishes), neutral(back)
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


def _renames(current: Catalogue, target: Catalogue, wishes: Wishes) -> Iterator[Rename]:
    """Check what was told of new names, tables first.

    Raises:
        Refused: There is no such thing, or there is one of the new name already.
    """
    for old, new in wishes.tables.items():
        _expect(f"table {old}", old in current, f"table {new}", new in current, new in target)
        yield Rename(old, new)
    for name, new in wishes.columns.items():
        table, _, column = name.rpartition(".")
        renamed = wishes.tables.get(table, table)
        old = next((old for old, each in wishes.tables.items() if each == renamed), table)
        there = current[old].columns if old in current else {}
        wanted = target[renamed].columns if renamed in target else {}
        _expect(f"column {name}", column in there, f"column {new}", new in there, new in wanted)
        yield Rename(renamed, new, column)


def _expect(old: str, has_old: bool, new: str, has_new: bool, is_wanted: bool) -> None:  # noqa: FBT001
    """Refuse a new name that does not fit.

    Raises:
        Refused: The sentence says why.
    """
    if not has_old:
        message = f"There is no {old} that could get another name; the migrations make none."
    elif has_new:
        message = (
            f"There is a {new} already, so {old} cannot get its name: drop that one, or give it a"
            " third name, in a migration of its own before."
        )
    elif not is_wanted:
        message = f"The models have no {new}, which {old} should become: --rename table.old=new."
    else:
        return
    raise Refused(message)


def _asked(changes: Sequence[Change], wishes: Wishes) -> Rename | None:
    """Ask of each table and column that goes whether it is one that comes, if they are alike."""
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
        if wishes.ask(rename):
            return rename
    return None


def _types(table: Table) -> Mapping[str, str]:
    return {column.name: column.type for column in table.columns.values()}


def _inverse(rename: Rename) -> Rename:
    if rename.column:
        return Rename(rename.table, rename.column, rename.new)
    return Rename(rename.new, rename.table)


def values_for(changes: Sequence[Change], wishes: Wishes) -> Values:
    """Return what rows get: what was told, or the model's own default for a new column.

    Raises:
        Refused: What was told is no value of the column, or of a column that does not change.
    """
    values: dict[tuple[str, str], str] = {}
    told = {**wishes.fills, **wishes.fills_sql}
    if twice := wishes.fills.keys() & wishes.fills_sql.keys():
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
            if place not in wishes.fills_sql:
                value = models.value_of(change.table, new.name, value)
        elif not (change.old or new.is_null or new.default is not None):
            value = models.default_of(change.table, new.name)
        if value is not None:
            values[change.table, new.name] = value
    if told:
        raise Refused(f"This adds or changes no column {', '.join(told)} that could be filled.")
    return values


def neutral(changes: Sequence[Change]) -> Values:
    """Return what rows get for a column that comes back: its own values are gone."""
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
        if (value := dialect.NEUTRAL.get(dialect.family(change.new.type)))
    }


def in_words(change: Change) -> str:
    """Say what a change does, and whether it loses what is there."""
    return f"{change} (what it holds is lost)" if change.loses else str(change)


async def _try(  # noqa: PLR0913 - what it needs
    read: Read,
    config: Config,
    folder: Path,
    migration: Migration,
    target: Catalogue,
    wishes: Wishes,
) -> None:
    """Let aerich apply the file beside a copy of what it loads, and undo it."""
    advice = " Look at --fill-sql." if wishes.fills_sql else BY_HAND
    with TemporaryDirectory() as name:
        beside = files.copy_helpers(folder, Path(name))
        path = files.next_path(beside, migration.name)
        path.write_text(migration.text(), encoding="utf-8")
        await there_and_back(read, config, beside, target, advice)


async def there_and_back(
    read: Read, config: Config, folder: Path, target: Catalogue, advice: str = BY_HAND
) -> None:
    """Let aerich apply what is pending and undo the last file, and look at both.

    Raises:
        Refused: The database does not take it, or the outcome is not what the models say.
    """
    before = await read()
    for work, wanted in ((scratch.upgrade, target), (scratch.downgrade, before)):
        with refusing("The database does not take this change", advice=advice):
            await work(config, folder)
        expect(await read(), wanted)


def expect(found: Catalogue, wanted: Catalogue) -> None:
    """Compare what a migration made with what it should make.

    Raises:
        Refused: Something differs.
    """
    if left := differences(found, wanted):
        raise Refused(
            f"The planner cannot make this change; it leaves: {'; '.join(map(str, left))}."
        )
