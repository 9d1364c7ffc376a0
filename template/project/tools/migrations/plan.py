"""Changes in the order in which a database can make them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from tools.migrations import dialect
from tools.migrations.catalogue import Catalogue, Column, Key, Table
from tools.migrations.changes import Change, Step
from tools.migrations.source import CONSTANT

Values = Mapping[tuple[str, str], str]
"""SQL of values for existing rows, by table and column."""


def plan(changes: Sequence[Change], old: Catalogue, new: Catalogue, values: Values) -> list[Step]:
    """Order the changes; foreign keys are dropped first and added last."""
    parts: defaultdict[str, list[Step]] = defaultdict(list)
    for table, key in _set_aside(changes, old, new):
        parts["unlink"].append(Step(table, key, None))
        if key in _keys(new.get(table)):
            parts["link"].append(Step(table, None, key))
    for change in [*changes, *_beside(changes, old)]:
        value = values.get((change.table, str(change.new or change.old)))
        step = Step(change.table, change.old, change.new, value, new.get(change.table))
        for part, each in _parts(step):
            parts[part].append(each)
    # The new name of a key may still belong to a key or table that is dropped in this plan.
    taken = {key.name for step in parts["drop tables"] for key in old[step.table].keys}
    taken |= {_name(step.old) for step in parts["drop keys"]}
    late = [step for step in parts["rename keys"] if _name(step.new) in taken]
    changed = sorted(parts["change columns"], key=_reads_no_column)
    columns = [*parts["drop computed"], *changed, *parts["add computed"]]
    return [
        *parts["unlink"],
        *(parts["drop keys"] if dialect.DROPS_KEYS_FIRST else []),
        *(step for step in parts["rename keys"] if step not in late),
        *parts["add tables"],
        *parts["add columns"],
        *_around(columns, parts),
        *parts["link"],
        *parts["drop columns"],
        *reversed(parts["drop tables"]),
        *late,
        *parts["change tables"],
    ]


def _parts(step: Step) -> Iterator[tuple[str, Step]]:
    """Yield the part of the plan for a change, or for its drop and its add."""
    verb = "add" if not step.old else "change" if step.new else "drop"
    thing = step.new or step.old
    drop = [replace(step, new=None)] if step.old else []
    add = [replace(step, old=None)] if step.new else []
    if isinstance(thing, Table):
        yield f"{verb} tables", step
        if verb == "add":
            yield from (("link", replace(step, new=key)) for key in _keys(thing))
    elif isinstance(thing, Column) and not _is_recreated(step):
        yield f"{verb} columns", step
    elif _is_renamed(step):
        yield "rename keys", step
    elif isinstance(thing, Key) and thing.kind != "foreign key" and step.old != step.new:
        yield f"{verb} keys", step
    else:
        is_link = isinstance(thing, Key) and thing.kind == "foreign key"
        what = "computed" if isinstance(thing, Column) else "keys"
        yield from (("unlink" if is_link else f"drop {what}", each) for each in drop)
        yield from (("link" if is_link else f"add {what}", each) for each in add)


def _beside(changes: Sequence[Change], old: Catalogue) -> list[Change]:
    """Return generated columns, and keys over them, to drop and add again around other changes.

    A column that others are generated from cannot change its type, and a key over a recreated
    column would be dropped with it.
    """
    found: list[Change] = []
    seen = {(change.table, str(change.old)) for change in changes if isinstance(change.old, Column)}
    gone = {(change.table, change.old) for change in changes if isinstance(change.old, Key)}
    for table in dict.fromkeys(change.table for change in changes if _changes_type(change)):
        found += [
            Change(table, column, column)
            for column in old[table].columns.values()
            if (table, column.name) not in seen and dialect.is_recreated(column, column)
        ]
    anew = {(each.table, str(each.old)) for each in [*changes, *found] if _is_recreated(each)}
    found += [
        Change(table.name, key, key)
        for table in old.values()
        for key in table.keys
        if key.kind in {"unique", "index"} and (table.name, key) not in gone
        if anew & {(table.name, column) for column in key.columns}
    ]
    return found


def _changes_type(change: Change) -> bool:
    old, new = change.old, change.new
    return isinstance(old, Column) and isinstance(new, Column) and old.type != new.type


def _is_recreated(change: Change | Step) -> bool:
    old, new = change.old, change.new
    if isinstance(old, Column | None) and isinstance(new, Column | None):
        return dialect.is_recreated(old, new)
    return False


def _around(columns: Sequence[Step], parts: Mapping[str, Sequence[Step]]) -> list[Step]:
    """Order changes of columns between those of keys.

    A key over a changed column may not fit its old or its new type. Where foreign keys always
    need an index, the new one is added before the old one is dropped.
    """
    add, change, drop = (parts[f"{verb} keys"] for verb in ("add", "change", "drop"))
    if dialect.DROPS_KEYS_FIRST:
        return [*columns, *change, *add]
    changed = {(step.table, str(step.new or step.old)) for step in columns}

    def is_over(step: Step) -> bool:
        key = step.new or step.old
        return isinstance(key, Key) and any((step.table, each) in changed for each in key.columns)

    return [
        *(step for step in add if not is_over(step)),
        *(step for step in drop if is_over(step)),
        *columns,
        *(step for step in add if is_over(step)),
        *change,
        *(step for step in drop if not is_over(step)),
    ]


def _is_renamed(step: Step) -> bool:
    """Return whether a key only gets a new name."""
    old, new = step.old, step.new
    if isinstance(old, Key) and isinstance(new, Key) and old != new:
        is_possible = new.kind != "foreign key" or dialect.RENAMES_FOREIGN_KEYS
        return old.definition == new.definition and is_possible
    return False


def _reads_no_column(step: Step) -> bool:
    """Return whether rows are filled with a constant: after steps that read columns."""
    return step.value is None or CONSTANT.fullmatch(step.value) is not None


def _name(key: object) -> str:
    return key.name if isinstance(key, Key) else ""


def _keys(table: Table | None) -> list[Key]:
    return [key for key in table.keys if key.kind == "foreign key"] if table else []


def _set_aside(changes: Sequence[Change], old: Catalogue, new: Catalogue) -> list[tuple[str, Key]]:
    """Return foreign keys to drop, and perhaps add again, around changed columns and drops."""
    held = {
        (each.table, each.old.name)
        for each in changes
        if isinstance(each.old, Column)
        and isinstance(each.new, Column)
        and dialect.is_held_by_keys(each.old, each.new)
    }
    changed = {(each.table, each.old) for each in changes if isinstance(each.old, Key)}
    gone = {
        (each.table, each.old.columns)
        for each in changes
        if isinstance(each.old, Key) and dialect.HOLDS_UNIQUE_KEYS
        if not (isinstance(each.new, Key) and each.new.definition == each.old.definition)
    }
    return [
        (table.name, key)
        for table in old.values()
        for key in _keys(table)
        if (table.name, key) not in changed
        and (
            table.name not in new
            or (key.target, key.target_columns) in gone
            or held & {(table.name, column) for column in key.columns}
            or held & {(key.target, column) for column in key.target_columns}
        )
    ]
