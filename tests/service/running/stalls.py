"""Requests of the largest allowed size that cost as much as possible, and the stalls they cause."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from typing import Any
from uuid import UUID

import httpx

from tests.support.harness import ROOT, Service
from tests.support.people import PASSWORD, new_name

MAX_BODY_BYTES = 1_048_576  # the default of the setting
BEAT_SECONDS = 0.1
TRIES = 3
PATIENCE_SECONDS = 300
LARGEST_ANSWER = 8192

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
MULTIPART = {"Content-Type": "multipart/form-data; boundary=b"}
SIGN_IN = {"/api/auth/login", "/api/auth/session"}
"""Their forms are not described in the document, or not all fields of them."""
TEXT = {"type": "string"}
NEW_PASSWORDS = ("password", "new_password", "confirm_password")
UNITS = ("a\u0301\u0323", "\ufdfa", "4@8({[<3690!1|7$5+%2", "9", "\U0001f98a", "correct horse ")
"""Texts that are repeated: runs, what grows by normalization, what zxcvbn reads in many ways."""


@dataclass(frozen=True)
class Operation:
    """An operation of the OpenAPI document."""

    method: str
    path: str
    fields: Mapping[str, Any]
    """The schemas of the fields of its body, if it has one."""


@dataclass(frozen=True)
class Shape:
    """A request that costs much."""

    name: str
    body: bytes = b""
    headers: Mapping[str, str] | list[tuple[str, str]] = field(default_factory=dict)
    query: str = ""


@dataclass(frozen=True)
class Stall:
    """What a request did to the event loop."""

    request: str
    seconds: float
    answer_bytes: int
    status: int

    @property
    def missed_beats(self) -> int:
        """The beats of a heart that beats each 100 ms that were missed."""
        return int(self.seconds / BEAT_SECONDS)

    @property
    def is_error(self) -> bool:
        """Whether the request was refused."""
        return self.status >= HTTPStatus.BAD_REQUEST

    @property
    def is_too_long(self) -> bool:
        """Whether the answer to a bad request would be too long."""
        return self.answer_bytes > LARGEST_ANSWER


@contextmanager
def watched(service: Service) -> Iterator[httpx.Client]:
    """Start the service with a heartbeat in its only process, and offer a client of it."""
    module = str(ROOT / "tests/support/watched")
    port = str(service.port)
    service.start(command=["-m", "uvicorn", "heartbeat:app", "--app-dir", module, "--port", port])
    with service.client() as client:
        longest_stall(client)
        yield client


def walk(client: httpx.Client, headers: Mapping[str, str]) -> Iterator[Stall]:
    """Send each operation every shape, and yield the stall of each request."""
    document = client.get("/openapi.json").json()
    for operation in operations(document):
        for shape in [*of_heads(), *(of_bodies(operation.fields) if operation.fields else ())]:
            yield measure(client, operation, shape, headers)


def measure(
    client: httpx.Client, operation: Operation, shape: Shape, headers: Mapping[str, str]
) -> Stall:
    """Send a request up to three times, until it stalls nothing, and return the shortest stall.

    A stall of our own is there each time; one that a full disk or memory causes is not.
    """
    name = f"{operation.method} {operation.path}: {shape.name}"
    stalls: list[Stall] = []
    while len(stalls) < TRIES and not (stalls and stalls[-1].seconds < BEAT_SECONDS):
        size, status = _send(client, operation, shape, headers)
        stalls.append(Stall(name, longest_stall(client), size, status))
    return min(stalls, key=lambda stall: stall.seconds)


def longest_stall(client: httpx.Client) -> float:
    """Return the seconds of the longest stall since the last call."""
    return float(client.get("/heartbeat", timeout=PATIENCE_SECONDS).text)


def operations(document: dict[str, Any]) -> Iterator[Operation]:
    """Yield all operations, with an id that no row has in their paths."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            bodies = operation.get("requestBody", {}).get("content", {}).values()
            fields = dict.fromkeys(("username", "password"), TEXT) if path in SIGN_IN else {}
            for body in bodies:
                fields |= _resolved(document, body["schema"]).get("properties", {})
            known = {name: _resolved(document, schema) for name, schema in fields.items()}
            yield Operation(method.upper(), _with_ids(path), known)


