"""Every kind of field, key and index that Tortoise has, as the text of models.

`python -m tests.service.schema.zoo --database postgres --service DIR` makes a migration of them and
says where the planner sees a difference that is none.
"""

import argparse
import asyncio
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from tests.service.schema import dialects
from tests.service.schema.catalogue import differences
from tests.service.schema.engines import Planner, Refused
from tests.service.schema.laboratory import apart, opened
from tests.service.schema.model_text import model
from tests.support import databases

HEAD = '''"""Models of every kind."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import IntEnum, StrEnum
from uuid import UUID, uuid4

from tortoise import fields
from tortoise.contrib.mysql.fields import GeometryField
from tortoise.contrib.mysql.fields import UUIDField as BinaryUUIDField
from tortoise.contrib.mysql.indexes import FullTextIndex, SpatialIndex
from tortoise.contrib.postgres.fields import ArrayField, TSVectorField
from tortoise.contrib.postgres.indexes import (
    BrinIndex,
    GinIndex,
    GistIndex,
    HashIndex,
    SpGistIndex,
)
from tortoise.expressions import F
from tortoise.fields.db_defaults import Now, RandomHex, SqlDefault
from tortoise.functions import Coalesce, Lower, Upper
from tortoise.indexes import Index, PartialIndex
from tortoise.models import Model

NASTY = "Zoë's \\"🦀\\" \\\\b :word %s 100%% ? $1 -- /* */ ; a\\n\\tb"


class Kind(StrEnum):
    """The kinds of things."""

    BUG = "bug"
    CHORE = "it's"


class Level(IntEnum):
    """How high something is."""

    LOW = -1
    HIGH = 9


def raw(sql_type, *, generated_sql=None):
    """Return a field of a type of one's own."""
    class Raw(fields.Field):
        SQL_TYPE = sql_type
        GENERATED_SQL = generated_sql
        allows_generated = True
        field_type = str
    return Raw
'''


@dataclass(frozen=True)
class Kind:
    """A type of field, with its possible defaults."""

    call: str
    """The call that makes it, up to its options."""
    default: str
    defaults: tuple[str, ...]
    """Defaults of the database, in Python."""
    is_indexable: bool = True


KINDS = {
    "SmallInt": Kind("fields.SmallIntField(", "3", ("0", "-32768", "32767")),
    "Int": Kind("fields.IntField(", "3", ("0", "-5", "2147483647")),
    "BigInt": Kind("fields.BigIntField(", "3", ("0", "-9223372036854775808", "2**53 + 1")),
    "Char": Kind("fields.CharField(20, ", "'x'", ("''", "'it\\'s'", "'NULL'", "'0'", "'a:b'")),
    "LongChar": Kind("fields.CharField(200, ", "'x'", ("HARD", "'CURRENT_TIMESTAMP'", "' '")),
    "Text": Kind("fields.TextField(", "'x'", ("''", "HARD", "'\\\\'", "'é'"), is_indexable=False),
    "Boolean": Kind("fields.BooleanField(", "True", ("True", "False")),
    "Decimal": Kind(
        "fields.DecimalField(12, 3, ",
        "Decimal('1.5')",
        ("Decimal('-0.100')", "0", "Decimal('1E+3')"),
    ),
    "Whole": Kind(
        "fields.DecimalField(30, 0, ", "1", ("Decimal('123456789012345678901234567890')",)
    ),
    "Float": Kind("fields.FloatField(", "0.5", ("0.0", "-1.5", "1e300", "1e-7", "0.1")),
    "Date": Kind("fields.DateField(", "date(2020, 1, 2)", ("date(1000, 1, 1)",)),
    "Datetime": Kind(
        "fields.DatetimeField(",
        "datetime(2020, 1, 2, tzinfo=UTC)",
        ("MOMENT", "Now()"),
    ),
    "AutoNow": Kind("fields.DatetimeField(auto_now=True, ", "None", ("Now()",)),
    "AutoNowAdd": Kind("fields.DatetimeField(auto_now_add=True, ", "None", ("Now()",)),
    "Time": Kind("fields.TimeField(", "time(1, 2, tzinfo=UTC)", ("time(23, 59, 59, tzinfo=UTC)",)),
    "TimeDelta": Kind("fields.TimeDeltaField(", "timedelta(1)", ("timedelta(days=-1)",)),
    "UUID": Kind("fields.UUIDField(", "uuid4", ("UUID(int=5)",)),
    "JSON": Kind(
        "fields.JSONField(",
        "dict",
        ("{}", "[]", "{'a': [1, None, True, {'b': HARD}], '': 0.5}", "'null'"),
        is_indexable=False,
    ),
    "Binary": Kind(
        "fields.BinaryField(", "b'x'", ("b''", "b'\\x00\\xff\\'\"%:a'"), is_indexable=False
    ),
    "CharEnum": Kind("fields.CharEnumField(Kind, max_length=9, ", "Kind.BUG", ("Kind.CHORE",)),
    "IntEnum": Kind("fields.IntEnumField(Level, ", "Level.LOW", ("Level.HIGH",)),
}
INDEXING = ("", "unique=True, ", "db_index=True, ", "unique=True, db_index=True, ")
DESCRIPTIONS = ("", "description='plain', ", "description=NASTY, ", "description='', ")


