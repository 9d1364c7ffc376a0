"""Middleware of every request: request id, access log, security headers, limits."""

import logging
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web import limits
from app.web.errors import problem, request_id

log = logging.getLogger(__name__)
access_log = logging.getLogger("app.access")

SAFE_REQUEST_ID = re.compile(rb"[A-Za-z0-9-]{8,64}")
ANY_HOST = r"[a-z0-9._-]+|\[[0-9a-f:.]+\]"
LONGEST_LOGGED_HOST = 100
LONGEST_LOGGED_PATH = 500
FOREIGN_HOST = (
    "Refused a request to the host %r. If it is ours, add it to ALLOWED_HOSTS; if a proxy has"
    " changed the Host header, let it forward that of the client"
)

Headers = list[tuple[bytes, bytes]]

HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"content-security-policy", b"frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
)
NO_STORE = (b"cache-control", b"no-store")
HTTPS_ONLY = (b"strict-transport-security", b"max-age=31536000")


class RequestMiddleware:
    """Pure ASGI middleware: Starlette's BaseHTTPMiddleware would cost more than all of this.

    Args:
        app: The application inside.
        max_body_bytes: A larger body is refused with 413, before all of it is read.
        body_timeout_seconds: A body that is not complete so long after its headers is refused
            with 408.
        allowed_hosts: Accepted host names, such as `*.example.org`; none means any.
        root_path: The prefix of our paths at the proxy, which may remove it from requests.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        max_body_bytes: int,
        body_timeout_seconds: float,
        allowed_hosts: tuple[str, ...] = (),
        root_path: str = "",
    ) -> None:
        self.app = app
        self.max_body_bytes = max_body_bytes
        self.body_timeout_seconds = body_timeout_seconds
        self.small_body_bytes = min(max_body_bytes, limits.SMALL_BODY_BYTES)
        self.is_our_host = _pattern(allowed_hosts).fullmatch
        self.root_path = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application, without the slash at the end of the path if there is one."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        path = scope["path"]
        if self.root_path:
            _add_root(scope, self.root_path)
        elif len(path) > 1 and path[-1] == "/":
            scope["path"] = path[:-1]
        head = _inspect(scope["headers"], self.is_our_host)
        request_id.set(head.request_id)
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _with_headers(
                    message["headers"], head.request_id, scope["scheme"]
                )
            await send(message)

        try:
            if refusal := self._refusal(scope, head):
                await refusal(scope, receive, send_with_headers)
            elif head.is_chunked or head.body_bytes:
                body = limits.timed(receive, self.body_timeout_seconds)
                if head.is_chunked or head.body_bytes > self.small_body_bytes:
                    body = limits.limited(
                        body,
                        declared=head.body_bytes,
                        largest=self.max_body_bytes,
                        content_type=head.content_type,
                    )
                await self.app(scope, body, send_with_headers)
            else:
                await self.app(scope, receive, send_with_headers)
        finally:
            _log_access(scope, path, status, time.perf_counter() - started)

    def _refusal(self, scope: Scope, head: "_Head") -> Response | None:
        """Return the response to a head that is too large, or without a Host header of ours."""
        if limits.is_head_too_large(scope, head.size):
            return problem(
                HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
                f"Send at most {limits.MOST_HEADERS} headers, {limits.LARGEST_HEADER_BYTES:,} bytes"
                f" of one, and {limits.LARGEST_HEAD_BYTES:,} of headers, path and query",
            )
        if head.content_type and limits.has_other_charset(head.content_type):
            return problem(HTTPStatus.BAD_REQUEST, "Send multipart bodies in UTF-8")
        if "\n" in scope["path"]:  # before it, `$` matches in the patterns of routes
            return problem(HTTPStatus.NOT_FOUND)
        fewest_hosts = 0 if scope["http_version"] == "1.0" else 1  # RFC 9112 §3.2
        if head.foreign_host is None and fewest_hosts <= head.hosts <= 1:
            return None
        if head.foreign_host is not None:
            shown = head.foreign_host[:LONGEST_LOGGED_HOST].decode(errors="backslashreplace")
            log.warning(FOREIGN_HOST, shown)
        return problem(HTTPStatus.BAD_REQUEST, "Send one Host header, with our name")


def _add_root(scope: Scope, root_path: str) -> None:
    """Begin the path with the prefix, as ASGI has it, whether the proxy has removed it or not."""
    path: str = scope["path"]
    if f"{path}/".startswith(f"{root_path}/"):
        path = path.removeprefix(root_path)
    scope["root_path"] = root_path
    scope["path"] = root_path + (path.removesuffix("/") or "/")


def _pattern(allowed_hosts: tuple[str, ...]) -> re.Pattern[bytes]:
    """Return the pattern of accepted Host headers, in any case, with or without a port."""
    names = [re.escape(host).replace(r"\*", "[a-z0-9._-]+") for host in allowed_hosts]
    pattern = rf"({'|'.join(names) or ANY_HOST})(:[0-9]{{1,5}})?"
    return re.compile(pattern.encode(), re.IGNORECASE)


@dataclass(slots=True)
class _Head:
    """The request headers that the middleware needs."""

    request_id: str = ""
    body_bytes: int = 0
    """The declared size; 0 where none is declared."""
    is_chunked: bool = False
    content_type: bytes = b""
    hosts: int = 0
    foreign_host: bytes | None = None
    size: int = 0
    """The bytes of all names and values."""


def _inspect(headers: Headers, is_our_host: Callable[[bytes], object]) -> _Head:
    head = _Head()
    for name, value in headers:
        head.size += len(name) + len(value)
        if name == b"host":
            head.hosts += 1
            if not is_our_host(value):
                head.foreign_host = value
        elif name == b"content-length":
            head.body_bytes = int(value) if value.isdigit() else 0
        elif name == b"transfer-encoding":
            head.is_chunked = True
        elif name == b"content-type":
            head.content_type = head.content_type or value  # the first, as for parsers
        elif name == b"x-request-id" and SAFE_REQUEST_ID.fullmatch(value):
            head.request_id = value.decode()
    head.request_id = head.request_id or os.urandom(16).hex()
    return head


def _with_headers(headers: Headers, request_id: str, scheme: str) -> Headers:
    """Add the headers of every response; without its own Cache-Control it gets `no-store`."""
    more = [*headers, *HEADERS, (b"x-request-id", request_id.encode())]
    if b"cache-control" not in [name for name, _ in headers]:
        more.append(NO_STORE)
    if scheme == "https":
        more.append(HTTPS_ONLY)
    return more


def _log_access(scope: Scope, path: str, status: int, seconds: float) -> None:
    """Log one line without the query string, which may contain secrets."""
    if not access_log.isEnabledFor(logging.INFO):
        return
    path = path[:LONGEST_LOGGED_PATH]
    fields = {
        "method": scope["method"],
        "path": path,
        "status": status,
        "duration_ms": round(seconds * 1000, 2),
        "client": (scope["client"] or [None])[0],
    }
    text = f"{scope['method']} {path} {status}"
    # Faster than access_log.info, which looks for the line of code that calls it.
    record = access_log.makeRecord(
        access_log.name, logging.INFO, __file__, 0, text, (), None, extra=fields
    )
    access_log.handle(record)
