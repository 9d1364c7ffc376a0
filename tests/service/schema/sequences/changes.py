"""Changes that owners make to models, drawn at random."""

from collections.abc import Callable
from dataclasses import replace

from tests.service.schema.sequences.draft import Draft
from tests.service.schema.sequences.draws import (
    a_field,
    a_key,
    a_link,
    a_model,
    a_size,
    an_action,
    can_be_indexed,
    with_defaults,
    with_index,
    with_together,
)
from tests.service.schema.sequences.schema import INDEXABLE, INTEGERS, KEYS, Field, Model, Shape
from tests.service.schema.sequences.values import COMMENTS, FILLS
from tests.support import databases

RETYPES: dict[str, tuple[str, ...]] = {
    "smallint": ("int", "bigint", "char", "text", "decimal", "float", "bool"),
    "int": ("smallint", "bigint", "char", "text", "decimal", "float", "bool"),
    "bigint": ("smallint", "int", "char", "text", "decimal", "float"),
    "char": (
        *("char", "char", "text", "int", "bigint", "decimal", "float"),
        *("json", "date", "datetime", "uuid"),
    ),
    "text": ("char", "json", "int", "float", "date", "datetime"),
    "bool": ("int", "smallint"),
    "decimal": ("decimal", "decimal", "char", "text", "int", "float"),
    "float": ("int", "decimal", "char", "text"),
    "date": ("datetime", "char", "text"),
    "datetime": ("date", "char", "text"),
    "uuid": ("char", "text"),
    "json": ("text", "char"),
}
"""Kinds into which a kind of field may change, if its values allow it."""


class Inapplicable(Exception):  # noqa: N818 - a fact
    """The models that were drawn cannot be changed in this way."""


def is_usual(old: Shape, new: Shape) -> bool:
    """Return whether a column may change its type so, if its values allow it."""
    return old[0] == new[0] or new[0] in RETYPES.get(old[0], ())


def _some(draft: Draft, model: Model, *, kinds: set[str] | None = None) -> Field:
    """Choose a field that this step has not touched yet."""
    fields = [
        each
        for each in model.fields
        if each.identity not in draft.touched and (kinds is None or each.kind in kinds)
    ]
    if not fields:
        raise Inapplicable
    return draft.rng.choice(fields)


def _change(draft: Draft, model: Model, new: Field, what: str) -> None:
    draft.touched.add(new.identity)
    draft.put(model.with_field(new), f"{what} {model.name}.{new.name}")


def _add(draft: Draft, model: Model, new: Field) -> None:
    draft.touched.add(new.identity)
    place = draft.rng.randint(0, len(model.fields))
    fields = (*model.fields[:place], new, *model.fields[place:])
    draft.put(replace(model, fields=fields), f"add {model.name}.{new.name}")


def add_field(draft: Draft) -> None:
    """Add a column."""
    model = draft.model()
    new = a_field(draft, model)
    has_value = new.is_null or new.default or new.db_default
    if not has_value and draft.chance(0.8):
        new = replace(new, is_null=True)
    elif not new.is_null and new.kind in FILLS and draft.chance(0.2):
        draft.fills[f"{model.table}.{new.column}"] = FILLS[new.kind][0]
    _add(draft, model, new)


def drop_field(draft: Draft) -> None:
    """Drop a column."""
    model = draft.model()
    gone = _some(draft, model)
    if len(model.fields) == 1:
        raise Inapplicable
    draft.touched.add(model.name)
    draft.put(model.without_field(gone), f"drop {model.name}.{gone.name}")


def rename_field(draft: Draft) -> None:
    """Give a column another name, and perhaps change it too."""
    model = draft.model()
    old = _some(draft, model)
    before = draft.before.get(model.name)
    if before is None or old not in before.fields:
        raise Inapplicable
    new = replace(old, name=draft.name(model))
    if old.source_field and draft.chance(0.5):
        new = replace(new, source_field="")  # else only Python sees the new name
    if old.column != new.column:
        table = draft.rng.choice((model.table, before.table))
        draft.columns[f"{table}.{old.column}"] = new.column
    if draft.chance(0.2):
        new = replace(new, is_null=True)
    _change(draft, model, new, f"rename {old.name} to")


