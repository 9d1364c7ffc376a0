"""Fields, keys, indexes and models, drawn at random."""

from dataclasses import replace

from tests.service.schema.sequences.draft import Draft
from tests.service.schema.sequences.schema import (
    CLASSES,
    INDEXABLE,
    INTEGERS,
    KEYS,
    Field,
    Link,
    Model,
    TableIndex,
)
from tests.service.schema.sequences.values import COMMENTS, COMPUTED, DEFAULTS
from tests.support import databases

LENGTHS = (1, 8, 20, 36, 60, 100, 255)
DIGITS = ((5, 2), (9, 0), (10, 2), (12, 4), (18, 6))
ACTIONS = ("CASCADE", "RESTRICT", "NO_ACTION")
KINDS = sorted(CLASSES.keys() - KEYS)
UNQUOTED = {"name", "title", "note", "body", "slug", "size", "price"}
"""Names that need no quotes: Tortoise writes none in the condition of an index."""


def a_field(draft: Draft, model: Model) -> Field:
    """Draw a field."""
    rng = draft.rng
    kind = rng.choice([*KINDS, "char", "char", "int", "text"])
    if kind == "time" and not draft.dialect.stores_times:
        kind = "date"
    drawn = Field(
        next(draft.numbers),
        draft.name(model),
        kind,
        a_size(draft, kind),
        is_null=draft.chance(0.5),
        comment=rng.choice(("", "", *COMMENTS)),
    )
    if draft.chance(0.15):
        drawn = replace(drawn, source_field=f"{drawn.name}_col")
    if can_be_indexed(draft, drawn) and draft.chance(0.25):
        is_unique = draft.chance(0.5) and kind not in {"bool", "charenum", "intenum"}
        drawn = replace(drawn, is_unique=is_unique, is_indexed=not is_unique)
    return with_defaults(draft, drawn)


def a_size(draft: Draft, kind: str) -> tuple[int, ...]:
    """Draw the size of a kind that has one."""
    if kind == "char":
        return (draft.rng.choice(LENGTHS),)
    return draft.rng.choice(DIGITS) if kind == "decimal" else ()


def with_defaults(draft: Draft, drawn: Field) -> Field:
    """Draw the defaults of a field, of the model and of the database."""
    kind, rng = drawn.kind, draft.rng
    own, of_database = "", ""
    if kind in DEFAULTS and draft.chance(0.35):
        own = rng.choice(DEFAULTS[kind])
    if kind in DEFAULTS and draft.chance(0.35):
        of_database = rng.choice(DEFAULTS[kind])
        of_database = {"dict": "{}", "list": "[]"}.get(of_database, of_database)
    if kind == "datetime" and not databases.named(draft.database).knows_time_zones:
        of_database = ""
    if not draft.dialect.describes_all_characters:
        of_database = of_database.replace("🦀", "")
    if draft.chance(0.1) and kind in COMPUTED and (kind != "char" or drawn.size > (32,)):
        of_database = COMPUTED[kind]
    return replace(drawn, default=own, db_default=of_database)


def a_key(draft: Draft, model: Model, target: str = "") -> Field:
    """Draw a key to a model."""
    kind = "one" if draft.chance(0.2) else "key"
    name, is_null = draft.name(model), draft.chance(0.6)
    return Field(
        next(draft.numbers),
        name,
        kind,
        is_null=is_null,
        is_indexed=draft.chance(0.2) and kind == "key",
        comment=draft.rng.choice(("", "", *COMMENTS)),
        source_field=f"{name}_ref" if draft.chance(0.15) else "",
        target=target or draft.model().name,
        on_delete=an_action(draft, is_null=is_null),
        has_constraint=not draft.chance(0.15),
    )


def an_action(draft: Draft, *, is_null: bool = False) -> str:
    """Draw the action on delete of a foreign key."""
    return draft.rng.choice([*ACTIONS, "SET_NULL"] if is_null else ACTIONS)


def a_link(draft: Draft, model: Model) -> Link:
    """Draw a many-to-many relation."""
    number = next(draft.numbers)
    return Link(
        number,
        draft.name(model),
        draft.model().name,
        f"link_{number}",
        an_action(draft),
        has_constraint=not draft.chance(0.15),
        is_unique=not draft.chance(0.2),
    )


def a_model(draft: Draft) -> Model:
    """Draw a model, with keys to others that are there."""
    kind = draft.rng.choice(("int", "int", "bigint", "smallint", "uuid", "char"))
    key = Field(next(draft.numbers), "id", kind, (40,) if kind == "char" else ())
    model = Model(f"Model{next(draft.numbers)}", draft.table(), key)
    model = replace(model, comment=draft.rng.choice(COMMENTS))
    for _ in range(draft.rng.randint(2, 6)):
        model = replace(model, fields=(*model.fields, a_field(draft, model)))
    if draft.schema and draft.chance(0.6):
        model = replace(model, fields=(*model.fields, a_key(draft, model)))
    if draft.chance(0.3):
        own = replace(a_key(draft, model, model.name), is_null=True)
        model = replace(model, fields=(*model.fields, own))
    if draft.schema and draft.chance(0.3):
        model = replace(model, links=(a_link(draft, model),))
    model = with_together(draft, model) if draft.chance(0.3) else model
    return with_index(draft, model) if draft.chance(0.3) else model


def can_be_indexed(draft: Draft, field: Field) -> bool:
    """Return whether an index may hold the field, next to others."""
    if field.kind in KEYS:
        return not field.source_field  # which Tortoise looks for in vain
    return field.kind in INDEXABLE and sum(field.size) <= draft.dialect.longest_indexed


def a_pair(draft: Draft, model: Model) -> tuple[str, ...]:
    """Draw two fields that an index may hold; nothing if there are none."""
    names = [each.name for each in model.fields if can_be_indexed(draft, each)]
    return tuple(draft.rng.sample(names, 2)) if len(names) > 1 else ()


def with_together(draft: Draft, model: Model) -> Model:
    """Draw an entry of `unique_together`, unless the fields have one."""
    pair = a_pair(draft, model)
    is_known = not pair or set(pair) in map(set, model.together)
    return model if is_known else replace(model, together=(*model.together, pair))


def with_index(draft: Draft, model: Model) -> Model:
    """Draw an entry of `Meta.indexes`, unless the fields have one."""
    pair = a_pair(draft, model)
    if not pair or pair in {each.fields for each in model.indexes}:
        return model
    drawn = TableIndex(pair)
    is_plain = all(  # Tortoise does not find the columns of others in an `Index`
        each.kind not in KEYS and not each.source_field for each in map(model.field, pair)
    )
    if is_plain and draft.chance(0.7):
        drawn = replace(drawn, name=f"index_{next(draft.numbers)}")
        numbers = [
            each.name
            for each in model.fields
            if each.kind in INTEGERS and each.name in UNQUOTED and not each.source_field
        ]
        if numbers and draft.dialect.has_partial_indexes and draft.chance(0.5):
            condition = (draft.rng.choice(numbers), draft.rng.randint(0, 9))
            drawn = replace(drawn, condition=condition)
    return replace(model, indexes=(*model.indexes, drawn))


def a_schema(draft: Draft) -> None:
    """Draw two to four models."""
    for _ in range(draft.rng.randint(2, 4)):
        model = a_model(draft)
        draft.schema[model.name] = model
