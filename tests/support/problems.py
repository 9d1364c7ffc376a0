"""The form of every error response (RFC 9457)."""

import re
from functools import cache

import httpx

from tests.support import databases

LEAKS = r"Traceback|File \"|\.py|tortoise|SELECT |INSERT |UNIQUE|\bat 0x"


@cache
def leaks() -> re.Pattern[str]:
    """Return a pattern of internals that no response may contain, such as the names of drivers."""
    drivers = (driver for name in databases.NAMES for driver in databases.named(name).drivers)
    names = map(re.escape, [*databases.NAMES, *drivers])
    return re.compile("|".join([LEAKS, *names]), re.IGNORECASE)


def assert_problem(response: httpx.Response, status: int) -> None:
    """Fail unless the response is a problem document of this status that discloses no internals."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    expected = {"type", "title", "status", "detail", "request_id"}
    assert set(body) - {"errors", "error"} == expected
    assert body["status"] == status
    assert body["request_id"] == response.headers["x-request-id"]
    assert ("errors" in body) == (status == 422)
    assert not leaks().search(response.text)
