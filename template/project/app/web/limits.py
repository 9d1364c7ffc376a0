"""Limits of a request that are checked before its body is parsed.

Parsing blocks the event loop, so a body that would take long is refused by its size, and by its
number of values.
"""

import asyncio
import re
from collections import Counter
from http import HTTPStatus
from itertools import islice

from fastapi import HTTPException
from starlette.types import Message, Receive, Scope

MOST_HEADERS = 100
LARGEST_HEAD_BYTES = 32_768
"""Bytes of all headers, the path and the query; nginx has the same limit."""
LARGEST_HEADER_BYTES = 8192
"""Bytes of all headers of one name."""
BACKSLASH_BYTES = 9
"""What a backslash in a header counts as: FastAPI parses some headers of each request, and Python
before 3.11.10 and 3.12.6 takes quadratic time for escapes in quotes (CVE-2024-7592)."""
FEW_HEADER_BYTES = LARGEST_HEADER_BYTES // BACKSLASH_BYTES
MOST_JSON_VALUES = 10_000
"""Names, texts, objects and elements of a JSON body: to refuse each of them takes about 0.05 s."""
LARGEST_FORM_BYTES = 65_536
"""An urlencoded form takes longer to decode than JSON."""
JSON_VALUE = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[{,]', re.DOTALL)
UTF_8 = re.compile(rb"""; *charset=("?)utf-?8\1 *(?=;|$)""", re.IGNORECASE)
"""The only charset of a body in several parts."""
SMALL_BODY_BYTES = MOST_JSON_VALUES
"""The size of a body that has no room for more values."""


class TooManyValues(HTTPException):
    """A JSON body with more values than are validated."""

    def __init__(self) -> None:
        message = f"Send at most {MOST_JSON_VALUES:,} names, texts and elements in one body"
        super().__init__(HTTPStatus.UNPROCESSABLE_ENTITY, message)
        self.errors = [{"field": "", "msg": message, "type": "too_many_values"}]


def is_head_too_large(scope: Scope, header_bytes: int) -> bool:
    """Return whether there are too many headers, or some or all of the head are too long."""
    headers = scope["headers"]
    path = scope.get("raw_path") or scope["path"]  # decoded it may be much shorter
    size = header_bytes + len(path) + len(scope["query_string"])
    if size > LARGEST_HEAD_BYTES or len(headers) > MOST_HEADERS:
        return True
    if header_bytes <= FEW_HEADER_BYTES:  # as of most requests
        return False
    sizes: Counter[bytes] = Counter()
    for name, value in headers:
        sizes[name] += len(value) + value.count(b"\\") * (BACKSLASH_BYTES - 1)
    return max(sizes.values()) > LARGEST_HEADER_BYTES


def has_other_charset(content_type: bytes) -> bool:
    """Return whether a multipart body names another charset than UTF-8.

    Its parser decodes each part with any codec of Python, some of which take quadratic time, and
    Python remembers each unknown name for ever.
    """
    if not content_type[:10].lower().startswith(b"multipart/"):
        return False
    return b"charset" in UTF_8.sub(b"", content_type, count=1).lower()


def limited(receive: Receive, *, declared: int, largest: int, content_type: bytes) -> Receive:
    """Refuse a body that is too large, by its declared size or else while it is read.

    JSON is refused too if it has too many values. The errors are raised inside the application,
    so that their responses pass the middleware.
    """
    is_json = b"json" in content_type.lower()
    if b"urlencoded" in content_type.lower():
        largest = min(largest, LARGEST_FORM_BYTES)
    size = declared if declared > largest else 0
    chunks: list[bytes] = []

    async def receive_within_limits() -> Message:
        nonlocal size
        if size <= largest:
            message = await receive()
            chunk = message.get("body", b"")
            size += len(chunk)
            if size <= largest:
                if is_json:
                    chunks.append(chunk)
                    if not message.get("more_body"):
                        _check_json(b"".join(chunks))
                return message
        raise HTTPException(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "The body is too large",
            headers={"Connection": "close"},
        )

    return receive_within_limits


def timed(receive: Receive, seconds: float) -> Receive:
    """Refuse a body that is not complete in time.

    The time is that of the whole body: a client could stretch one for each piece for ever.
    """
    deadline = asyncio.get_running_loop().time() + seconds
    is_complete = False

    async def receive_in_time() -> Message:
        nonlocal is_complete
        if is_complete:  # the next message is the end of the connection
            return await receive()
        try:
            async with asyncio.timeout_at(deadline):
                message = await receive()
        except TimeoutError:
            raise HTTPException(
                HTTPStatus.REQUEST_TIMEOUT,
                "The body took too long to arrive",
                headers={"Connection": "close"},
            ) from None
        is_complete = not message.get("more_body")
        return message

    return receive_in_time


def _check_json(body: bytes) -> None:
    """Refuse a body with too many values, in one pass that ends at the first of them.

    It reads UTF-8, as JSON between systems must be (RFC 8259 §8.1); other encodings have NUL bytes.
    """
    if b"\x00" in body:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "Send JSON in UTF-8")
    if any(islice(JSON_VALUE.finditer(body), MOST_JSON_VALUES, None)):
        raise TooManyValues
