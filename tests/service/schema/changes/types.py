"""Changes of column types, to wider, narrower and other ones, and of NULL and NOT NULL."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from tests.service.schema.case import Case, Options, Words, all_but, everywhere
from tests.service.schema.models import Edits, add, append, replace
from tests.service.schema.rows import LONG, row
from tests.service.schema.snapshot import ANYTHING, ByRow
from tests.support.databases import NAMES

NOTE = "note = fields.CharField(max_length=200, null=True)"
TITLE = "title = fields.CharField(max_length=100)"
SUMMARY = "summary = fields.CharField(max_length=80, null=True)"
ESTIMATE = "estimate = fields.IntField(null=True)"
BODY = "body = fields.TextField(null=True)"
PRICE = "price = fields.DecimalField(max_digits=10, decimal_places=2, null=True)"
TEXT_OF_JSON = {"Task.hint": {1: '{"a": [1, null], "b": "it\'s :x"}', 2: "[]", 4: '"Zoë 🦀"'}}
JSON = ByRow({1: {"a": [1, None], "b": "it's :x"}, 2: [], 3: None, 4: "Zoë 🦀"})
OPTIONAL_CODE = "hint = fields.CharField(max_length=20, null=True, unique=True)"
SINGLE = 'type("Single", (fields.FloatField,), {"SQL_TYPE": "REAL"})'
NUMBER = "id = fields.IntField(primary_key=True)"
CODED = f"""
class Country(Model):
    {NUMBER}
    code = fields.CharField(max_length=20, unique=True)

    class Meta:
        table = "countries"