def of_heads() -> Iterator[Shape]:
    """Yield requests with as many or as long headers and parameters as are allowed, or more."""
    run = "%CC%81%CC%A3" * 2400
    yield Shape("many headers", headers=[(f"X-Junk-{number}", "x") for number in range(5000)])
    parts = ["x=" + '"' + "\\" * 7_900 + '"'] * 4
    yield Shape("quoted cookies", headers=[("Cookie", part) for part in parts])
    escaped = "\\" * 800 + "a" * 900
    yield Shape("backslashes that fit", headers={"Cookie": f'session="{escaped}"'})
    for size in (30_000, 8_000):
        quoted = "\\" * size
        yield Shape(f"{size} backslashes", headers={"Cookie": f'session="{quoted}"'})
        yield Shape(f"{size} cookies", headers={"Cookie": ";" * size})
        yield Shape(f"{size} of a cookie", headers={"Cookie": "session=b; " * (size // 11)})
        yield Shape(f"token of {size}", headers={"Authorization": f"Bearer {'x' * size}"})
        deep = "W1tb" * (size // 4)
        yield Shape(f"deep token of {size}", headers={"Authorization": f"Bearer {deep}.e30.x"})
        yield Shape(f"key of {size}", headers={"X-API-Key": f"sk_{'x' * size}"})
    yield Shape("combining parameter", query=f"keyword=abc{run}")
    yield Shape("numbers", query=f"page={'9' * 15_000}&size=1e{'9' * 15_000}")
    yield Shape("many parameters", query="&".join(f"{number:x}=1" for number in range(4800)))
    yield Shape("repeated parameters", query="&".join(["page=1"] * 4300))


def of_bodies(fields: Mapping[str, Any]) -> Iterator[Shape]:
    """Yield bodies of the largest size as a whole, and with each of these fields as large.

    The other fields are valid, so that nothing else is refused first. Texts that fit their field
    get further than its validation.
    """
    yield from _whole_bodies()
    for name, schema in fields.items():
        others = {other: _valid(other, its) for other, its in fields.items() if other != name}
        rest = b"".join(
            b"%s: %s, " % (json.dumps(other).encode(), json.dumps(value).encode())
            for other, value in others.items()
        )
        for shape, (start, middle, end) in _values():
            body = _cut(b'{%s"%s": %s' % (rest, name.encode(), start), middle, end + b"}")
            yield Shape(f"{shape} in {name}", body, JSON)
        yield Shape(f"form run in {name}", f"{name}=abc{'%CC%81%CC%A3' * 5400}".encode(), FORM)
        if schema.get("type") == "string":
            for unit in UNITS:
                length = schema.get("maxLength", 10_000)
                text = (unit * length)[:length]
                same = {
                    other: text
                    for other in others
                    if other in NEW_PASSWORDS and name in NEW_PASSWORDS
                }
                body = json.dumps({**others, **same, name: text}).encode()
                yield Shape(f"{unit!a} that fits in {name}", body, JSON)


def _valid(name: str, schema: Mapping[str, Any]) -> object:
    """Return a valid value of a field; that of a current password is wrong."""
    own = {"username": new_name(), "email": f"{new_name()}@example.org"}
    own |= dict.fromkeys(NEW_PASSWORDS, PASSWORD)
    if name in own:
        return own[name]
    if "enum" in schema or "const" in schema:
        return schema.get("const", next(iter(schema.get("enum", ())), None))
    if "type" not in schema:  # of any JSON
        return {}
    formats = {"date": "2026-01-01", "date-time": "2026-01-01T00:00:00Z", "uuid": str(UUID(int=0))}
    kinds = {"integer": 1, "number": 1, "boolean": True, "array": [], "object": {}}
    text = schema.get("pattern", "^a text$").strip("^$")
    return kinds.get(schema["type"], formats.get(schema.get("format", ""), text))


@cache
def _whole_bodies() -> tuple[Shape, ...]:
    return tuple(_make_whole_bodies())


def _make_whole_bodies() -> Iterator[Shape]:
    yield Shape("junk keys", _junk(lambda number: f'"k{number:x}":{{}}'), JSON)
    yield Shape("fewer junk keys", _junk(lambda number: f'"{number:x}":0', 40_000), JSON)
    yield Shape("deep lists", b"[" * MAX_BODY_BYTES, JSON)
    yield Shape("fewer deep lists", b"[" * 9_000, JSON)
    yield Shape("deep objects", _cut(b"", b'{"a":'), JSON)
    yield Shape("quotes", _cut(b"", b'"'), JSON)
    yield Shape("escapes", _cut(b'"', b'\\"'), JSON)
    for size in (MAX_BODY_BYTES, 65_000):
        fields = _joined("&", lambda number: f"{number:x}=1", size)
        yield Shape(f"{size} bytes of form fields", fields, FORM)
        yield Shape(f"{size} bytes of empty form fields", b"&" * size, FORM)
    part = b'--b\r\nContent-Disposition: form-data; name="f"\r\n\r\n1\r\n'
    yield Shape("parts", _cut(b"", part, b"--b--"), MULTIPART)
    for charset in ("punycode", "idna", "utf-8"):
        start = b'--b\r\nContent-Disposition: form-data; name="username"\r\n\r\n'
        half = b"a" * (MAX_BODY_BYTES // 2 - 100)
        kind = {"Content-Type": f"{MULTIPART['Content-Type']}; charset={charset}"}
        yield Shape(f"multipart {charset}", start + half + b"-" + half + b"\r\n--b--", kind)
    junk = b'--b\r\nContent-Disposition: form-data; name="f"; x=' + b";" * 4000 + b"\r\n\r\n1\r\n"
    yield Shape("parameters of a part", _cut(b"", junk, b"--b--"), MULTIPART)
    yield Shape("headers of a part", _cut(b"--b\r\n", b"A:b\r\n"), MULTIPART)
    yield Shape("boundaries", _cut(b"--b\r\n\r\n", b"\r\n--"), MULTIPART)


def _values() -> Iterator[tuple[str, tuple[bytes, bytes, bytes]]]:
    """Yield JSON values: repeated from the middle one of three."""
    yield "combining run", (b'"abc', "\u0301\u0323".encode(), b'"')
    yield "wide text", (b'"', "\ufdfa".encode(), b'"')  # 18 characters when it is normalized
    yield "text of digits", (b'"', b"9", b'"')
    yield "number", (b"", b"9", b"")
    yield "exponent", (b"1e", b"9", b"")
    yield "list of long texts", (b"[", b'"' + b"a" * 10_000 + b'",', b"0]")
    yield "list of numbers", (b"[", b"0,", b"0]")


def _junk(member: Callable[[int], str], size: int = MAX_BODY_BYTES) -> bytes:
    return b"{" + _joined(",", member, size - 2) + b"}"


def _joined(by: str, member: Callable[[int], str], size: int = MAX_BODY_BYTES) -> bytes:
    text = by.join(member(number) for number in range(size // 6))
    return text[:size].rpartition(by)[0].encode()


def _cut(start: bytes, middle: bytes, end: bytes = b"") -> bytes:
    """Repeat the middle as often as the largest size allows."""
    return start + middle * ((MAX_BODY_BYTES - len(start) - len(end)) // len(middle)) + end


def _send(
    client: httpx.Client, operation: Operation, shape: Shape, headers: Mapping[str, str]
) -> tuple[int, int]:
    """Return the size and the status of the answer; none if the connection was closed."""
    given = httpx.Headers(shape.headers if isinstance(shape.headers, list) else dict(shape.headers))
    given.update({name: value for name, value in headers.items() if name not in given})
    url = f"{operation.path}?{shape.query}" if shape.query else operation.path
    try:
        answer = client.request(operation.method, url, content=shape.body, headers=given)
    except httpx.TransportError:
        return 0, 0
    return len(answer.content), answer.status_code


def _with_ids(path: str) -> str:
    parts = path.split("/")
    return "/".join("999999999" if part.startswith("{") else part for part in parts)


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema without references, and the first of several."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        schema = document["components"]["schemas"][name]
    return _resolved(document, schema["anyOf"][0]) if "anyOf" in schema else schema
