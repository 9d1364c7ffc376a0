"""Changes of models, drawn by lot."""

from collections.abc import Callable
from dataclasses import replace

from tests.schema.drawing import (
    COMMENTS,
    DRAWS,
    RETYPES,
    Draft,
    a_field,
    a_key,
    a_link,
    a_model,
    a_size,
    has_cycle_of_must,
    indexable,
    unique_fields,
    with_defaults,
    with_index,
    with_together,
)
from tests.schema.drawn import INDEXABLE, KEYS, Field, Model

FILLS = {
    **dict.fromkeys(("smallint", "int", "bigint", "decimal", "float"), "5"),
    "char": "'f'",
    "text": "'it''s filled'",
    "date": "'2021-03-04'",
    "uuid": "'00000000-0000-4000-8000-00000000abcd'",
    "charenum": "'bug'",
    "intenum": "9",
}
"""What `--fill-sql` may be told."""


class Inapplicable(Exception):  # noqa: N818 - a fact
    """The models that were drawn cannot be changed in this way."""


def _some(draft: Draft, model: Model, *, keys: bool | None = None) -> Field:
    """Choose a field that this step has not touched yet."""
    fields = [
        each
        for each in model.fields
        if each.identity not in draft.touched and keys in {None, each.kind in KEYS}
    ]
    if not fields:
        raise Inapplicable
    return draft.rng.choice(fields)


def _change(draft: Draft, model: Model, new: Field, what: str) -> None:
    draft.touched.add(new.identity)
    draft.put(model.with_field(new), f"{what} {model.name}.{new.name}")


def add_field(draft: Draft) -> None:
    """Add a column."""
    model = draft.model()
    new = a_field(draft, model)
    needs = not new.is_null and not new.default and not new.db_default
    if needs and draft.chance(0.8):
        new = replace(new, is_null=True)
    elif not new.is_null and new.kind in FILLS and draft.chance(0.2):
        draft.fills[f"{model.table}.{new.column}"] = FILLS[new.kind]
    draft.touched.add(new.identity)
    place = draft.rng.randint(0, len(model.fields))
    fields = (*model.fields[:place], new, *model.fields[place:])
    draft.put(replace(model, fields=fields), f"add {model.name}.{new.name}")


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
    if draft.chance(0.2) and not new.is_null:
        new = replace(new, is_null=True)
    _change(draft, model, new, f"rename {old.name} to")


def retype(draft: Draft) -> None:
    """Change the type of a column."""
    model = draft.model()
    old = _some(draft, model, keys=False)
    kinds = RETYPES.get(old.kind, ())
    kind = draft.rng.choice(kinds if kinds and draft.chance(0.93) else [*DRAWS])
    enums = {"charenum", "intenum"}  # databases know nothing of them
    if kind in {"time", *enums} or old.kind in enums:
        raise Inapplicable
    if draft.database == "sqlite" and (kind == "bool" or "decimal" in {kind, old.kind}):
        raise Inapplicable  # which are whole numbers and texts there
    size = a_size(draft.rng, kind)
    new = replace(old, kind=kind, size=size, default="", db_default="")
    new = with_defaults(draft, new) if draft.chance(0.5) else new
    if kind not in INDEXABLE or (draft.database == "mysql" and sum(size) > 100):  # noqa: PLR2004 - see indexable
        new = replace(new, is_unique=False, is_indexed=False)
        model = model.without_indexes(old.name)
    kept = (
        each for each in model.indexes if each.call in {"", "Index"} or old.name not in each.fields
    )
    model = replace(model.without_condition(old.name), indexes=tuple(kept))
    _change(draft, model, new, f"{old.kind} {old.size} → {kind} {size}:")


def retype_key(draft: Draft) -> None:
    """Change the type of a primary key, and so of the keys to it."""
    model = draft.model()
    if model.key.kind not in {"smallint", "int", "bigint"}:
        raise Inapplicable
    kind = draft.rng.choice(
        [each for each in ("smallint", "int", "bigint") if each != model.key.kind]
    )
    _change(draft, model, replace(model.key, kind=kind), f"{model.key.kind} → {kind}:")