def retype(draft: Draft) -> None:
    """Change the type of a column."""
    model = draft.model()
    old = _some(draft, model, kinds=set(RETYPES))
    choices = RETYPES[old.kind] if draft.chance(0.93) else [*RETYPES]
    kind = draft.rng.choice(choices)
    is_loose = kind == "bool" or "decimal" in {kind, old.kind}
    if is_loose and not databases.named(draft.database).checks_types:
        raise Inapplicable  # which are whole numbers and texts there
    new = replace(old, kind=kind, size=a_size(draft, kind), default="", db_default="")
    new = with_defaults(draft, new) if draft.chance(0.5) else new
    if not can_be_indexed(draft, new):
        new = replace(new, is_unique=False, is_indexed=False)
        model = model.without_indexes(old.name)
    kept = tuple(each for each in model.indexes if (each.condition or [""])[0] != old.name)
    model = replace(model, indexes=kept)
    _change(draft, model, new, f"{old.kind} {old.size} → {kind} {new.size}:")


def retype_key(draft: Draft) -> None:
    """Change the type of a primary key, and so of the keys to it."""
    model = draft.model()
    if model.key.kind not in INTEGERS:
        raise Inapplicable
    kind = draft.rng.choice(sorted(INTEGERS - {model.key.kind}))
    _change(draft, model, replace(model.key, kind=kind), f"{model.key.kind} → {kind}:")


def toggle_null(draft: Draft) -> None:
    """Allow NULL, or forbid it."""
    model = draft.model()
    old = _some(draft, model)
    new = replace(old, is_null=not old.is_null)
    if not new.is_null:
        if new.on_delete == "SET_NULL":
            new = replace(new, on_delete="CASCADE")
        if new.kind in FILLS and draft.chance(0.5):
            draft.fills[f"{model.table}.{new.column}"] = FILLS[new.kind][0]
    _change(draft, model, new, "null" if new.is_null else "not null")


def change_defaults(draft: Draft) -> None:
    """Change the defaults of a column."""
    model = draft.model()
    old = _some(draft, model)
    _change(draft, model, with_defaults(draft, old), "defaults of")


def toggle_unique(draft: Draft) -> None:
    """Make a column unique, or no longer."""
    model = draft.model()
    old = _some(draft, model, kinds=INDEXABLE | KEYS)
    if sum(old.size) > draft.dialect.longest_indexed:
        raise Inapplicable
    if old.kind in KEYS:  # Tortoise ignores `unique` of a key that is not one to one
        new = replace(old, kind="key" if old.kind == "one" else "one", is_indexed=False)
    else:
        new = replace(old, is_unique=not old.is_unique)
    _change(draft, model, new, "unique" if new.has_unique else "not unique")


def toggle_index(draft: Draft) -> None:
    """Index a column, or no longer."""
    model = draft.model()
    old = _some(draft, model, kinds=INDEXABLE | {"key"})
    if sum(old.size) > draft.dialect.longest_indexed:
        raise Inapplicable
    new = replace(old, is_indexed=not old.is_indexed)
    _change(draft, model, new, "index" if new.is_indexed else "no index of")


def change_comment(draft: Draft) -> None:
    """Change the comment of a table or column."""
    model = draft.model()
    if draft.chance(0.3):
        draft.put(replace(model, comment=draft.rng.choice(COMMENTS)), f"comment on {model.name}")
    else:
        new = replace(_some(draft, model), comment=draft.rng.choice(COMMENTS))
        _change(draft, model, new, "comment on")


def change_together(draft: Draft) -> None:
    """Add an entry of `unique_together`, or remove one."""
    model = draft.model()
    is_dropped = model.together and draft.chance(0.5)
    new = replace(model, together=model.together[1:]) if is_dropped else with_together(draft, model)
    if new == model:
        raise Inapplicable
    draft.put(new, f"unique_together of {model.name}")


def change_indexes(draft: Draft) -> None:
    """Add an index, or remove one."""
    model = draft.model()
    is_dropped = model.indexes and draft.chance(0.5)
    new = replace(model, indexes=model.indexes[1:]) if is_dropped else with_index(draft, model)
    if new == model:
        raise Inapplicable
    draft.put(new, f"indexes of {model.name}")


def add_key(draft: Draft) -> None:
    """Add a key to another table or to its own."""
    model = draft.model()
    new = a_key(draft, model, model.name if draft.chance(0.2) else "")
    _add(draft, model, replace(new, is_null=True) if draft.chance(0.7) else new)


