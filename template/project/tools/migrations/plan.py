"""Changes in the order in which a database can make them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tools.migrations import dialect
from tools.migrations.catalogue import Catalogue, Column, Key, Table
from tools.migrations.changes import Change, Step

Values = Mapping[tuple[str, str], str]
"""SQL for the rows that are there, by table and column."""


def plan(changes: Sequence[Change], old: Catalogue, new: Catalogue, values: Values) -> list[Step]:
    """Order the changes; foreign keys are taken away first and put back last."""
    tables: dict[str, list[Step]] = {"add": [], "change": [], "drop": []}
    columns: dict[str, list[Step]] = {"add": [], "change": [], "drop": []}
    keys: dict[str, list[Step]] = {"add": [], "change": [], "drop": []}
    aside = _set_aside(changes, old, new)
    unlink = [Step(table, key, None) for table, key in aside]
    link = [Step(table, None, key) for table, key in aside if key in _keys(new.get(table))]
    for change in changes:
        verb = "add" if not change.old else "change" if change.new else "drop"
        thing = change.new or change.old
        value = values.get((change.table, str(thing)))
        step = Step(change.table, change.old, change.new, value, new.get(change.table))
        if isinstance(thing, Table):
            tables[verb].append(step)
            if verb == "add":
                link += [replace(step, new=key) for key in _keys(thing)]
        elif isinstance(thing, Column):
            columns[verb].append(step)
        elif thing and thing.kind == "foreign key" and not _is_renamed(change):
            unlink += [replace(step, new=None)] if step.old else []
            link += [replace(step, old=None)] if step.new else []
        else:
            keys[verb].append(step)
    return [
        *unlink,
        *(keys["drop"] if dialect.DROPS_KEYS_FIRST else []),
        *tables["add"],
        *columns["add"],
        *_around(columns["change"], keys),
        *link,
        *columns["drop"],
        *reversed(tables["drop"]),
        *tables["change"],
    ]


def _around(columns: Sequence[Step], keys: Mapping[str, Sequence[Step]]) -> list[Step]:
    """Return changes of columns among those of keys.

    A key over a column that changes may not fit its new type, or only that. Where foreign keys
    need an index at every moment, the new one comes before the old one goes.
    """
    if dialect.DROPS_KEYS_FIRST:
        return [*columns, *keys["change"], *keys["add"]]
    changed = {(step.table, str(step.new)) for step in columns}

    def is_over(step: Step) -> bool:
        key = step.new or step.old
        return isinstance(key, Key) and any((step.table, each) in changed for each in key.columns)

    return [
        *(step for step in keys["add"] if not is_over(step)),
        *(step for step in keys["drop"] if is_over(step)),
        *columns,
        *(step for step in keys["add"] if is_over(step)),
        *keys["change"],
        *(step for step in keys["drop"] if not is_over(step)),
    ]


def _is_renamed(change: Change) -> bool:
    return (
        isinstance(change.old, Key)
        and isinstance(change.new, Key)
        and change.old.definition == change.new.definition
        and dialect.RENAMES_FOREIGN_KEYS
    )


def _keys(table: Table | None) -> list[Key]:
    return [key for key in table.keys if key.kind == "foreign key"] if table else []


def _set_aside(changes: Sequence[Change], old: Catalogue, new: Catalogue) -> list[tuple[str, Key]]:
    """Return foreign keys that must not be there while a column changes or a table goes."""
    held = {
        (each.table, each.old.name)
        for each in changes
        if isinstance(each.old, Column)
        and isinstance(each.new, Column)
        and dialect.is_held_by_keys(each.old, each.new)
    }
    changed = {(each.table, each.old) for each in changes if isinstance(each.old, Key)}
    return [
        (table.name, key)
        for table in old.values()
        for key in _keys(table)
        if (table.name, key) not in changed
        and (
            table.name not in new
            or held & {(table.name, column) for column in key.columns}
            or held & {(key.target, column) for column in key.target_columns}
        )
    ]
