"""Types of fields, with their code in models, bodies, queries and tests."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

MOMENTS = ('"2027-01-31T08:00:00Z"', '"2027-02-28T20:15:30.250000Z"')
UUIDS = ('"10000000-0000-4000-8000-000000000000"', '"20000000-0000-4000-8000-000000000000"')


Samples = Callable[[Sequence[str]], tuple[str, str]]


def always(first: str, second: str) -> Samples:
    """Return a function that returns these values for any arguments of the type."""
    return lambda _arguments: (first, second)


def texts(arguments: Sequence[str]) -> tuple[str, str]:
    """Return texts of several lines and scripts, cut to the maximum length."""
    most = int(arguments[0])
    return json.dumps("a\n\tc"[:most]), json.dumps("ö 🍞"[:most], ensure_ascii=False)


def decimals(arguments: Sequence[str]) -> tuple[str, str]:
    """Return decimals with all places of the column."""
    digits, places = map(int, arguments)
    unit = Decimal(1).scaleb(-places)
    whole = 0 if digits == places else 1
    return f'"{whole + unit * bool(places)}"', f'"{2 * (whole + unit * bool(places))}"'


def members(arguments: Sequence[str]) -> tuple[str, str]:
    """Return the first and the last value of an enum."""
    return json.dumps(min(arguments)), json.dumps(max(arguments))


@dataclass(frozen=True)
class Kind:
    """A type. `{0}` and `{1}` are replaced by its arguments, `{name}` by its enum."""

    column: str
    body: str
    """The type of the value in a request body."""
    shown: str
    """The type of the value in a response body."""
    samples: Samples
    """Returns two values for tests, in ascending order."""
    wrong: tuple[str, ...]
    """Invalid values for tests."""
    query: str = ""
    """The type of the value as a parameter of a list."""
    lookups: tuple[str, ...] = ()
    """The filters of a list: an empty text is equality, the others are Tortoise's."""
    is_sorted: bool = True
    has_alias: bool = False
    """The type of the body gets an alias."""
    is_searched: bool = False
    """The keyword of a list searches it."""
    annotation: str = ""
    """The annotation of the column, if type checkers need one."""
    defaults: tuple[str, ...] = ()
    """Default arguments."""
    largest: tuple[int, ...] = ()
    """The maximum of each argument."""


RANGE = ("gte", "lt")
KINDS = {
    "str": Kind(
        column="CharField(max_length={0})",
        body="Annotated[SingleLine, Field(min_length=1, max_length={0})]",
        shown="str",
        query="",
        lookups=("", "in"),
        samples=always('"a"', '"b"'),
        wrong=('""', '"a\\nb"', '"x" * ({0} + 1)'),
        has_alias=True,
        is_searched=True,
        defaults=("200",),
        largest=(10_000,),
    ),
    "text": Kind(
        column="TextField()",
        body="Annotated[Text, Field(max_length={0})]",
        shown="str",
        samples=texts,
        wrong=('"\\x00"', '"x" * ({0} + 1)'),
        has_alias=True,
        is_sorted=False,
        is_searched=True,
        defaults=("10000",),
        largest=(1_000_000,),
    ),
    "int": Kind(
        column="IntField()",
        body="Annotated[Int, Strict()]",
        shown="int",
        query="Int",
        lookups=("", *RANGE),
        samples=always("-2147483648", "7"),
        wrong=("2**31", '"7"', "1.5"),
    ),
    "bigint": Kind(
        column="BigIntField()",
        body="Annotated[BigInt, Strict()]",
        shown="int",
        query="BigInt",
        lookups=("", *RANGE),
        samples=always("-(2**63)", "7"),
        wrong=("2**63", '"7"'),
    ),
    "float": Kind(
        column="FloatField()",
        body="Annotated[Float, Strict()]",
        shown="float",
        query="Float",
        lookups=RANGE,
        samples=always("0.5", "2.25"),
        wrong=('"x"', "True"),
    ),
    "decimal": Kind(
        column="DecimalField(max_digits={0}, decimal_places={1})",
        body="Annotated[Decimal, Field(max_digits={0}, decimal_places={1}), with_places({1})]",
        shown="",
        query="",
        lookups=("", *RANGE),
        samples=decimals,
        wrong=('"x"', '"NaN"', '"1e{0}"'),
        has_alias=True,
        defaults=("12", "2"),
        largest=(38, 20),
    ),
    "bool": Kind(
        column="BooleanField()",
        body="Annotated[bool, Strict()]",
        shown="bool",
        query="bool",
        lookups=("",),
        samples=always("False", "True"),
        wrong=('"yes"', "1"),
    ),
    "date": Kind(
        column="DateField()",
        body="Date",
        shown="Date",
        query="Date",
        lookups=("", *RANGE),
        samples=always('"2027-01-31"', '"2028-02-29"'),
        wrong=('"2027-02-30"', "20270131"),
    ),
    "datetime": Kind(
        column="DatetimeField()",
        body="UtcDateTime",
        shown="UtcDateTime",
        query="UtcDateTime",
        lookups=RANGE,
        samples=always(*MOMENTS),
        wrong=('"2027-01-31T08:00:00"', "1800000000"),
    ),
    "uuid": Kind(
        column="UUIDField()",
        body="UUID",
        shown="UUID",
        query="UUID",
        lookups=("",),
        samples=always(*UUIDS),
        wrong=('"x"', "1"),
    ),
    "json": Kind(
        column="JSONField()",
        body="Json",
        shown="JsonValue",
        samples=always('{"a": [1, None, "ö"]}', "[]"),
        wrong=('"\\x00"', "2**64"),
        is_sorted=False,
        annotation="fields.Field[JsonValue]",
    ),
    "enum": Kind(
        column="CharEnumField({name}, max_length={longest})",
        body="{name}",
        shown="{name}",
        query="{name}",
        lookups=("", "in"),
        samples=members,
        wrong=('"?"', "1"),
    ),
    "fk": Kind(
        column="",
        body="Annotated[RowId, Strict()]",
        shown="int",
        query="RowId",
        lookups=("",),
        samples=always("", ""),
        wrong=("0", '"1"'),
        is_sorted=False,
    ),
}


def described(kinds: Sequence[str] = tuple(KINDS)) -> str:
    """Return the types as they are typed, separated by commas."""
    written = {"decimal": "decimal[:12,2]", "enum": "enum(a|b|c)", "fk": "fk:Model"}
    written |= {"str": "str[:200]", "text": "text[:10000]"}
    return ", ".join(written.get(each, each) for each in kinds)
