"""uvicorn's server, with deadlines for its own end and for idle connections."""

import asyncio
import importlib
import logging
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from functools import cache
from types import FrameType
from typing import Any

import uvicorn
from fastapi.routing import iter_route_contexts
from starlette.routing import WebSocketRoute
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import HANDLED_SIGNALS

from app.web.limits import LARGEST_HEAD_BYTES
from app.web.settings import WebSettings

log = logging.getLogger(__name__)

APP = "app.main:app"
QUIET_SECONDS = 2
"""A draining process ends after so long without a request in flight."""
CLOSING_SECONDS = 3
CUTTING_SECONDS = 1
"""How long before the end of DRAIN_SECONDS the service stops accepting connections, and cuts the
requests in flight. The rest of the time is for the application's own shutdown."""
LINGER_SECONDS = 0.5
"""The time that connections have for their request when the server stops listening."""
CANCEL_SECONDS = 0.5
"""The time from the cut until requests that did not notice it are cancelled."""
EXIT_SECONDS = 1
"""The time after DRAIN_SECONDS when the process exits, whatever still runs."""
BLOCKED_SECONDS = 1
"""The time after a signal when another one ends a process whose event loop has not noticed it."""
MOST_WAITING = 100
"""Requests of one connection that wait for the responses to earlier ones."""
TICKS_PER_SECOND = 10
"""uvicorn's calls of `on_tick`."""


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's protocol, which fails at the end of the server if a handshake is not complete."""

    def shutdown(self) -> None:
        """Close the connection."""
        if self.handshake_initiated:
            super().shutdown()
        else:
            self.transport.abort()


class HttpProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which would collect a head, trailers or requests of any number.

    It upgrades connections only if the application has routes of WebSockets.
    """

    silent_bytes = 0
    """Bytes since the parser has last begun or ended a head, or got a part of a body."""
    is_in_head = False
    is_parsed_again = False
    """Whether the request asks for an upgrade that it does not get."""
    received = b""

    def _should_upgrade_to_ws(self) -> bool:
        return _has_websockets()

    def _unsupported_upgrade_warning(self) -> None:
        """Parse the request again without the upgrade: the parser has stopped before its body.

        uvicorn calls this while it handles the exception that has the position of the body.
        """
        (position,) = sys.exc_info()[1].args  # type: ignore[union-attr]  # one is being handled
        kept = ((name, value) for name, value in self.headers if name != b"upgrade")
        version = self.parser.get_http_version().encode()
        head = [
            b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, version),
            *(b"%s: %s" % header for header in kept),
        ]
        self.parser = type(self.parser)(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn has it
        self.data_received(b"\r\n".join([*head, b"", b""]) + self.received[position:])

    def data_received(self, data: bytes) -> None:
        """Parse the next bytes, and close the connection if there are too many without a result."""
        self.received = data
        self.silent_bytes += len(data)
        super().data_received(data)
        if self.silent_bytes > 2 * LARGEST_HEAD_BYTES:  # the application measures without spaces
            self.transport.close()

    def on_message_begin(self) -> None:
        """Begin a head; refuse more requests than may wait for the responses before theirs."""
        self.silent_bytes = 0
        self.is_in_head = True
        if len(self.pipeline) >= MOST_WAITING:
            raise ValueError("too many requests without their responses")
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Add a header, but no trailer: those come after what reads headers."""
        if self.is_in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """End a head, and begin the request unless it is to be parsed again."""
        self.silent_bytes = 0
        self.is_in_head = False
        if self.parser.get_method() == b"CONNECT":
            raise ValueError("CONNECT is for proxies: what follows is no HTTP")
        self.is_parsed_again = self.parser.should_upgrade() and not self._should_upgrade()
        if not self.is_parsed_again:
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        """End a request."""
        if not self.is_parsed_again:
            super().on_message_complete()

    def on_body(self, body: bytes) -> None:
        """Pass on a part of a body."""
        self.silent_bytes = 0
        super().on_body(body)