def _kind(name: str, kind: Kind) -> Iterator[str]:
    """Return models with a field for each combination of options of one kind."""
    initial = ["", f"default={kind.default}, "]
    initial += [f"db_default={each}, " for each in kind.defaults]
    initial += [f"default={kind.default}, db_default={kind.defaults[-1]}, "]
    indexing = INDEXING if kind.is_indexable else INDEXING[:1]
    for null in ("", "null=True, "):
        lines = []
        for number, (index, first) in enumerate(product(indexing, initial)):
            options = f"{null}{index}{first}{DESCRIPTIONS[number % 5 % 4]}"
            if number % 7 == 3:  # now and then
                space = "" if "db_index" in index else " "  # which Tortoise takes for an expression
                options += f'source_field="Column{space}{number}", '
            lines.append(f"field_{number} = {kind.call}{options.removesuffix(', ')})")
        yield model(f"Zoo{'Null' if null else ''}{name}", lines)


ACTIONS = ("CASCADE", "RESTRICT", "NO_ACTION")


def _keys() -> Iterator[str]:
    """Return models with every kind of primary key, and keys to them."""
    primary = {
        "Small": "fields.SmallIntField(primary_key=True)",
        "Plain": "fields.IntField(primary_key=True)",
        "Big": "fields.BigIntField(primary_key=True, description=NASTY)",
        "Given": "fields.IntField(primary_key=True, generated=False)",
        "Char": "fields.CharField(30, primary_key=True)",
        "Uuid": "fields.UUIDField(primary_key=True)",
        "Date": "fields.DateField(primary_key=True)",
        "Decimal": "fields.DecimalField(10, 2, primary_key=True)",
        "Enum": "fields.CharEnumField(Kind, max_length=12, primary_key=True)",
        "Initial": "fields.IntField(primary_key=True, generated=False, db_default=7)",
        "Elsewhere": 'fields.IntField(primary_key=True, source_field="the id")',
    }
    yield model("Implicit", ["name = fields.CharField(10, unique=True, null=True)"])
    for name, call in primary.items():
        number = len(name)
        lines = [f"key = {call}", "code = fields.CharField(8, unique=True)"]
        lines += [f'friends = fields.ManyToManyField("models.{name}Pk", related_name="fans")']
        lines += [
            (
                f'things = fields.ManyToManyField("models.Implicit",'
                f' related_name="{name.lower()}s",'
                f" db_constraint={number % 3 != 0}, unique={number % 2 == 0},"
                f" on_delete=fields.{ACTIONS[number % 3]},"
                f" description={'NASTY' if number % 2 else None})"
            )
        ]
        yield model(f"{name}Pk", lines)
        yield model(f"{name}Ref", _references(f"{name}Pk", f"{name}Ref"))
    yield model(
        "OneToOnePk",
        [
            'user = fields.OneToOneField("models.BigPk", primary_key=True, related_name="profile")',
            "bio = fields.TextField()",
        ],
    )
    yield model(
        "Below", ['above = fields.ForeignKeyField("models.OneToOnePk", related_name=False)']
    )
    yield model(
        "Membership",
        [
            'left = fields.ForeignKeyField("models.BigPk", related_name=False)',
            'right = fields.ForeignKeyField("models.UuidPk", related_name=False)',
            "since = fields.DateField(null=True)",
        ],
        ['table = "memberships"', 'unique_together = ("left", "right")'],
    )
    yield model(
        "Member",
        [
            (
                'seats = fields.ManyToManyField("models.UuidPk", through="seats",'
                ' forward_key="seat",'
                ' backward_key="member", related_name="members")'
            ),
            (
                'groups = fields.ManyToManyField("models.Circle", through="links",'
                ' related_name="members")'
            ),
        ],
    )
    yield model(
        "Circle",
        [
            'chief = fields.ForeignKeyField("models.Member", related_name="led", null=True)',
        ],
    )


