"""Draws models, values and changes by lot."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from random import Random
from typing import Any
from uuid import UUID

from tests.schema.drawn import (
    INDEXABLE,
    KEYS,
    Field,
    Link,
    Meta,
    Model,
    Schema,
    Shape,
    shape,
    uniques,
)

WORDS = (
    "name title note body slug size rank total price owner start until state order group select"
    " kind level extra camelCase ünï"
).split()
UNQUOTED = set("name title note body slug price".split())
"""Names that Tortoise may leave without quotes, as it does in conditions."""
TABLES = "things tags notes people order parts rooms letters Mixed".split()
NASTY = "Zoë 🦀 Ω 'q' \"d\" \\b :word %s 100% ? $1 -- /* */ ; end"
COMMENTS = ("", "plain", 'it\'s "a" \\ comment', "two\nlines", NASTY)
TEXTS = (
    "", "a", "Zoë 🦀", "it's", NASTY, "12", "-7", "0", "1", "007", "1.50", "99999999999",
    '{"a": [1, null, "é"]}', "[]", "2024-02-29", "00000000-0000-4000-8000-00000000abcd", "é", "E",
    "x" * 90, "NULL", "true",
)  # fmt: skip
SIZES = (1, 8, 20, 36, 60, 100, 255)
DIGITS = ((5, 2), (9, 0), (10, 2), (12, 4), (18, 6))
DECIMALS = ("0", "1", "-1", "1.5", "-0.01", "123.45", "99999", "12345678.9", "0.0001")
INTEGERS = (
    0,
    1,
    -1,
    2,
    7,
    99,
    -32768,
    32767,
    40000,
    -(2**31),
    2**31 - 1,
    2**40,
    -(2**63),
    2**63 - 1,
)
LIMITS = {"smallint": 15, "int": 31, "bigint": 63}
FLOATS = (0.0, 1.0, -1.5, 0.1, 1e300, 1e-7, 0.30000000000000004, -2.0)
DATES = (date(2024, 2, 29), date(1000, 1, 1), date(1970, 1, 1), date(9999, 12, 31))
MOMENTS = (
    datetime(1999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(2026, 11, 28, tzinfo=UTC),
    datetime(2000, 1, 1, tzinfo=UTC),
    datetime(2020, 2, 29, 12, 30, 0, 1, tzinfo=UTC),
)
DEFAULTS: dict[str, tuple[str, ...]] = {
    "smallint": ("0", "-7", "32767"),
    "int": ("0", "-7", "2147483647"),
    "bigint": ("0", "2**53 + 1", "-5"),
    "char": ("''", "'a'", "'0'", "'\\''", "'é'", "'\\\\'", "':'", "'%'", "'\\n'"),
    "text": ("''", repr(NASTY), "'two\\nlines'", "'NULL'", "' : %s \\\\ '"),
    "bool": ("True", "False"),
    "decimal": ("Decimal('1.50')", "Decimal('-0.01')", "0"),
    "float": ("0.5", "-1.5", "1e-7", "0.0"),
    "date": ("date(2020, 1, 2)",),
    "datetime": ("datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)",),
    "timedelta": ("timedelta(days=1)", "timedelta(0)"),
    "uuid": ("UUID(int=5)",),
    "json": ("dict", "list", "{'a': [1, None, True, \"it's\"]}"),
    "binary": ("b''", "b'ab'"),
    "charenum": ("Kind.BUG", "Kind.CHORE"),
    "intenum": ("Level.LOW", "Level.HIGH"),
}
"""Defaults in Python, of the model and of the database."""
COMPUTED = {"char": "RandomHex()", "datetime": "Now()", "int": 'SqlDefault("(1 + 1)")'}
"""Defaults that the database works out."""
RETYPES: dict[str, tuple[str, ...]] = {
    "smallint": ("int", "bigint", "char", "text", "decimal", "float", "bool"),
    "int": ("smallint", "bigint", "char", "text", "decimal", "float", "bool"),
    "bigint": ("smallint", "int", "char", "text", "decimal", "float"),
    "char": ("char", "char", "text", "int", "bigint", "decimal", "json", "date", "uuid", "float"),
    "text": ("char", "json", "int", "date"),
    "bool": ("int", "smallint"),
    "decimal": ("decimal", "decimal", "char", "text", "int", "float"),
    "float": ("int", "decimal", "char", "text"),
    "date": ("datetime", "char", "text"),
    "datetime": ("date", "char", "text"),
    "uuid": ("char", "text"),
    "json": ("text", "char"),
}
"""What owners do to types; now and then it is any other type."""


def is_usual(old: Shape, new: Shape) -> bool:
    """Whether a column may change its type so, if its values allow it."""
    return old[0] == new[0] or new[0] in RETYPES.get(old[0], ())


@dataclass
class Draft:
    """Models on their way to others, and what has to be told beside them."""

    rng: Random
    database: str
    numbers: Iterator[int]
    schema: dict[str, Model]
    before: Schema
    words: list[str] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)
    tables: dict[str, str] = field(default_factory=dict)
    fills: dict[str, str] = field(default_factory=dict)
    touched: set[int | str] = field(default_factory=set)
    """Fields and models that this step has changed: they are not dropped in the same one."""

    def model(self) -> Model:
        """Choose a model."""
        return self.rng.choice(list(self.schema.values()))

    def put(self, model: Model, what: str) -> None:
        """Replace a model by what it became."""
        self.schema[model.name] = model
        self.words.append(what)

    def chance(self, share: float) -> bool:
        """Toss a coin that is not fair."""
        return self.rng.random() < share

    def names(self, model: Model) -> set[str]:
        """Return the names that a new field of a model may not have."""
        taken = {each.name for each in (*model.columns, *model.links)}
        taken |= {each.column for each in model.columns}
        before = self.before.get(model.name)
        if before:
            taken |= {each.name for each in (*before.columns, *before.links)}
            taken |= {each.column for each in before.columns}
        return taken | {f"{name}_id" for name in taken}

    def name(self, model: Model) -> str:
        """Choose the name of a field that neither is there nor was before this step."""
        free = [name for name in WORDS if not {name, f"{name}_id"} & self.names(model)]
        return self.rng.choice(free) if free else f"more_{next(self.numbers)}"

    def table(self) -> str:
        """Choose the name of a table that neither is there nor was before this step."""
        models = [*self.schema.values(), *self.before.values()]
        taken = {each.table for each in models}
        taken |= {link.through for each in models for link in each.links}
        free = [name for name in TABLES if name not in taken]
        return self.rng.choice(free) if free else f"table_{next(self.numbers)}"


def value(rng: Random, of: Field, schema: Schema, database: str) -> Any:  # noqa: ANN401 - of any type
    """Draw a value for a field that is no key; time is never stored on SQLite."""
    kind, size = shape(schema, of)
    if kind == "time" and database == "sqlite":
        return None  # Tortoise cannot
    drawn = DRAWS[kind](rng)
    if kind in LIMITS and not -(2 ** LIMITS[kind]) <= drawn < 2 ** LIMITS[kind]:
        drawn = rng.randint(-100, 100)
    if kind == "char":
        drawn = drawn[: size[0]].strip()
    if kind == "decimal":
        places = Decimal(1).scaleb(-size[1])
        drawn = (drawn % 10 ** (size[0] - size[1])).quantize(places)
    return drawn


def _json(rng: Random) -> Any:  # noqa: ANN401 - as above
    return json.loads(rng.choice(("{}", "[]", '{"a": [1, null, {"b": "Zoë"}]}', '["x", 1.5]')))


DRAWS: dict[str, Callable[[Random], Any]] = {
    **dict.fromkeys(("smallint", "int", "bigint"), lambda rng: rng.choice(INTEGERS)),
    "char": lambda rng: rng.choice(TEXTS),
    "text": lambda rng: rng.choice((*TEXTS, "two\nlines ", "long " * 500)),
    "bool": lambda rng: rng.random() < 0.5,  # noqa: PLR2004 - a coin
    "decimal": lambda rng: Decimal(rng.choice(DECIMALS)),
    "float": lambda rng: rng.choice(FLOATS),
    "date": lambda rng: rng.choice(DATES),
    "datetime": lambda rng: rng.choice(MOMENTS),
    "time": lambda rng: time(rng.randrange(24), 59, 59, tzinfo=UTC),
    "timedelta": lambda rng: timedelta(seconds=rng.randint(-(10**6), 10**6), microseconds=7),
    "uuid": lambda rng: UUID(int=rng.getrandbits(128)),
    "json": _json,
    "binary": lambda rng: rng.choice((b"", b"\x00\xff\\'\"%:a", b"abc")),
    "charenum": lambda rng: rng.choice(("bug", "it's")),
    "intenum": lambda rng: rng.choice((-1, 9)),
}


def a_field(draft: Draft, model: Model, kind: str = "") -> Field:
    """Draw a field; one that must have a value usually has a default."""
    rng = draft.rng
    kind = kind or rng.choice([*DRAWS, "char", "char", "int", "text"])
    drawn = Field(next(draft.numbers), draft.name(model), kind, a_size(rng, kind))
    is_null = draft.chance(0.5) or (kind == "time" and draft.database == "sqlite")
    drawn = replace(drawn, is_null=is_null, comment=rng.choice(("", "", *COMMENTS)))
    if draft.chance(0.15):
        drawn = replace(drawn, source_field=f"{drawn.name}_col")
    if kind in INDEXABLE and draft.chance(0.25):
        way = (
            "is_unique" if draft.chance(0.5) and kind not in {"bool", "charenum"} else "is_indexed"
        )
        drawn = replace(drawn, **{way: True})
    return with_defaults(draft, drawn)


def with_defaults(draft: Draft, drawn: Field) -> Field:
    """Draw the defaults of a field."""
    kind, rng = drawn.kind, draft.rng
    drawn = replace(drawn, default="", db_default="")
    if kind not in DEFAULTS:
        return drawn
    if draft.chance(0.35):
        drawn = replace(drawn, default=a_default(rng, drawn))
    if draft.chance(0.35) and not (draft.database == "mysql" and kind == "datetime"):
        first = a_default(rng, drawn)
        first = {"dict": "{}", "list": "[]"}.get(first, first)
        if draft.database == "mysql":
            first = first.replace("🦀", "")  # its catalogue holds no such characters
        drawn = replace(drawn, db_default=first)
    if draft.chance(0.1) and kind in COMPUTED and (kind != "char" or drawn.size[0] > 32):  # noqa: PLR2004 - its length
        drawn = replace(drawn, db_default=COMPUTED[kind])
    return drawn


def a_default(rng: Random, of: Field) -> str:
    """Draw a default that the type can hold."""
    choices = DEFAULTS[of.kind]
    if of.kind == "decimal" and of.size[1] == 0:
        choices = ("Decimal('7')", "0")
    return rng.choice(choices)


def a_size(rng: Random, kind: str) -> tuple[int, ...]:
    """Draw the size of a type that has one."""
    if kind == "char":
        return (rng.choice(SIZES),)
    return rng.choice(DIGITS) if kind == "decimal" else ()


def a_key(draft: Draft, model: Model, target: str = "") -> Field:
    """Draw a key to a model."""
    rng = draft.rng
    kind = "one" if draft.chance(0.2) else "key"
    drawn = Field(next(draft.numbers), draft.name(model), kind, is_null=draft.chance(0.6))
    actions = ["CASCADE", "RESTRICT", "NO_ACTION", *(["SET_NULL"] if drawn.is_null else [])]
    return replace(
        drawn,
        target=target or draft.model().name,
        on_delete=rng.choice(actions),
        has_constraint=not draft.chance(0.15),
        is_indexed=draft.chance(0.2) and kind == "key",
        comment=rng.choice(("", "", *COMMENTS)),
        source_field=f"{drawn.name}_ref" if draft.chance(0.15) else "",
    )


def a_link(draft: Draft, model: Model) -> Link:
    """Draw a many-to-many relation."""
    number = next(draft.numbers)
    return Link(
        number,
        draft.name(model),
        draft.model().name,
        f"link_{number}",
        draft.rng.choice(("CASCADE", "CASCADE", "RESTRICT", "NO_ACTION")),
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
    if draft.chance(0.3):
        model = with_together(draft, model)
    return with_index(draft, model) if draft.chance(0.3) else model


def indexable(draft: Draft, model: Model) -> list[str]:
    """Return the fields that an index may hold; MySQL's have at most 3072 bytes."""
    return [
        each.name
        for each in model.fields
        if each.kind in INDEXABLE | KEYS
        and not (each.kind in KEYS and each.source_field)  # which Tortoise looks for in vain
        and (draft.database != "mysql" or sum(each.size) <= 100)  # noqa: PLR2004 - as above
    ]