class Server(uvicorn.Server):
    """uvicorn's server, which drains before it stops, and closes idle connections.

    After SIGTERM readiness is 503, so that balancers send no more requests; those that still come
    are served. The process ends when no request has been in flight for two seconds, at the latest
    after DRAIN_SECONDS, and cuts what is left. After Ctrl-C it accepts no more requests, and ends
    when those in flight have. A second signal ends it at once; a worker leaves that to its
    supervisor, as service managers send their one signal to both. It comes twice under `uv run`,
    which passes it on: signals before the drain begins, two ticks later, are one.

    Connections without a request in flight are closed after BODY_TIMEOUT_SECONDS.
    """

    def __init__(self, config: uvicorn.Config, settings: WebSettings) -> None:
        super().__init__(config)
        self.drain_seconds = 0 if config.should_reload else settings.drain_seconds
        self.idle_seconds = settings.body_timeout_seconds
        self.signal: int | None = None
        self._signalled_at = 0.0
        self._is_stopping = False
        self._ends_at: float | None = None
        self._quiet_since = 0.0
        self._requests_seen = 0
        self._idle_since: dict[tuple[Any, Any], float] = {}

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - of signal
        """Begin to drain at the second tick; a blocked event loop does not keep the process."""
        now = time.monotonic()
        if self.signal is None:
            self.signal, self._signalled_at = sig, now
            end = threading.Timer(self.drain_seconds + EXIT_SECONDS, os._exit, [0])
            end.daemon = True
            end.start()
        elif now - self._signalled_at > BLOCKED_SECONDS and not multiprocessing.parent_process():
            os._exit(128 + sig)

    async def on_tick(self, counter: int) -> bool:
        """Keep the deadlines; return whether to shut down."""
        now = time.monotonic()
        if counter % TICKS_PER_SECOND == 0:
            self._close_idle(now)
            parent = multiprocessing.parent_process()
            if parent and not parent.is_alive():
                self.handle_exit(signal.SIGTERM, None)
        if self._is_stopping and self._ends_at is None:
            self._begin_to_drain(now)
        self._is_stopping = self.signal is not None
        await super().on_tick(counter)
        return self._ends_at is not None and self._has_drained(now, self._ends_at)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, finish the requests in flight, and cut them at the deadline."""
        left = max(0, (self._ends_at or 0) - CUTTING_SECONDS - time.monotonic())
        loop = asyncio.get_running_loop()
        loop.call_later(left, self._cut)
        loop.call_later(left + CANCEL_SECONDS, self._cancel)
        if self.signal == signal.SIGTERM:
            for waiting in self._stop_listening(sockets or []):
                await loop.connect_accepted_socket(self._protocol, waiting)
            await asyncio.sleep(min(LINGER_SECONDS, left))
        await super().shutdown(sockets)

    def _stop_listening(self, listeners: list[socket.socket]) -> list[socket.socket]:
        """Close the sockets, and return the connections that wait there: they would be reset."""
        waiting = []
        for listener in listeners:
            listener.setblocking(False)
            with suppress(OSError):
                while True:
                    waiting.append(listener.accept()[0])
        for server in self.servers:
            server.close()
        for listener in listeners:
            listener.close()
        return waiting

    def _protocol(self) -> asyncio.Protocol:
        """Return a protocol for a connection, as uvicorn makes them."""
        make: Any = self.config.http_protocol_class
        protocol: asyncio.Protocol = make(self.config, self.server_state, self.lifespan.state)
        return protocol

    @property
    def _connections(self) -> list[Any]:
        """The open connections: protocols of uvicorn, of HTTP or WebSockets."""
        return list(self.server_state.connections)

    def _begin_to_drain(self, now: float) -> None:
        log.info("Stopping within %s s", self.drain_seconds)
        if multiprocessing.parent_process() is None:
            for each in HANDLED_SIGNALS:
                signal.signal(each, signal.SIG_DFL)
        self._ends_at = self._signalled_at + self.drain_seconds
        self._quiet_since = now
        state = importlib.import_module(APP.partition(":")[0]).app.state
        state.is_draining, state.ends_at = True, self._ends_at
        close = (b"connection", b"close")
        self.server_state.default_headers = [*self.server_state.default_headers, close]
        self.config.encoded_headers.append(close)  # uvicorn makes the default headers anew of these

    def _has_drained(self, now: float, ends_at: float) -> bool:
        state = self.server_state
        if (
            state.tasks
            or state.total_requests != self._requests_seen
            or any(each.transport.get_write_buffer_size() for each in self._connections)
        ):
            self._quiet_since = now
        self._requests_seen = state.total_requests
        is_quiet = now - self._quiet_since >= QUIET_SECONDS
        return is_quiet or now >= ends_at - CLOSING_SECONDS or self.signal != signal.SIGTERM

    def _cut(self) -> None:
        """Abort all connections; this ends what reads or writes there."""
        if tasks := len(self.server_state.tasks):
            log.warning("Cut %d requests that had not ended", tasks)
        for connection in self._connections:
            connection.transport.abort()

    def _cancel(self) -> None:
        """Cancel requests that do not notice the end of their connections."""
        for task in list(self.server_state.tasks):
            task.cancel()

    def _close_idle(self, now: float) -> None:
        """Abort connections that have had no request in flight for too long.

        uvicorn has no limit for the first request of a connection, and none for the rest of a
        request that was answered before all of it arrived.
        """
        idle: dict[tuple[Any, Any], float] = {}
        for connection in self._connections:
            if _is_idle(connection):
                key = (connection, getattr(connection, "cycle", None))
                idle[key] = self._idle_since.get(key, now)
                if now - idle[key] >= self.idle_seconds:
                    connection.transport.abort()
        self._idle_since = idle


@cache
def _has_websockets() -> bool:
    app = importlib.import_module(APP.partition(":")[0]).app
    routes = (each.original_route for each in iter_route_contexts(app.routes))
    return any(isinstance(each, WebSocketRoute) for each in routes)


def _is_idle(connection: Any) -> bool:  # noqa: ANN401 - a protocol of uvicorn
    """Return whether no request is in flight, no response on its way, and no WebSocket open."""
    if isinstance(connection, WebSocketProtocol):
        return not connection.handshake_initiated
    if connection.transport.get_write_buffer_size():
        return False
    return connection.cycle is None or connection.cycle.response_complete
