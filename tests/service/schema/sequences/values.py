"""Values of each kind of field: of rows, and of defaults."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

from tests.service.schema.sequences.schema import Shape

NASTY = "Zoë 🦀 Ω 'q' \"d\" \\b :word %s 100% ? $1 -- /* */ ; end"
COMMENTS = ("", "plain", 'it\'s "a" \\ comment', "two\nlines", NASTY)
TEXTS = (
    *("", "a", "é", "E", "e", "it's", "Zoë 🦀", NASTY, "x" * 90, "two\nlines ", "NULL", "true"),
    *("12", "-7", "0", "1", "007", "1.50", "99999999999", "9007199254740993"),
    *("1.23456789012345678901", "2024-05-01 10:30:00", "2024-05-01T10:30:00+02:00", "tomorrow"),
    *('{"a": [1, null, "é"]}', "[]", "2024-02-29", "00000000-0000-4000-8000-00000000abcd"),
)
BITS = {"smallint": 15, "int": 31, "bigint": 63}
INTEGERS = (0, 1, -1, 2, 7, 99, 40000, 2**40, 2**53, 2**53 + 1)
DECIMALS = ("0", "1", "-1", "1.5", "-0.01", "123.45", "99999", "12345678.9", "0.0001")
FLOATS = (0.0, 1.0, -1.5, 0.1, 1e300, 1e-7, 0.30000000000000004, -2.0, 123456789.12345678)
# asyncpg takes the last day of year 9999 for infinity.
DATES = (date(2024, 2, 29), date(1000, 1, 1), date(1970, 1, 1), date(9998, 12, 31))
MOMENTS = (
    datetime(1999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(2026, 11, 28, tzinfo=UTC),
    datetime(2000, 1, 1, tzinfo=UTC),
    datetime(2020, 2, 29, 12, 30, 0, 1, tzinfo=UTC),
)
JSONS = ("{}", "[]", '{"a": [1, null, {"b": "Zoë"}]}', '["x", 1.5]')

DEFAULTS: dict[str, tuple[str, ...]] = {
    "smallint": ("0", "-7", "32767"),
    "int": ("0", "-7", "2147483647"),
    "bigint": ("0", "2**53 + 1", "-5"),
    "char": ("''", "'a'", "'0'", "'\\''", "'é'", "'\\\\'", "':'", "'%'", "'\\n'"),
    "text": ("''", repr(NASTY), "'two\\nlines'", "'NULL'", "' : %s \\\\ '"),
    "bool": ("True", "False"),
    "decimal": ("Decimal('1')", "Decimal('-7')", "0"),
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
"""Defaults that the database computes."""
FILLS: dict[str, tuple[str, Any]] = {
    **dict.fromkeys(BITS, ("5", 5)),
    "decimal": ("5", Decimal(5)),
    "float": ("5", 5.0),
    "char": ("'f'", "f"),
    "text": ("'it''s filled'", "it's filled"),
    "date": ("'2021-03-04'", date(2021, 3, 4)),
    "uuid": ("'00000000-0000-4000-8000-00000000abcd'", UUID(int=0x40008000_00000000ABCD)),
    "charenum": ("'bug'", "bug"),
    "intenum": ("9", 9),
}
"""SQL for rows without a value, and the value that results."""
DRAWS: dict[str, Callable[[Random], Any]] = {
    "text": lambda rng: rng.choice((*TEXTS, "long " * 500)),
    "bool": lambda rng: rng.choice((True, False)),
    "float": lambda rng: rng.choice(FLOATS),
    "date": lambda rng: rng.choice(DATES),
    "datetime": lambda rng: rng.choice(MOMENTS),
    "time": lambda rng: time(rng.randrange(24), 59, 59, tzinfo=UTC),
    "timedelta": lambda rng: timedelta(seconds=rng.randint(-(10**6), 10**6), microseconds=7),
    "uuid": lambda rng: UUID(int=rng.getrandbits(128)),
    "json": lambda rng: json.loads(rng.choice(JSONS)),
    "binary": lambda rng: rng.choice((b"", b"\x00\xff\\'\"%:a", b"abc")),
    "charenum": lambda rng: rng.choice(("bug", "it's")),
    "intenum": lambda rng: rng.choice((-1, 9)),
}
"""Functions that draw a value of a kind without sizes."""


def value(rng: Random, of: Shape) -> Any:  # noqa: ANN401 - of any type
    """Draw a value that a column can hold."""
    kind, size = of
    if kind in BITS:
        limit = 2 ** BITS[kind]
        return rng.choice([*(each for each in INTEGERS if each < limit), -limit, limit - 1])
    if kind == "char":
        return rng.choice(TEXTS)[: size[0]].strip()
    if kind == "decimal":
        drawn = Decimal(rng.choice(DECIMALS)) % 10 ** (size[0] - size[1])
        return drawn.quantize(Decimal(1).scaleb(-size[1]))
    return DRAWS[kind](rng)