def change_key(draft: Draft) -> None:
    """Change the action on delete, the constraint or the target of a foreign key."""
    model = draft.model()
    old = _some(draft, model, kinds=KEYS)
    match draft.rng.choice(("action", "action", "constraint", "target")):
        case "action":
            new = replace(old, on_delete=an_action(draft, is_null=old.is_null))
        case "constraint":
            new = replace(old, has_constraint=not old.has_constraint)
        case _:
            new = replace(old, target=draft.model().name)
    _change(draft, model, new, "key")


def change_links(draft: Draft) -> None:
    """Add a many-to-many relation, drop one, or change it."""
    model = draft.model()
    links = [each for each in model.links if each.identity not in draft.touched]
    if not links or draft.chance(0.4):
        new = a_link(draft, model)
        draft.touched.add(new.identity)
        draft.put(replace(model, links=(*model.links, new)), f"add link {model.name}.{new.name}")
        return
    old = draft.rng.choice(links)
    draft.touched.add(old.identity)
    what = draft.rng.choice(("drop", "action", "constraint", "unique", "through"))
    match what:
        case "through":
            new = replace(old, through=f"{old.through}_x")
            draft.tables[old.through] = new.through
        case "action":
            new = replace(old, on_delete=an_action(draft))
        case "constraint":
            new = replace(old, has_constraint=not old.has_constraint)
        case _:
            new = replace(old, is_unique=not old.is_unique)
    rest = tuple(each for each in model.links if each != old)
    kept = rest if what == "drop" else (*rest, new)
    draft.put(replace(model, links=kept), f"{what} link {model.name}.{old.name}")


def add_model(draft: Draft) -> None:
    """Add a table, and perhaps a key to it."""
    new = a_model(draft)
    draft.touched.add(new.name)
    draft.touched |= {each.identity for each in new.fields}
    draft.touched |= {each.identity for each in new.links}
    draft.put(new, f"add model {new.name}")
    if draft.chance(0.4):
        model = draft.model()
        _add(draft, model, replace(a_key(draft, model, new.name), is_null=True))


def drop_model(draft: Draft) -> None:
    """Drop a table, and the keys and relations to it."""
    gone = draft.model()
    if len(draft.schema) == 2 or draft.touched:
        raise Inapplicable  # something must stay
    del draft.schema[gone.name]
    for model in draft.schema.values():
        for each in model.fields:
            if each.target == gone.name:
                model = model.without_field(each)  # noqa: PLW2901 - it goes on as what it became
        if not model.fields:
            raise Inapplicable
        links = tuple(link for link in model.links if link.target != gone.name)
        draft.schema[model.name] = replace(model, links=links)
        draft.touched.add(model.name)
    draft.words.append(f"drop model {gone.name}")


def rename_model(draft: Draft) -> None:
    """Give a table another name."""
    model = draft.model()
    if model.name in draft.touched or model.name not in draft.before:
        raise Inapplicable
    new = replace(model, table=draft.table())
    draft.touched.add(model.name)
    draft.tables[model.table] = new.table
    for place in [place for place in draft.fills if place.rpartition(".")[0] == model.table]:
        draft.fills[f"{new.table}.{place.rpartition('.')[2]}"] = draft.fills.pop(place)
    draft.put(new, f"rename table {model.table} to {new.table} of {model.name}")


def reorder(draft: Draft) -> None:
    """Write the fields in another order, which changes nothing."""
    model = draft.model()
    fields = draft.rng.sample(model.fields, len(model.fields))
    draft.put(replace(model, fields=tuple(fields)), f"reorder {model.name}")


CHANGES: dict[Callable[[Draft], None], int] = {
    add_field: 8,
    drop_field: 5,
    rename_field: 5,
    retype: 8,
    retype_key: 2,
    toggle_null: 5,
    change_defaults: 3,
    toggle_unique: 4,
    toggle_index: 3,
    change_comment: 2,
    change_together: 4,
    change_indexes: 4,
    add_key: 4,
    change_key: 4,
    change_links: 4,
    add_model: 3,
    drop_model: 2,
    rename_model: 3,
    reorder: 1,
}
"""Changes, and their weights in the draw."""


def change(draft: Draft) -> Draft:
    """Make one to three changes that can be made together."""
    wanted = draft.rng.choice((1, 1, 1, 2, 3))
    while len(draft.words) < wanted:
        (way,) = draft.rng.choices(list(CHANGES), list(CHANGES.values()))
        changed = draft.copy()
        try:
            way(changed)
        except Inapplicable:
            continue
        if changed.has_a_first_row:
            draft = changed
    return draft
