"""Types of settings, bodies and parameters: their values can be stored in every database."""

import json
import math
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from fastapi import Path
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    JsonValue,
    Strict,
    StringConstraints,
)
from pydantic_settings import NoDecode

Item = TypeVar("Item")

LARGEST_ID = 2**63 - 1
FIRST_DAY, LAST_DAY = date(1000, 1, 1), date(9998, 12, 31)
"""The dates that every database stores; for some drivers the end of 9999 means infinity."""
UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""The characters of the Unicode categories Cc, Zl and Zp."""


def reject_unstorable(text: str) -> str:
    """Refuse NUL, which some databases cannot store, and lone surrogates, which none can."""
    if UNSTORABLE.search(text):
        raise ValueError("Leave out NUL characters and unpaired surrogates")
    return text


def _one_line(text: str) -> str:
    if CONTROL.search(text):
        raise ValueError("Leave out line breaks and other control characters")
    return text


Text = Annotated[str, Strict(), AfterValidator(reject_unstorable)]
"""Text of one or more lines."""

SingleLine = Annotated[
    str,
    Strict(),
    StringConstraints(strip_whitespace=True),
    AfterValidator(reject_unstorable),
    AfterValidator(_one_line),
]
"""One line of text, stripped of surrounding whitespace."""

Keyword = Annotated[SingleLine, Field(max_length=50)]
"""The text that a list is searched for."""


def _plain_digits(value: object) -> object:
    """Refuse numbers that Python also parses, such as `1_0` or Arabic digits."""
    if isinstance(value, str) and not (value.isascii() and value.removeprefix("-").isdigit()):
        raise ValueError("Write a number in digits")
    return value


PLAIN_DIGITS = BeforeValidator(_plain_digits)
PathId = Annotated[int, Path(ge=1, le=LARGEST_ID), PLAIN_DIGITS]
"""The id of a row, in a path."""

RowId = Annotated[int, Field(ge=1, le=LARGEST_ID), PLAIN_DIGITS]
"""The id of a row, in a body or a query."""

SmallRowId = Annotated[int, Field(ge=1, le=2**31 - 1), PLAIN_DIGITS]
"""The id of a row of a table with 32-bit ids."""

Int = Annotated[int, Field(ge=-(2**31), le=2**31 - 1), PLAIN_DIGITS]
BigInt = Annotated[int, Field(ge=-(2**63), le=2**63 - 1), PLAIN_DIGITS]
Float = Annotated[float, Field(allow_inf_nan=False)]


def with_places(count: int) -> AfterValidator:
    """Return a validator that gives decimals exactly this many places, such as 2 for 9.90."""
    unit = Decimal(1).scaleb(-count)
    return AfterValidator(lambda number: number.quantize(unit))


Several = Annotated[list[Item], Field(min_length=1, max_length=50)]
"""The values of an `in` filter: `status__in=a&status__in=b`."""


def _reject_numbers(value: object) -> object:
    """Refuse numbers, which Pydantic would read as seconds since 1970."""
    if isinstance(value, int | float) or (isinstance(value, str) and "-" not in value[1:]):
        raise ValueError("Write it as in RFC 3339, such as 2027-01-31 or 2027-01-31T12:00:00Z")
    return value


def _in_utc(moment: datetime) -> datetime:
    if not FIRST_DAY < moment.date() < LAST_DAY:
        raise ValueError(f"Write a year from {FIRST_DAY.year} to {LAST_DAY.year}")
    return moment.astimezone(UTC)


Date = Annotated[date, BeforeValidator(_reject_numbers), Field(ge=FIRST_DAY, le=LAST_DAY)]
UtcDateTime = Annotated[AwareDatetime, BeforeValidator(_reject_numbers), AfterValidator(_in_utc)]
"""A time with an offset, converted to UTC."""


def _storable_json(value: JsonValue) -> JsonValue:
    """Refuse what some database does not store, or Tortoise takes for encoded JSON: a text."""
    if value is None or isinstance(value, str):
        raise ValueError("Send an object, for example; null or a text may only be within it")
    _check_json(value)
    return value


def _check_json(value: JsonValue) -> None:
    match value:
        case str():
            reject_unstorable(value)
        case bool() | None:
            pass
        case int() | float() if not math.isfinite(value) or abs(value) > LARGEST_ID:
            raise ValueError("Leave out numbers that are not finite or have more than 64 bits")
        case list():
            for each in value:
                _check_json(each)
        case dict():
            for name, each in value.items():
                reject_unstorable(name)
                _check_json(each)


Json = Annotated[JsonValue, AfterValidator(_storable_json)]


def _split(value: object) -> Any:  # noqa: ANN401 - whatever JSON holds
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        return json.loads(value)
    return [item.strip() for item in value.split(",") if item.strip()]


COMMA_SEPARATED = (NoDecode, BeforeValidator(_split))
StringList = Annotated[tuple[str, ...], *COMMA_SEPARATED]
"""A setting that is a list, written as JSON or comma-separated."""