""".strip()
KEYED = CODED.replace(f"    {NUMBER}\n", "").replace("unique", "primary_key")


def _cast(  # noqa: PLR0913 - a row of a table
    name: str,
    old: str,
    new: str,
    cells: Mapping[int, Any],
    *,
    values: Mapping[int, Any] | None = None,
    refused: Mapping[str, Words] | None = None,
    may_refuse: tuple[str, ...] = (),
    undone: Any = None,  # noqa: ANN401 - of any type
) -> Case:
    """Change the type of a column of tasks, named `hint`, with its values in a few rows."""
    return Case(
        name,
        replace(f"hint = fields.{old}", f"hint = fields.{new}"),
        before=add("tasks", f"hint = fields.{old}"),
        cells={"Task.hint": cells},
        values={"tasks.hint": ByRow(values)} if values is not None else {},
        refused=refused or {},
        may_refuse=may_refuse,
        undone={"tasks.hint": undone} if undone is not None else {},
    )


def _column(old: str, new: str) -> Edits:
    return replace(old, new)


CASTS = (
    _cast(
        "text becomes a number",
        "CharField(max_length=20, null=True)",
        "IntField(null=True)",
        {1: "5", 2: "-7", 4: "2147483647"},
        values={1: 5, 2: -7, 4: 2147483647},
    ),
    _cast(
        "text that is no number becomes one",
        "CharField(max_length=20, null=True)",
        "IntField(null=True)",
        {1: "5", 2: "five", 4: ""},
        refused=everywhere("tasks", "hint", "2"),
    ),
    _cast(
        "text with zeros before becomes a number",
        "CharField(max_length=20, null=True)",
        "IntField(null=True)",
        {1: "0", 2: "-007", 4: "01067"},
        refused=everywhere("tasks", "hint", "2"),
    ),
    _cast(
        "text becomes a decimal of fewer places",
        "CharField(max_length=40, null=True)",
        "DecimalField(max_digits=6, decimal_places=1, null=True)",
        {1: "1.5", 2: "1.25"},
        refused=everywhere("tasks", "hint", "1 row"),
    ),
    _cast(
        "text of the length that SQLite keeps decimals in becomes one",
        "CharField(max_length=40, null=True)",
        "DecimalField(max_digits=6, decimal_places=2, null=True)",
        {1: " -1.50", 2: "+0012", 4: "9999.990"},
        values={1: Decimal("-1.50"), 2: Decimal("12.00"), 4: Decimal("9999.99")},
        undone=ANYTHING,
    ),
    *(
        _cast(
            f"text that is no number, such as {value!r}, becomes a decimal",
            f"CharField(max_length={length}, null=True)",
            "DecimalField(max_digits=6, decimal_places=2, null=True)",
            {1: "1.5", 2: value, 4: "0.00"},
            refused=everywhere("tasks", "hint", "1 row"),
        )
        for length, value in ((40, "abc"), (50, ""), (40, "1.2.3"), (60, "5-5"), (40, "10000"))
    ),
    _cast(
        "a decimal becomes a text",
        "DecimalField(max_digits=12, decimal_places=2, null=True)",
        "CharField(max_length=40, null=True)",
        {1: Decimal("5.50"), 2: Decimal("-7.00")},
        values={1: "5.50", 2: "-7.00"},
    ),
    _cast(
        "a number of too many digits becomes a decimal",
        "IntField(null=True)",
        "DecimalField(max_digits=4, decimal_places=2, null=True)",
        {1: 99, 2: -100, 4: 2147483647},
        refused=everywhere("tasks", "hint", "2 rows"),
    ),
    _cast(
        "a small decimal gets fewer places",
        "DecimalField(max_digits=16, decimal_places=10, null=True)",
        "DecimalField(max_digits=16, decimal_places=8, null=True)",
        {1: Decimal("0.00000025"), 2: Decimal("-0.00000100"), 4: Decimal(0)},
        values={1: Decimal("0.00000025"), 2: Decimal("-0.00000100"), 4: Decimal(0)},
    ),
    _cast(
        "a decimal that is too small gets fewer places",
        "DecimalField(max_digits=16, decimal_places=10, null=True)",
        "DecimalField(max_digits=16, decimal_places=8, null=True)",
        {1: Decimal("0.0000000025"), 2: Decimal("100000.25"), 4: Decimal(0)},
        refused=everywhere("tasks", "hint", "1 row"),
    ),
    _cast(
        "a small decimal becomes a number",
        "DecimalField(max_digits=16, decimal_places=10, null=True)",
        "IntField(null=True)",
        {1: Decimal(0), 2: Decimal(-12)},
        values={1: 0, 2: -12},
    ),
    _cast(
        "a float becomes a decimal",
        "FloatField(null=True)",
        "DecimalField(max_digits=8, decimal_places=3, null=True)",
        {1: 0.125, 2: -12345.5, 4: 0.1},
        values={1: Decimal("0.125"), 2: Decimal("-12345.500"), 4: Decimal("0.100")},
    ),
    _cast(
        "text becomes a number out of range",
        "CharField(max_length=20, null=True)",
        "IntField(null=True)",
        {1: "5", 2: "99999999999"},
        refused=everywhere("tasks", "hint", "1"),
    ),
    _cast(
        "a number becomes text",
        "IntField(null=True)",
        "CharField(max_length=20, null=True)",
        {1: 5, 2: -7, 4: 0},
        values={1: "5", 2: "-7", 4: "0"},
    ),
    _cast(
        "a number becomes a text that is too short for it",
        "IntField(null=True)",
        "CharField(max_length=3, null=True)",
        {1: 5, 2: -777, 4: 0},
        refused=everywhere("tasks", "hint", "1"),
    ),
    _cast(
        "text becomes a date",
        "CharField(max_length=20, null=True)",
        "DateField(null=True)",
        {1: "2024-02-29", 2: "1999-12-31"},
        values={1: dt.date(2024, 2, 29), 2: dt.date(1999, 12, 31)},
    ),
    _cast(
        "text that is no date becomes one",
        "CharField(max_length=20, null=True)",
        "DateField(null=True)",
        {1: "2024-02-29", 2: "2023-02-29", 4: "soon"},
        refused=everywhere("tasks", "hint", "2"),
    ),
    _cast(
        "text that a database takes for some day becomes a date",
        "CharField(max_length=20, null=True)",
        "DateField(null=True)",
        {1: "2024-02-29", 2: "0"},
        refused=everywhere("tasks", "hint", "1"),
    ),
    _cast(
        "text that a database takes for some moment becomes one",
        "CharField(max_length=20, null=True)",
        "DatetimeField(null=True)",
        {1: "2024-02-29 10:00:00", 2: "7"},
        refused=everywhere("tasks", "hint", "1"),
    ),
    _cast(
        "text becomes JSON",
        "TextField(null=True)",
        "JSONField(null=True)",
        TEXT_OF_JSON["Task.hint"],
        values=JSON.values,
    ),
    _cast(
        "text that is no JSON becomes JSON",
        "TextField(null=True)",
        "JSONField(null=True)",
        {1: "{}", 2: "{broken", 4: ""},
        refused=everywhere("tasks", "hint", "2"),
    ),
    _cast(
        "JSON becomes text",
        "JSONField(null=True)",
        "TextField(null=True)",
        {1: {"a": 1}, 2: [], 4: 5},
        values={1: ANYTHING, 2: "[]", 4: "5"},
        may_refuse=NAMES,
    ),
    _cast(
        "text becomes a UUID",
        "CharField(max_length=36, null=True)",
        "UUIDField(null=True)",
        {1: "00000000-0000-4000-8000-00000000abcd", 2: "ffffffff-ffff-4fff-8fff-ffffffffffff"},
        values={
            1: UUID("00000000-0000-4000-8000-00000000abcd"),
            2: UUID("ffffffff-ffff-4fff-8fff-ffffffffffff"),
        },
    ),
    _cast(
        "text that is no UUID becomes one",
        "CharField(max_length=36, null=True)",
        "UUIDField(null=True)",
        {1: "00000000-0000-4000-8000-00000000abcd", 2: "nobody"},
        refused=everywhere("tasks", "hint", "1"),
    ),
    _cast(
        "a UUID becomes text",
        "UUIDField(null=True)",
        "CharField(max_length=40, null=True)",
        {1: UUID(int=1)},
        values={1: str(UUID(int=1))},
    ),
    _cast(
        "a number becomes a boolean",
        "IntField(null=True)",
        "BooleanField(null=True)",
        {1: 0, 2: 1},
        values={1: False, 2: True},
    ),
    _cast(
        "a number that is neither 0 nor 1 becomes a boolean",
        "IntField(null=True)",
        "BooleanField(null=True)",
        {1: 0, 2: 7},
        refused=everywhere("tasks", "hint", "1 row"),
    ),
    _cast(
        "a boolean becomes a number",
        "BooleanField(null=True)",
        "IntField(null=True)",
        {1: False, 2: True},
        values={1: 0, 2: 1},
    ),
    _cast(
        "a number becomes a decimal",
        "IntField(null=True)",
        "DecimalField(max_digits=12, decimal_places=2, null=True)",
        {1: 5, 2: -7},
        values={1: Decimal("5.00"), 2: Decimal("-7.00")},
    ),
    _cast(
        "a decimal becomes a number",
        "DecimalField(max_digits=12, decimal_places=2, null=True)",
        "IntField(null=True)",
        {1: Decimal("5.00"), 2: Decimal("-7.00")},
        values={1: 5, 2: -7},
    ),
    _cast(
        "a decimal with a fraction becomes a number",
        "DecimalField(max_digits=12, decimal_places=2, null=True)",
        "IntField(null=True)",
        {1: Decimal("5.50"), 2: Decimal("-7.00")},
        refused=everywhere("tasks", "hint", "1"),
    ),
    _cast(
        "a number becomes a float",
        "IntField(null=True)",
        "FloatField(null=True)",
        {1: 5, 2: -7},
        values={1: 5.0, 2: -7.0},
    ),
    _cast(
        "a float becomes a text",
        "FloatField(null=True)",
        "CharField(max_length=60, null=True)",
        {1: 0.30000000000000004, 2: -2.5},
        values={1: "0.30000000000000004", 2: "-2.5"},
    ),
    Case(
        "a float becomes a decimal of fewer places",
        replace("hint = fields.FloatField(", "hint = fields.DecimalField(6, 2, "),
        before=add("tasks", "hint = fields.FloatField(null=True)"),
        cells={"Task.hint": {1: 0.125, 2: 0.5}},
        refused=everywhere("tasks", "hint", "1"),
    ),
    Case(
        "NULL is forbidden, and what fills it is NULL too",
        replace("hint = fields.IntField(null=True)", "hint = fields.IntField()"),
        before=add("tasks", "hint = fields.IntField(null=True)"),
        cells={"Task.hint": {1: 5}},
        options=Options(fills={"tasks.hint": "nullif(1, 1)"}),
        refused=everywhere("tasks", "hint", "NULL"),
    ),
    _cast(
        "a float with a fraction becomes a number",
        "FloatField(null=True)",
        "IntField(null=True)",
        {1: 5.5, 2: -7.0},
        refused=everywhere("tasks", "hint", "1"),
    ),
    _cast(
        "a date becomes a datetime",
        "DateField(null=True)",
        "DatetimeField(null=True)",
        {1: dt.date(2024, 2, 29)},
        values={1: dt.datetime(2024, 2, 29, tzinfo=dt.UTC)},
    ),
    _cast(
        "a datetime becomes a date",
        "DatetimeField(null=True)",
        "DateField(null=True)",
        {1: dt.datetime(2024, 2, 29, 12, 30, tzinfo=dt.UTC)},
        refused=everywhere("tasks", "hint", "1"),
    ),
    _cast(
        "a text becomes an enum",
        "CharField(max_length=20, null=True)",
        "CharEnumField(Kind, max_length=20, null=True)",
        {1: "bug", 2: "chore"},
        values={1: "bug", 2: "chore"},
    ),
    _cast(
        "a number that no float holds becomes one",
        "BigIntField(null=True)",
        "FloatField(null=True)",
        {1: 9007199254740993, 2: 5, 4: 2**63 - 1},
        refused=everywhere("tasks", "hint", "2 rows"),
    ),
    _cast(
        "big numbers that a float holds become some",
        "BigIntField(null=True)",
        "FloatField(null=True)",
        {1: 2**60, 2: -(2**63), 4: 2**53},
        values={1: 2.0**60, 2: -(2.0**63), 4: 2.0**53},
    ),
    _cast(
        "a decimal that no float holds becomes one",
        "DecimalField(max_digits=30, decimal_places=20, null=True)",
        "FloatField(null=True)",
        {1: Decimal("1.23456789012345678901"), 2: Decimal("0.1")},
        refused=everywhere("tasks", "hint", "1 row"),
    ),
    _cast(
        "decimals become floats",
        "DecimalField(max_digits=30, decimal_places=20, null=True)",
        "FloatField(null=True)",
        {1: Decimal("12345678.9"), 2: Decimal("-0.1"), 4: Decimal(0)},
        values={1: 12345678.9, 2: -0.1, 4: 0.0},
    ),
    _cast(
        "text becomes a float",
        "CharField(max_length=40, null=True)",
        "FloatField(null=True)",
        {1: "0.30000000000000004", 2: "-1.50", 4: "1e5"},
        values={1: 0.30000000000000004, 2: -1.5, 4: 100000.0},
        undone=ANYTHING,
    ),
    _cast(
        "text that no float holds becomes one",
        "CharField(max_length=40, null=True)",
        "FloatField(null=True)",
        {1: "1.23456789012345678901", 2: "1-2", 4: "1e999"},
        refused=everywhere("tasks", "hint", "3 rows"),
    ),
    _cast(
        "text that says no finite number becomes a float",
        "CharField(max_length=40, null=True)",
        "FloatField(null=True)",
        {1: "NaN", 2: "Infinity"},
        refused=everywhere("tasks", "hint", "2 rows"),
    ),
    Case(
        "a float becomes a decimal that has all its digits",
        replace("hint = fields.FloatField(", "hint = fields.DecimalField(18, 8, "),
        before=add("tasks", "hint = fields.FloatField(null=True)"),
        cells={"Task.hint": {1: 123456789.12345678, 2: 0.5}},
        values={"tasks.hint": ByRow({1: Decimal("123456789.12345678"), 2: Decimal("0.50000000")})},
    ),
    Case(
        "a float becomes one of 32 bits",
        replace("hint = fields.FloatField(", f"hint = {SINGLE}("),
        before=add("tasks", "hint = fields.FloatField(null=True)"),
        cells={"Task.hint": {1: 0.1, 2: 0.5, 4: 1e300}},
        refused=everywhere("tasks", "hint", "2 rows"),
        only=("postgres",),
        reason="Tortoise names the type of floats by itself on MySQL, and SQLite has one only",
    ),
    Case(
        "a float of many digits becomes a decimal of fewer places",
        replace("hint = fields.FloatField(", "hint = fields.DecimalField(6, 2, "),
        before=add("tasks", "hint = fields.FloatField(null=True)"),
        cells={"Task.hint": {1: 0.30000000000000004}},
        refused=everywhere("tasks", "hint", "1 row"),
    ),
    _cast(
        "a big float becomes a number",
        "FloatField(null=True)",
        "BigIntField(null=True)",
        {1: 1e15, 2: -(2.0**63), 4: 2.0**53},
        values={1: 10**15, 2: -(2**63), 4: 2**53},
    ),
    _cast(
        "a float that is too big becomes a number",
        "FloatField(null=True)",
        "BigIntField(null=True)",
        {1: 2.0**63, 2: 1e300},
        refused=everywhere("tasks", "hint", "2 rows"),
    ),
    _cast(
        "text that is a moment becomes a date",
        "CharField(max_length=30, null=True)",
        "DateField(null=True)",
        {1: "2024-05-01 10:30:00", 2: "2024-02-29"},
        refused=everywhere("tasks", "hint", "1 row"),
    ),
    _cast(
        "text that a database takes for a day of its own becomes a date",
        "CharField(max_length=30, null=True)",
        "DateField(null=True)",
        {1: "tomorrow", 2: "infinity", 4: "20240229"},
        refused=everywhere("tasks", "hint", "3 rows"),
    ),
    Case(
        "text that is a moment becomes a time",
        _column("hint = fields.CharField(max_length=30, null", "hint = fields.TimeField(null"),
        before=add("tasks", "hint = fields.CharField(max_length=30, null=True)"),
        cells={"Task.hint": {1: "2024-05-01 10:30:00", 2: "10:30:00", 4: "now"}},
        refused=everywhere("tasks", "hint", "2 rows"),
        only=all_but("sqlite"),
        reason="Tortoise cannot store a time in SQLite",
    ),
    Case(
        "text becomes a time",
        _column("hint = fields.CharField(max_length=30, null", "hint = fields.TimeField(null"),
        before=add("tasks", "hint = fields.CharField(max_length=30, null=True)"),
        cells={"Task.hint": {1: "10:30:00", 2: "23:59:59.999999"}},
        values={
            "tasks.hint": ByRow(
                {1: dt.time(10, 30, tzinfo=dt.UTC), 2: dt.time(23, 59, 59, 999999, tzinfo=dt.UTC)}
            )
        },
        undone={"tasks.hint": ANYTHING},
        only=("postgres",),
        reason="a time has an offset there only",
    ),
    _cast(
        "text without an offset becomes a datetime",
        "CharField(max_length=40, null=True)",
        "DatetimeField(null=True)",
        {1: "2024-05-01 10:30:00", 2: "2024-05-01T10:30:00.25", 4: "2024-05-01"},
        values={
            1: dt.datetime(2024, 5, 1, 10, 30, tzinfo=dt.UTC),
            2: dt.datetime(2024, 5, 1, 10, 30, 0, 250000, tzinfo=dt.UTC),
            4: dt.datetime(2024, 5, 1, tzinfo=dt.UTC),
        },
        undone=ANYTHING,
    ),
    _cast(
        "text with an offset becomes a datetime",
        "CharField(max_length=40, null=True)",
        "DatetimeField(null=True)",
        {1: "2024-05-01 10:30:00+02:00", 2: "2024-05-01T10:30:00Z"},
        values={
            1: dt.datetime(2024, 5, 1, 8, 30, tzinfo=dt.UTC),
            2: dt.datetime(2024, 5, 1, 10, 30, tzinfo=dt.UTC),
        },
        refused={"mysql": ("tasks", "hint", "2 rows")},
        undone=ANYTHING,
    ),
    _cast(
        "text with more than a moment becomes a datetime",
        "CharField(max_length=40, null=True)",
        "DatetimeField(null=True)",
        {1: "2024-05-01 10:30:00xyz", 2: "2024-05-01 10:30:00", 4: "today"},
        refused=everywhere("tasks", "hint", "2 rows"),
    ),
    _cast(
        "texts that are different become numbers that are not",
        "CharField(max_length=20, null=True, unique=True)",
        "FloatField(null=True, unique=True)",
        {1: "1", 2: "1.0", 4: "2"},
        refused=everywhere("tasks", "hint", "2 rows"),
    ),
    _cast(
        "texts that are different become numbers that are to be unique",
        "CharField(max_length=20, null=True)",
        "IntField(null=True, unique=True)",
        {1: "1", 2: "+1", 4: "2"},
        refused=everywhere("tasks", "hint", "2 rows"),
    ),
    Case(
        "a unique text becomes a number, and what is NULL is filled",
        _column(OPTIONAL_CODE, "hint = fields.IntField(unique=True)"),
        before=add("tasks", OPTIONAL_CODE),
        cells={"Task.hint": {1: "1", 2: "-2", 4: "4"}},
        options=Options(fills={"tasks.hint": "7"}),
        values={"tasks.hint": ByRow({1: 1, 2: -2, 3: 7, 4: 4})},
        undone={"tasks.hint": ByRow({3: "7"})},
    ),
    Case(
        "a unique text becomes a number, and what fills it is there",
        _column(OPTIONAL_CODE, "hint = fields.IntField(unique=True)"),
        before=add("tasks", OPTIONAL_CODE),
        cells={"Task.hint": {1: "1", 2: "-2", 4: "4"}},
        options=Options(fills={"tasks.hint": "4"}),
        refused=everywhere("tasks", "hint", "2 rows"),
    ),
    Case(
        "a number becomes a unique text, and what is NULL is filled",
        _column("hint = fields.IntField(null=True)", "hint = fields.CharField(20, unique=True)"),
        before=add("tasks", "hint = fields.IntField(null=True)"),
        cells={"Task.hint": {1: 1, 2: -2, 4: 4}},
        options=Options(fills={"tasks.hint": "'none'"}),
        values={"tasks.hint": ByRow({1: "1", 2: "-2", 3: "none", 4: "4"})},
        undo_refused=everywhere("tasks", "hint", "1 row"),
    ),
    Case(
        "a unique text becomes a number, and an expression fills it",
        _column(OPTIONAL_CODE, "hint = fields.BigIntField(unique=True)"),
        before=add("tasks", OPTIONAL_CODE),
        cells={"Task.hint": {1: "1", 2: "-2", 4: "4"}},
        options=Options(fills={"tasks.hint": "position + 0"}),
        values={"tasks.hint": ByRow({1: 1, 2: -2, 3: 2**31 - 1, 4: 4})},
        undone={"tasks.hint": ByRow({3: str(2**31 - 1)})},
    ),
    Case(
        "a text gets wider, and what fills it has no room in the old one",
        _column("hint = fields.CharField(3, null=True)", "hint = fields.CharField(30)"),
        before=add("tasks", "hint = fields.CharField(3, null=True)"),
        cells={"Task.hint": {1: "one"}},
        options=Options(fills={"tasks.hint": "'nothing said'"}),
        values={"tasks.hint": ByRow(dict.fromkeys((2, 3, 4), "nothing said"))},
        undo_refused=everywhere("tasks", "hint", "3 rows"),
    ),
    Case(
        "a number gets bigger, and what fills it has no room in the old one",
        _column("hint = fields.IntField(null=True)", "hint = fields.BigIntField()"),
        before=add("tasks", "hint = fields.IntField(null=True)"),
        cells={"Task.hint": {1: 1}},
        options=Options(fills={"tasks.hint": str(2**40)}),
        values={"tasks.hint": ByRow(dict.fromkeys((2, 3, 4), 2**40))},
        undo_refused=everywhere("tasks", "hint", "3 rows"),
    ),
)

SIZES = (
    Case("a text column gets wider", _column(NOTE, NOTE.replace("200", "250"))),
    Case(
        "a unique text column gets wider",
        replace(
            "username = fields.CharField(max_length=50", "username = fields.CharField(max_length=90"
        ),
    ),
    Case(
        "a text column of a table that others hang on gets wider",
        replace("name = fields.CharField(max_length=60)", "name = fields.CharField(max_length=61)"),
    ),
    Case(
        "a text column of an index gets wider",
        replace("slug = fields.CharField(max_length=60", "slug = fields.CharField(max_length=70"),
    ),
    Case(
        "a text column that is unique together gets wider",
        replace(TITLE, TITLE.replace("100", "101")),
    ),
    Case("a text column gets narrower", _column(SUMMARY, SUMMARY.replace("80", "5"))),
    Case(
        "a text column gets too narrow",
        _column(NOTE, NOTE.replace("200", "199")),
        refused=everywhere("tasks", "note", "1"),
    ),
    Case(
        "a unique text column gets too narrow",
        replace(
            "username = fields.CharField(max_length=50", "username = fields.CharField(max_length=4"
        ),
        refused=everywhere("users", "username", "1"),
    ),
    Case(
        "a row comes that only the wider column takes",
        _column(SUMMARY, SUMMARY.replace("80", "250")),
        later=(
            row("Task", title="x", slug="x", kind="bug", project_id=1, position=1, summary=LONG),
        ),
        undo_refused=everywhere("tasks", "summary", "1"),
    ),
    Case("a short text becomes a long one", _column(NOTE, "note = fields.TextField(null=True)")),
    Case(
        "a long text becomes a short one",
        _column(BODY, "body = fields.CharField(max_length=1000, null=True)"),
    ),
    Case(
        "a long text becomes too short a one",
        _column(BODY, "body = fields.CharField(max_length=60, null=True)"),
        refused=everywhere("tasks", "body", "1"),
    ),
    Case(
        "a unique short text becomes a long one without it",
        replace("code = fields.CharField(max_length=20, unique=True)", "code = fields.TextField()"),
    ),
    Case("a number gets bigger", _column(ESTIMATE, ESTIMATE.replace("IntField", "BigIntField"))),
    Case(
        "a small number gets bigger", replace("age = fields.SmallIntField", "age = fields.IntField")
    ),
    Case(
        "a row comes that only the bigger number takes",
        _column(ESTIMATE, ESTIMATE.replace("IntField", "BigIntField")),
        later=(
            row("Task", title="x", slug="x", kind="bug", project_id=1, position=1, estimate=2**40),
        ),
        undo_refused=everywhere("tasks", "estimate", "1"),
    ),
    Case(
        "a number gets smaller",
        replace(
            "visits = fields.BigIntField(db_default=0)", "visits = fields.IntField(db_default=0)"
        ),
        cells={"Task.visits": {1: 2**31 - 1, 2: -(2**31)}},
    ),
    Case(
        "a number gets too small",
        replace(
            "visits = fields.BigIntField(db_default=0)", "visits = fields.IntField(db_default=0)"
        ),
        refused=everywhere("tasks", "visits", "2"),
    ),
    Case(
        "a number becomes too small a one of 16 bits",
        replace("position = fields.IntField()", "position = fields.SmallIntField()"),
        refused=everywhere("tasks", "position", "2"),
    ),
    Case(
        "a decimal gets more digits",
        _column(PRICE, PRICE.replace("max_digits=10", "max_digits=14")),
    ),
    Case(
        "a decimal gets more places",
        _column(
            PRICE,
            PRICE.replace("max_digits=10, decimal_places=2", "max_digits=14, decimal_places=4"),
        ),
    ),
    Case(
        "a decimal gets fewer places than its values have",
        _column(PRICE, PRICE.replace("decimal_places=2", "decimal_places=1")),
        refused=everywhere("tasks", "price", "1"),
    ),
    Case(
        "a decimal gets fewer places, which its values do not need",
        replace(
            "budget = fields.DecimalField(max_digits=12, decimal_places=2",
            "budget = fields.DecimalField(max_digits=12, decimal_places=1",
        ),
        cells={"Project.budget": {1: Decimal("9999999999.50"), 3: Decimal("-0.10")}},
    ),
    Case(
        "a decimal gets too few digits",
        _column(PRICE, PRICE.replace("max_digits=10", "max_digits=5")),
        refused=everywhere("tasks", "price", "1"),
    ),
    Case(
        "the length of an enum grows with a member",
        replace('CHORE = "chore"', 'CHORE = "chore"\n    INVESTIGATION = "investigation"'),
        before=add("tags", "kind = fields.CharEnumField(Kind, null=True)"),
    ),
    Case(
        "an enum loses its longest member, which a row holds",
        replace('    CHORE = "chore"\n', ""),
        before=add("tags", "kind = fields.CharEnumField(Kind, null=True)")
        + replace(
            "kind = fields.CharEnumField(Kind, max_length=20)",
            "kind = fields.CharField(max_length=20)",
        ),
        cells={"Tag.kind": {1: "chore"}},
        refused=everywhere("tags", "kind", "1"),
    ),
    Case("an enum of numbers grows", replace("    HIGH = 9", "    HIGH = 9\n    HIGHEST = 99")),
    Case(
        "the primary key of a table that others refer to gets bigger",
        replace(
            "id = fields.IntField(primary_key=True)  # users",
            "id = fields.BigIntField(primary_key=True)  # users",
        ),
    ),
    Case(
        "the primary key of a table in a many-to-many gets bigger",
        replace(
            "id = fields.IntField(primary_key=True)  # tags",
            "id = fields.BigIntField(primary_key=True)  # tags",
        ),
    ),
    Case(
        "the primary key of a table that refers to itself gets smaller",
        replace(
            "id = fields.BigIntField(primary_key=True)  # tasks",
            "id = fields.IntField(primary_key=True)  # tasks",
        ),
    ),
    Case(
        "the primary keys of all tables get bigger at once",
        tuple(
            edit
            for table in ("roles", "users", "tags")
            for edit in replace(
                f"id = fields.IntField(primary_key=True)  # {table}",
                f"id = fields.BigIntField(primary_key=True)  # {table}",
            )
        ),
    ),
    Case(
        "a number as primary key becomes a UUID",
        replace(
            "id = fields.IntField(primary_key=True)  # tags",
            "id = fields.UUIDField(primary_key=True)  # tags",
        ),
        refused=everywhere("tags"),
    ),
    Case(
        "a primary key stops numbering itself",
        replace(
            "id = fields.IntField(primary_key=True)  # tags",
            "id = fields.IntField(primary_key=True, generated=False)  # tags",
        ),
    ),
    Case(
        "a primary key begins to number itself",
        replace(f"{NUMBER[:-1]}, generated=False)", NUMBER),
        before=append(CODED.replace(NUMBER, f"{NUMBER[:-1]}, generated=False)")),
        rows=(row("Country", id=7, code="de"), row("Country", id=4, code="Ö")),
        later=(row("Country", code="fr"),),
    ),
    Case(
        "a number as primary key becomes a text",
        replace(
            "id = fields.IntField(primary_key=True)  # tags",
            "id = fields.CharField(max_length=20, primary_key=True)  # tags",
        ),
        primary_keys={"tags": {1: "1", 2: "2", 3: "3"}},
        values={"tags.id": str},
    ),
    Case(
        "a unique text becomes the primary key",
        replace(CODED, KEYED),
        before=append(CODED),
        rows=(row("Country", code="de"), row("Country", code="Ö")),
        primary_keys={"countries": {1: "de", 2: "Ö"}},
        undone={"countries.id": ANYTHING},
    ),
    Case(
        "a number becomes the primary key, and a text only unique",
        replace(KEYED, CODED),
        before=append(KEYED),
        rows=(row("Country", code="de"), row("Country", code="Ö")),
        primary_keys={"countries": {"de": 1, "Ö": 2}},
        values={"countries.id": ANYTHING},
    ),
)

NULLS = (
    Case(
        "NULL is forbidden where rows have it",
        _column(NOTE, "note = fields.CharField(max_length=200)"),
        refused=everywhere("tasks", "note", "2"),
    ),
    Case(
        "NULL is forbidden where no row has it",
        _column(SUMMARY, "summary = fields.CharField(max_length=80)"),
    ),
    Case(
        "NULL is forbidden in a number where no row has it",
        _column(ESTIMATE, "estimate = fields.IntField()"),
        cells={"Task.estimate": {3: 3}},
    ),
    Case(
        "NULL is forbidden in a JSON column where rows have it",
        replace("extra = fields.JSONField(null=True)", "extra = fields.JSONField()"),
        refused=everywhere("tasks", "extra", "1"),
    ),
    Case(
        "NULL is forbidden and a text said that fills it",
        _column(NOTE, "note = fields.CharField(max_length=200)"),
        options=Options(fills={"tasks.note": "'it''s :so 100%'"}),
        values={"tasks.note": ByRow({1: "it's :so 100%", 3: "it's :so 100%"})},
        undone={"tasks.note": ByRow({1: "it's :so 100%", 3: "it's :so 100%"})},
    ),
    Case(
        "NULL is forbidden and another column fills it",
        _column(ESTIMATE, "estimate = fields.IntField()"),
        options=Options(fills={"tasks.estimate": "position"}),
        values={"tasks.estimate": ByRow({3: 2**31 - 1})},
        undone={"tasks.estimate": ByRow({3: 2**31 - 1})},
    ),
    Case(
        "NULL is forbidden and db_default comes",
        _column(NOTE, 'note = fields.CharField(max_length=200, db_default="none")'),
        values={"tasks.note": ByRow({1: "none", 3: "none"})},
        undone={"tasks.note": ByRow({1: "none", 3: "none"})},
        may_refuse=NAMES,
    ),
    Case(
        "NULL is forbidden and a Python default comes",
        _column(NOTE, 'note = fields.CharField(max_length=200, default="none")'),
        values={"tasks.note": ByRow({1: "none", 3: "none"})},
        undone={"tasks.note": ByRow({1: "none", 3: "none"})},
        may_refuse=NAMES,
    ),
    Case(
        "NULL is allowed",
        replace("position = fields.IntField()", "position = fields.IntField(null=True)"),
    ),
    Case(
        "NULL is allowed in a unique column",
        replace(
            "email = fields.CharField(max_length=120, unique=True)",
            "email = fields.CharField(max_length=120, unique=True, null=True)",
        ),
    ),
    Case(
        "a NULL comes after it is allowed",
        replace("position = fields.IntField()", "position = fields.IntField(null=True)"),
        later=(row("Task", title="x", slug="x", kind="bug", project_id=1),),
        undo_refused=everywhere("tasks", "position", "1"),
    ),
)
CASES = (*SIZES, *CASTS, *NULLS)
