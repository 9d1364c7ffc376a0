"""Values that every database stores."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from app.web.types import BigInt, Date, Float, Int, Json, UtcDateTime

DEEP: Any = 1
for _ in range(300):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        *((Int, value) for value in [2**31, -(2**31) - 1, "1_0", "٣", "+1", 1.5]),
        *((BigInt, value) for value in [2**63, -(2**63) - 1]),
        *((Float, value) for value in ["nan", float("inf"), "1e400"]),
        *((Date, value) for value in ["0999-12-31", "9999-12-31", 20270131, "20270131", "x"]),
        *((UtcDateTime, value) for value in ["2027-01-31T12:00:00", "2027-01-31", 1_800_000_000]),
        *(
            (UtcDateTime, value)
            for value in ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12"]
        ),
        *(
            (Json, value)
            for value in [None, "a", {"a": "\x00"}, {"\ud800": 1}, [float("nan")], {"a": 2**64}]
        ),
        (Json, DEEP),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_a_value_that_some_database_refuses_is_refused(type_: type[object], value: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(type_).validate_python(value)


def test_a_datetime_is_converted_to_utc() -> None:
    moment = TypeAdapter[datetime](UtcDateTime).validate_python("2027-01-31T01:30:00+02:00")

    assert moment == datetime(2027, 1, 30, 23, 30, tzinfo=UTC)
    assert moment.tzinfo is UTC
