"""Middleware of every request: request id, access log, security headers, limits of the body."""

import asyncio
import logging
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.errors import problem, request_id

log = logging.getLogger("app.access")

SAFE_REQUEST_ID = re.compile(rb"[A-Za-z0-9-]{8,64}")
ANY_HOST = r"[a-z0-9._-]+|\[[0-9a-f:.]+\]"
TOO_LARGE = "The body is too large"
TOO_SLOW = "The body took too long to arrive"

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
            with 408. The limit is for the whole body: one for each piece could be stretched.
        allowed_hosts: Accepted host names, such as `*.example.org`; none means any.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        max_body_bytes: int,
        body_timeout_seconds: float,
        allowed_hosts: tuple[str, ...] = (),
    ) -> None:
        self.app = app
        self.max_body_bytes = max_body_bytes
        self.body_timeout_seconds = body_timeout_seconds
        self.is_our_host = _pattern(allowed_hosts).fullmatch

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application, without the slash at the end of the path if there is one."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        path = scope["path"]
        if len(path) > 1 and path[-1] == "/":
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
            fewest_hosts = 0 if scope["http_version"] == "1.0" else 1  # RFC 9112 §3.2
            if head.has_foreign_host or not fewest_hosts <= head.hosts <= 1:
                answer = problem(HTTPStatus.BAD_REQUEST, "Send one Host header, with our name")
                await answer(scope, receive, send_with_headers)
            elif head.is_chunked or head.body_bytes:
                await self.app(scope, self._limited(receive, head.body_bytes), send_with_headers)
            else:
                await self.app(scope, receive, send_with_headers)
        finally:
            _log_access(scope, path, status, time.perf_counter() - started)

    def _limited(self, receive: Receive, declared: int) -> Receive:
        """Refuse a body that is too large, by its declared size or else while it is read, or late.

        The error is raised inside the application, so that its response passes the middleware.
        """
        size = declared if declared > self.max_body_bytes else 0
        deadline = asyncio.get_running_loop().time() + self.body_timeout_seconds
        is_complete = False

        async def receive_within_limits() -> Message:
            nonlocal size, is_complete
            if is_complete:  # what follows is the end of the connection
                return await receive()
            if size <= self.max_body_bytes:
                try:
                    async with asyncio.timeout_at(deadline):
                        message = await receive()
                except TimeoutError:
                    raise _refused(HTTPStatus.REQUEST_TIMEOUT, TOO_SLOW) from None
                size += len(message.get("body", b""))
                is_complete = not message.get("more_body", False)
                if size <= self.max_body_bytes:
                    return message
            raise _refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, TOO_LARGE)

        return receive_within_limits


def _refused(status: HTTPStatus, detail: str) -> HTTPException:
    """Return the error of a body of which the rest is not read."""
    return HTTPException(status, detail, headers={"Connection": "close"})


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
    hosts: int = 0
    has_foreign_host: bool = False


def _inspect(headers: Headers, is_our_host: Callable[[bytes], object]) -> _Head:
    head = _Head()
    for name, value in headers:
        if name == b"host":
            head.hosts += 1
            head.has_foreign_host |= not is_our_host(value)
        elif name == b"content-length":
            head.body_bytes = int(value) if value.isdigit() else 0
        elif name == b"transfer-encoding":
            head.is_chunked = True
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
    if not log.isEnabledFor(logging.INFO):
        return
    fields = {
        "method": scope["method"],
        "path": path,
        "status": status,
        "duration_ms": round(seconds * 1000, 2),
        "client": (scope["client"] or [None])[0],
    }
    text = f"{scope['method']} {path} {status}"
    # Faster than log.info, which looks for the line of code that calls it.
    log.handle(log.makeRecord(log.name, logging.INFO, __file__, 0, text, (), None, extra=fields))