def _references(target: str, own: str) -> list[str]:
    """Return keys of every kind to one model."""
    start = f'ForeignKeyField("models.{target}", related_name=False'
    lines = [f"by_{each.lower()} = fields.{start}, on_delete=fields.{each})" for each in ACTIONS]
    return [
        *lines,
        f"none = fields.{start}, null=True, on_delete=fields.SET_NULL)",
        f"free = fields.{start}, db_constraint=False)",
        f"free_none = fields.{start}, db_constraint=False, null=True, db_index=True)",
        f"only = fields.{start}, unique=True)",
        f"only_none = fields.{start}, unique=True, null=True, description=NASTY)",
        f'seen = fields.{start}, db_index=True, source_field="SeenBy", null=True)',
        f'code = fields.{start}, to_field="code", null=True)',
        f"one = fields.{start.replace('ForeignKey', 'OneToOne')})",
        f"one_none = fields.{start.replace('ForeignKey', 'OneToOne')}, null=True)",
        f'own = fields.ForeignKeyField("models.{own}", null=True, related_name="others")',
    ]


def _shapes() -> Iterator[str]:
    """Return models with odd names, several unique constraints and indexes of all kinds."""
    text = "fields.CharField(20)"
    columns = [f"a = {text}", f"b = {text}", 'c = fields.CharField(20, source_field="Cc")']
    yield model(
        "Together",
        [*columns, 'of = fields.ForeignKeyField("models.Implicit", related_name=False)'],
        [
            'table = "Together Table"',
            'unique_together = (("a", "b"), ("b", "a", "c"), ("of", "a"))',
            (
                'indexes = [("a", "c"), ("b",), Index(fields=("b", "a")),'
                ' Index(fields=["a"], name="an_index_of_mine"), ("of", "b")]'
            ),
        ],
        'r"""Zoë\'s 🦀 \\ table :word %s 100%."""',
    )
    yield model(
        "Reserved",
        [
            "select = fields.IntField()",
            "order = fields.IntField(unique=True)",
            "group = fields.IntField(db_index=True)",
            "key = fields.CharField(10)",
            "camelCase = fields.IntField(null=True)",
            "ünï = fields.IntField(default=1)",
        ],
        ['table = "order"', 'unique_together = ("key", "camelCase")', 'indexes = (("select",),)'],
    )
    long = "a" * 50
    yield model(
        "Long" + "g" * 40,
        [
            f"{long} = fields.IntField(unique=True)",
            f"{long}_b = fields.IntField(db_index=True)",
            f'{long}_c = fields.ForeignKeyField("models.Implicit", related_name=False)',
        ],
        [f'unique_together = ("{long}", "{long}_b")'],
    )
    yield "\n\nclass Stamped(Model):\n    made_at = fields.DatetimeField(auto_now_add=True)\n"
    yield "    note = fields.CharField(9, db_default='n')\n\n"
    yield "    class Meta:\n        abstract = True\n"
    yield "\n\nclass Heir(Stamped):\n    name = fields.CharField(9)\n\n"
    yield "    class Meta(Stamped.Meta):\n        abstract = False\n        table = 'heirs'\n"


def text(database: str) -> str:
    """Return the models of every kind that a database can hold."""
    dialect = dialects.named(database)
    hard = "NASTY" if dialect.describes_all_characters else 'NASTY.replace("🦀", "")'
    moment = "datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC)"
    if not databases.named(database).knows_time_zones:
        moment = "SqlDefault(\"'1999-12-31 23:59:59'\")"
    constants = f"\nHARD = {hard}\nMOMENT = {moment}\n"
    kinds = [each for name, kind in KINDS.items() for each in _kind(name, kind)]
    return "".join([HEAD, constants, *kinds, *_keys(), *_shapes(), *dialect.zoo()])


async def phantoms(database: str, service: Path) -> list[str]:
    """Make a migration of all models, apply it, and return the differences that remain."""
    models = {"zoo": text(database)}
    async with opened(database, service, Planner) as laboratory:
        planner, filled = laboratory.planner, laboratory.databases["filled"]
        await filled.empty()
        bench = laboratory.bench()
        bench.package.write(models)
        try:
            await apart(planner.first(bench))
            await apart(planner.upgrade(bench))
            found = await filled.catalogue()
            said = differences(found, await laboratory.truth(models), names=True)
            said += [f"left: {words}" for words in await apart(planner.check(bench))]
            await apart(planner.downgrade(bench))
        except Refused as refusal:
            return [f"refused: {refusal}"]
        gone = await filled.catalogue()
        return said + [f"after the undo: {words}" for words in differences(gone, {})]


def main() -> None:
    """Print the phantoms of a database, and fail if there are any."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=databases.NAMES, required=True)
    parser.add_argument("--service", type=Path, required=True)
    options = parser.parse_args()
    said = asyncio.run(phantoms(options.database, options.service))
    print(*said, sep="\n")
    sys.exit(1 if said else 0)


if __name__ == "__main__":
    main()