def toggle_null(draft: Draft) -> None:
    """Allow NULL, or forbid it."""
    model = draft.model()
    old = _some(draft, model)
    if old.kind == "time" and draft.database == "sqlite":
        raise Inapplicable
    new = replace(old, is_null=not old.is_null)
    if not new.is_null:
        if new.on_delete == "SET_NULL":
            new = replace(new, on_delete="CASCADE")
        if new.kind in FILLS and draft.chance(0.5):
            draft.fills[f"{model.table}.{new.column}"] = FILLS[new.kind]
    _change(draft, model, new, "null" if new.is_null else "not null")


def change_defaults(draft: Draft) -> None:
    """Change what new rows get."""
    model = draft.model()
    old = _some(draft, model, keys=False)
    _change(draft, model, with_defaults(draft, old), "defaults of")


def toggle_unique(draft: Draft) -> None:
    """Make a column unique, or no longer."""
    model = draft.model()
    old = _some(draft, model)
    if old.kind in KEYS:  # Tortoise ignores `unique` of a key that is not one to one
        new = replace(old, kind="key" if old.kind == "one" else "one", is_indexed=False)
    elif old.kind not in INDEXABLE:
        raise Inapplicable
    else:
        new = replace(old, is_unique=not old.is_unique)
    if draft.database == "mysql" and sum(old.size) > 100:  # noqa: PLR2004 - see indexable
        raise Inapplicable
    _change(draft, model, new, "unique" if new.has_unique else "not unique")


def toggle_index(draft: Draft) -> None:
    """Index a column, or no longer."""
    model = draft.model()
    old = _some(draft, model)
    if old.kind not in INDEXABLE | {"key"}:
        raise Inapplicable
    new = replace(old, is_indexed=not old.is_indexed)
    _change(draft, model, new, "index" if new.is_indexed else "no index of")


def change_comment(draft: Draft) -> None:
    """Change what people read."""
    model = draft.model()
    if draft.chance(0.3):
        draft.put(replace(model, comment=draft.rng.choice(COMMENTS)), f"comment on {model.name}")
    else:
        new = replace(_some(draft, model), comment=draft.rng.choice(COMMENTS))
        _change(draft, model, new, "comment on")


def change_together(draft: Draft) -> None:
    """Add an entry of `unique_together`, or take one away."""
    model = draft.model()
    if model.together and draft.chance(0.5):
        new = replace(model, together=model.together[1:])
    else:
        new = with_together(draft, model)
    if new == model:
        raise Inapplicable
    draft.put(new, f"unique_together of {model.name}")


def change_indexes(draft: Draft) -> None:
    """Add an index, or take one away."""
    model = draft.model()
    if model.indexes and draft.chance(0.5):
        new = replace(model, indexes=model.indexes[1:])
    else:
        new = with_index(draft, model)
    if new == model:
        raise Inapplicable
    draft.put(new, f"indexes of {model.name}")


def add_key(draft: Draft) -> None:
    """Add a key to another table or to its own."""
    model = draft.model()
    new = a_key(draft, model, model.name if draft.chance(0.2) else "")
    if not new.is_null and draft.chance(0.7):
        new = replace(new, is_null=True)
    draft.touched.add(new.identity)
    draft.put(replace(model, fields=(*model.fields, new)), f"add key {model.name}.{new.name}")


