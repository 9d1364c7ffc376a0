"""The rows that every case begins with: NULL, empty, huge and negative values, any character."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from tortoise.backends.base import executor
from tortoise.context import require_context
from tortoise.models import Model

from tests.service.schema import dialects

Values = Mapping[str, Any]
Cells = Mapping[str, Mapping[int, Any]]
"""Values that differ from the usual rows': by `Model.field`, then by the number of the row."""

NASTY = "Zoë 🦀 Ω 'q' \"d\" \\b :word %s 100% \n\t end"
LONG = "x" * 199 + "é"


@dataclass(frozen=True)
class Row:
    """A row to insert with the models of the moment."""

    model: str
    values: Values


def row(model: str, **values: Any) -> Row:  # noqa: ANN401 - values are of any type
    """Describe a row."""
    return Row(model, values)


ROLES: list[Values] = [
    {"name": "admin", "permissions": ["user:read", "user:write"]},
    {"name": "Zoë's 🦀", "permissions": []},
]
USERS: list[Values] = [
    {"username": "ada", "email": "ada@example.org", "age": None, "is_active": True},
    {"username": "Zoë 🦀", "email": "zoë'\"\\@example.org", "age": 32767, "is_active": False},
    {"username": "", "email": "", "age": -1, "is_active": True},
]
PROJECTS: list[Values] = [
    {"name": "First", "code": "P-1", "budget": Decimal("9999999999.99")},
    {"name": NASTY[:40], "code": "p-1", "budget": None},
    {"name": "", "code": "é", "budget": Decimal("-0.01")},
]
TAGS: list[Values] = [
    {"name": "red", "colour": "#f00"},
    {"name": "Red", "colour": None},
    {"name": "rêd 🟥", "colour": ""},
]
TASKS: list[Values] = [
    {
        "title": "Zoë 🦀 Ω",
        "slug": "first",
        "note": None,
        "summary": "one",
        "body": NASTY,
        "estimate": -5,
        "position": 10,
        "visits": 2**63 - 1,
        "rank": -32768,
        "done": True,
        "extra": {},
        "price": Decimal("12345678.90"),
        "weight": 0.1,
        "due": date(2024, 2, 29),
        "seen_at": datetime(1999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        "alarm": time(23, 59, 59, 999999, tzinfo=UTC),
        "token": UUID("00000000-0000-4000-8000-00000000abcd"),
        "blob": b"\x00\xff\\'\"%:a",
        "kind": "bug",
        "level": 9,
        "project_id": 1,
        "owner_id": 1,
    },
    {
        "title": "",
        "slug": "second",
        "note": "",
        "summary": "two",
        "body": "",
        "estimate": 0,
        "position": -10,
        "visits": -(2**63),
        "rank": 0,
        "done": False,
        "extra": {"a": [1, None, True, {"b": NASTY}], "": 0.5},
        "price": Decimal("-0.01"),
        "weight": -1.5,
        "due": date(1000, 1, 1),
        "seen_at": datetime(2026, 11, 28, 12, 0, tzinfo=UTC),
        "alarm": time(0, 0, tzinfo=UTC),
        "token": UUID(int=0),
        "blob": b"",
        "kind": "chore",
        "level": 1,
        "project_id": 1,
        "owner_id": None,
        "parent_id": 1,
    },
    {
        "title": "third",
        "slug": "third",
        "summary": "three",
        "position": 2**31 - 1,
        "kind": "bug",
        "project_id": 2,
        "owner_id": 2,
        "parent_id": 2,
    },
    {
        "title": "%s :title \\ 'q'",
        "slug": "fourth",
        "note": LONG,
        "summary": "four",
        "body": "long " * 200,
        "estimate": 2**31 - 1,
        "position": -(2**31),
        "visits": 7,
        "extra": ["a", {"deep": {"deeper": []}}],
        "price": Decimal("0.00"),
        "kind": "chore",
        "project_id": 3,
        "owner_id": 1,
        "parent_id": 4,
    },
]
BASE: dict[str, list[Values]] = {
    "Role": ROLES,
    "User": [{"joined_at": datetime(2020, 1, 1, tzinfo=UTC), **values} for values in USERS],
    "Project": PROJECTS,
    "Tag": TAGS,
    "Task": TASKS,
}
LINKS = {
    ("User", "roles"): [(1, 1), (1, 2), (2, 2)],
    ("Task", "tags"): [(1, 1), (1, 3), (2, 1), (4, 2)],
}


def models() -> dict[str, type[Model]]:
    """Return the models of the open Tortoise context by name, without aerich's own."""
    apps = require_context().apps
    if apps is None:
        return {}
    return {name: model for name, model in apps["models"].items() if name != "Aerich"}


def forget_statements() -> None:
    """Clear the statements that Tortoise caches by table, since tables change here."""
    executor.EXECUTOR_CACHE.clear()


async def fill(cells: Cells, more: Iterable[Row]) -> None:
    """Insert the usual rows with some cells changed, then more of them.

    The database numbers them, and one more tag is inserted and deleted, so
    that the counters are higher than the rows.
    """
    forget_statements()
    known = models()
    unused = set(cells)
    for name, rows in BASE.items():
        for number, values in enumerate(rows, start=1):
            if model := known.get(name):
                changed = _changed(name, number, cells)
                unused -= {f"{name}.{field}" for field in changed}
                await _insert_usual(model, {**values, **changed})
    if unused:
        raise LookupError(f"No row takes the cells {', '.join(sorted(unused))}")
    if tag := known.get("Tag"):
        await (await tag.create(name="gone")).delete()
    await _link(known)
    await insert(more)


def _changed(name: str, number: int, cells: Cells) -> dict[str, Any]:
    return {
        key.partition(".")[2]: by_number[number]
        for key, by_number in cells.items()
        if key.partition(".")[0] == name and number in by_number
    }


async def _insert_usual(model: type[Model], values: Values) -> None:
    """Insert a usual row without the fields that the case's models lack."""
    fields = model._meta.fields_db_projection  # noqa: SLF001 - Tortoise has no public list
    kept = {key: value for key, value in values.items() if key in fields}
    if not dialects.named(model._meta.db.capabilities.dialect).stores_times:  # noqa: SLF001
        kept.pop("alarm", None)
    parent = kept.pop("parent_id", None)
    made = await model.create(**kept)
    if parent is not None:
        await model.filter(pk=made.pk).update(parent_id=parent)  # perhaps the row itself


async def insert(rows: Iterable[Row]) -> list[Model]:
    """Insert rows, and return them as the models see them."""
    forget_statements()
    known = models()
    return [await known[row.model].create(**row.values) for row in rows]


async def _link(known: Mapping[str, type[Model]]) -> None:
    for (name, relation), pairs in LINKS.items():
        model = known.get(name)
        if model is None or relation not in model._meta.m2m_fields:  # noqa: SLF001
            continue
        for left, right in pairs:
            source = await model.get(pk=left)
            field = model._meta.fields_map[relation]  # noqa: SLF001
            target = await field.related_model.get(pk=right)  # type: ignore[attr-defined]
            await getattr(source, relation).add(target)
