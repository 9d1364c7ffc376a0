"""What every error answer looks like (RFC 9457)."""

import re

import httpx

LEAKS = re.compile(
    r"Traceback|File \"|\.py|sqlite|asyncpg|asyncmy|tortoise|SELECT |INSERT |UNIQUE|\bat 0x",
    re.IGNORECASE,
)


def assert_problem(answer: httpx.Response, status: int) -> None:
    """Fail unless the answer is a problem document of this status that tells no internals."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    expected = {"type", "title", "status", "detail", "request_id"}
    assert set(body) - {"errors"} == expected
    assert body["status"] == status
    assert body["request_id"] == answer.headers["x-request-id"]
    assert ("errors" in body) == (status == 422)
    assert not LEAKS.search(answer.text)