def with_together(draft: Draft, model: Model) -> Model:
    """Draw an entry of `unique_together`."""
    names = indexable(draft, model)
    if len(names) < 2:  # noqa: PLR2004 - a pair
        return model
    pair = tuple(draft.rng.sample(names, 2))
    known = {frozenset(each) for each in model.together}
    return model if frozenset(pair) in known else replace(model, together=(*model.together, pair))


def with_index(draft: Draft, model: Model) -> Model:
    """Draw an entry of `Meta.indexes`."""
    rng, names = draft.rng, indexable(draft, model)
    if len(names) < 2:  # noqa: PLR2004 - a pair
        return model
    chosen = tuple(rng.sample(names, 2))
    drawn = Meta("", chosen)
    if not all(model.field(name).is_plain for name in chosen):
        fields = {each.fields for each in model.indexes}
        return model if chosen in fields else replace(model, indexes=(*model.indexes, drawn))
    drawn = replace(drawn, call=rng.choice(("", "Index")))
    if drawn.call and draft.chance(0.5):
        drawn = replace(drawn, name=f"index_{next(draft.numbers)}")
    whole = [
        each
        for each in model.fields
        if each.kind in LIMITS and each.is_plain and each.name in UNQUOTED
    ]
    texts = [each for each in model.fields if each.kind in {"char", "text"} and each.is_plain]
    if whole and draft.database != "mysql" and draft.chance(0.3):
        condition = (rng.choice(whole).name, rng.randint(0, 9))
        drawn = Meta("PartialIndex", drawn.fields, f"index_{next(draft.numbers)}", condition)
    if draft.database == "postgres" and draft.chance(0.2):
        drawn = Meta("HashIndex", drawn.fields[:1], f"index_{next(draft.numbers)}")
    if texts and draft.database == "mysql" and draft.chance(0.2):
        drawn = Meta("FullTextIndex", (rng.choice(texts).name,), f"index_{next(draft.numbers)}")
    fields = {each.fields for each in model.indexes}
    return model if drawn.fields in fields else replace(model, indexes=(*model.indexes, drawn))


def a_schema(draft: Draft) -> None:
    """Draw two to four models."""
    for _ in range(draft.rng.randint(2, 4)):
        model = a_model(draft)
        draft.schema[model.name] = model


def has_cycle_of_must(schema: Schema) -> bool:
    """Whether keys that must have a value go in a circle, so that no row could be the first."""
    edges = {
        model.name: {each.target for each in model.fields if each.kind in KEYS and not each.is_null}
        for model in schema.values()
    }
    while edges:
        free = [name for name, targets in edges.items() if not targets & edges.keys()]
        if not free:
            return True
        for name in free:
            del edges[name]
    return False


def unique_fields(model: Model) -> set[str]:
    """Return the names of fields in a unique constraint."""
    return {each.name for fields in uniques(model) for each in fields}