def change_key(draft: Draft) -> None:
    """Change what happens when a row that is referred to goes, or where a key goes."""
    model = draft.model()
    old = _some(draft, model, keys=True)
    what = draft.rng.choice(("action", "action", "constraint", "target"))
    if what == "action":
        actions = ["CASCADE", "RESTRICT", "NO_ACTION", *(["SET_NULL"] if old.is_null else [])]
        new = replace(old, on_delete=draft.rng.choice(actions))
    elif what == "constraint":
        new = replace(old, has_constraint=not old.has_constraint)
    else:
        new = replace(old, target=draft.model().name)
    _change(draft, model, new, f"{what} of")


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
    rest = tuple(each for each in model.links if each != old)
    what = draft.rng.choice(("drop", "action", "constraint", "unique", "through"))
    if what == "through":
        new = replace(old, through=f"{old.through}_x")
        draft.tables[old.through] = new.through
    elif what == "action":
        new = replace(old, on_delete=draft.rng.choice(("CASCADE", "RESTRICT", "NO_ACTION")))
    elif what == "constraint":
        new = replace(old, has_constraint=not old.has_constraint)
    else:
        new = replace(old, is_unique=not old.is_unique)
    kept = rest if what == "drop" else (*rest, new)
    draft.put(replace(model, links=kept), f"{what} link {model.name}.{old.name}")


def add_model(draft: Draft) -> None:
    """Add a table."""
    new = a_model(draft)
    draft.touched.add(new.name)
    draft.touched.update(each.identity for each in (*new.fields, *new.links))
    draft.put(new, f"add model {new.name}")
    if draft.chance(0.4):
        model = draft.model()
        key = replace(a_key(draft, model, new.name), is_null=True)
        draft.touched.add(key.identity)
        draft.put(replace(model, fields=(*model.fields, key)), f"add key {model.name}.{key.name}")


def drop_model(draft: Draft) -> None:
    """Drop a table, and the keys to it."""
    model = draft.model()
    if len(draft.schema) == 2 or model.name in draft.touched:  # noqa: PLR2004 - something must stay
        raise Inapplicable
    if any(each.identity in draft.touched for each in (model.key, *model.fields, *model.links)):
        raise Inapplicable
    del draft.schema[model.name]
    draft.words.append(f"drop model {model.name}")
    for other in list(draft.schema.values()):
        for each in other.fields:
            if each.target == model.name:
                if each.identity in draft.touched:
                    raise Inapplicable
                other = other.without_field(each)  # noqa: PLW2901 - it goes on as what it became
        links = tuple(link for link in other.links if link.target != model.name)
        if any(link.identity in draft.touched for link in set(other.links) - set(links)):
            raise Inapplicable
        if not other.fields:
            raise Inapplicable
        draft.schema[other.name] = replace(other, links=links)


def rename_model(draft: Draft) -> None:
    """Give a table another name."""
    model = draft.model()
    if model.name in draft.touched or model.name not in draft.before:
        raise Inapplicable
    new = replace(model, table=draft.table())
    draft.touched.add(model.name)
    draft.tables[model.table] = new.table
    for old in [name for name in draft.fills if name.rpartition(".")[0] == model.table]:
        draft.fills[f"{new.table}.{old.rpartition('.')[2]}"] = draft.fills.pop(old)
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
"""What owners do, and how often of a hundred or so times."""


def change(draft: Draft) -> None:
    """Make one to three changes of the models that can be made together."""
    wanted = draft.rng.choice((1, 1, 1, 2, 3))
    while len(draft.words) < wanted:
        kept = _kept(draft)
        (way,) = draft.rng.choices(list(CHANGES), list(CHANGES.values()))
        try:
            way(draft)
            is_sound = not has_cycle_of_must(draft.schema) and _is_indexable(draft)
        except Inapplicable:
            is_sound = False
        if not is_sound:
            for name, each in kept.items():
                setattr(draft, name, each)


def _kept(draft: Draft) -> dict[str, object]:
    names = ("schema", "words", "columns", "tables", "fills", "touched")
    return {name: getattr(draft, name).copy() for name in names}


def _is_indexable(draft: Draft) -> bool:
    """Whether MySQL takes the indexes: they have a largest size."""
    return draft.database != "mysql" or all(
        unique_fields(model) - {model.key.name} <= set(indexable(draft, model))
        and all(
            set(each.fields) <= set(indexable(draft, model))
            for each in model.indexes
            if each.call != "FullTextIndex"
        )
        and all(sum(each.size) <= 100 for each in model.fields if each.is_indexed)  # noqa: PLR2004 - see indexable
        for model in draft.schema.values()
    )
