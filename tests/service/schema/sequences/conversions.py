"""Conversions of values when a column changes its type, in Python."""

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar
from uuid import UUID

from tests.service.schema.sequences.schema import Shape
from tests.service.schema.snapshot import ANYTHING, Like
from tests.support import databases

Result = TypeVar("Result")
BITS = {"smallint": 15, "int": 31, "bigint": 63, "intenum": 15}
TEXTS = {"char", "text", "charenum"}
DAY = r"\d{4}-\d\d-\d\d"
CLOCK = r"\d\d:\d\d(:\d\d(\.\d{1,6})?)?"
OFFSET = r"([-+]\d\d(:?\d\d)?|Z)"


class Lossy(Exception):  # noqa: N818 - a fact
    """The value has no equal in the new type: the change must be refused."""


class Unsure(Exception):  # noqa: N818 - a fact
    """The change may be refused, or give any value that can be read."""


def converted(value: Any, old: Shape, new: Shape, database: str) -> Any:  # noqa: ANN401 - of any type
    """Return the converted value, or a `Like` that describes it.

    Raises:
        Lossy: It cannot be kept.
        Unsure: It may be kept, be refused or become another value.
    """
    if value is None or old == new:
        return value
    if isinstance(value, Like) or value is ANYTHING or new[0] not in WAYS:
        raise Unsure
    return WAYS[new[0]](value, old[0], new, database)


def _number(text: str) -> Decimal:
    if not re.fullmatch(r"[-+]?\d+(\.\d+)?", text):
        if re.fullmatch(r"\s*[-+]?\d*\.?\d*(e[-+]?\d+)?\s*", text.lower()) and text.strip():
            raise Unsure
        raise Lossy
    return Decimal(text)


def _to_integer(value: Any, old: str, new: Shape, _: str) -> int:  # noqa: ANN401 - as above
    if old in TEXTS:
        if re.match(r"\s*[-+]?0\d", value):
            raise Lossy
        if "." in value:
            _number(value)
            raise Unsure
        value = _number(value)
    elif old not in {*BITS, "bool", "decimal", "float"}:
        raise Unsure
    if value != int(value) or not -(2 ** BITS[new[0]]) <= int(value) < 2 ** BITS[new[0]]:
        raise Lossy
    return int(value)


def _to_decimal(value: Any, old: str, new: Shape, database: str) -> Decimal:  # noqa: ANN401 - as above
    if old in TEXTS:
        value = _number(value)
    elif old == "float":
        value = Decimal(repr(value))
    elif old not in {*BITS, "decimal"}:
        raise Unsure
    digits, places = new[1]
    try:
        kept = Decimal(value).quantize(Decimal(1).scaleb(-places))
    except InvalidOperation as error:
        raise (Lossy if databases.named(database).checks_types else Unsure) from error
    if kept != value or abs(kept) >= 10 ** (digits - places):
        if old != "float" and not databases.named(database).checks_types:
            raise Unsure  # the type says nothing of digits
        raise Lossy
    return kept


def _to_float(value: Any, old: str, _: Shape, __: str) -> Any:  # noqa: ANN401 - as above
    if old in TEXTS:
        value = _number(value)
    elif old not in {*BITS, "decimal"}:
        raise Unsure
    became = float(value)
    is_same = int(became) == value if old in BITS else Decimal(repr(became)) == value
    if not is_same:
        raise Lossy
    return became


def _to_bool(value: Any, old: str, _: Shape, database: str) -> bool:  # noqa: ANN401 - as above
    if old not in BITS:
        raise Unsure
    if value not in {0, 1}:
        raise Lossy if databases.named(database).checks_types else Unsure
    return bool(value)


def _to_text(value: Any, old: str, new: Shape, _: str) -> Any:  # noqa: ANN401 - as above
    room = new[1][0] if new[1] else 2**31
    if old in {*TEXTS, *BITS, "uuid", "date"}:
        text = str(value)
        if len(text) > room:
            raise Lossy
        return text
    read = READ.get(old)
    if read is None:
        raise Unsure
    if old == "decimal" and len(str(value)) > room:
        raise Lossy
    if old != "decimal" and room < 40:  # databases spell it in different lengths
        raise Unsure
    return Like(f"a text for {value!r}", lambda found: bool(read(found) == value))


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


READ: dict[str, Callable[[str], Any]] = {
    "decimal": Decimal,
    "float": float,
    "json": json.loads,
    "datetime": _moment,
    "time": time.fromisoformat,
}


def _to_date(value: Any, old: str, _: Shape, __: str) -> date:  # noqa: ANN401 - as above
    if old == "datetime":
        if value.timetz() != time(0, tzinfo=UTC):
            raise Lossy
        return datetime.date(value)
    if old not in TEXTS:
        raise Unsure
    return _parsed(value, DAY, date.fromisoformat)


def _to_datetime(value: Any, old: str, _: Shape, database: str) -> datetime:  # noqa: ANN401 - as above
    if old == "date":
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    if old not in TEXTS:
        raise Unsure
    if not re.fullmatch(rf"{DAY}([ T]{CLOCK}{OFFSET}?)?", value):
        raise Lossy
    if re.fullmatch(rf".*:.*{OFFSET}", value) and database == "mysql":
        raise Lossy  # which has no zones
    try:
        return _moment(value)
    except ValueError as error:
        raise Lossy from error


def _to_uuid(value: Any, old: str, _: Shape, __: str) -> UUID:  # noqa: ANN401 - as above
    if old not in TEXTS:
        raise Unsure
    return _parsed(value, r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", UUID)


def _parsed(value: str, pattern: str, parse: Callable[[str], Result]) -> Result:
    if not re.fullmatch(pattern, value):
        raise Lossy
    try:
        return parse(value)
    except ValueError as error:
        raise Lossy from error


def _to_json(value: Any, old: str, _: Shape, __: str) -> Any:  # noqa: ANN401 - as above
    if old not in TEXTS:
        raise Unsure
    try:
        inside = json.loads(value)
    except ValueError as error:
        raise Lossy from error
    return Like(f"{inside!r}", lambda found: bool(found == inside))


WAYS: dict[str, Callable[[Any, str, Shape, str], Any]] = {
    "smallint": _to_integer,
    "int": _to_integer,
    "bigint": _to_integer,
    "decimal": _to_decimal,
    "float": _to_float,
    "bool": _to_bool,
    "char": _to_text,
    "text": _to_text,
    "date": _to_date,
    "datetime": _to_datetime,
    "uuid": _to_uuid,
    "json": _to_json,
}
"""Conversions by the new type; for other types the result is unknown."""
