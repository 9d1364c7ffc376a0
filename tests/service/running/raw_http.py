"""Requests that no well-behaved HTTP client would send."""

import socket
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse

from tests.support.harness import Service

PATIENCE_SECONDS = 30


@dataclass(frozen=True)
class Response:
    """A response; status 0 if the connection was closed without one."""

    status: int
    headers: dict[str, str]
    text: str


def connect(service: Service) -> socket.socket:
    """Open a connection to the service."""
    return socket.create_connection(("127.0.0.1", service.port), timeout=PATIENCE_SECONDS)


def send(service: Service, request: bytes) -> Response:
    """Send these bytes and return the response."""
    with connect(service) as connection:
        connection.sendall(request)
        return read(connection)


def read(connection: socket.socket) -> Response:
    """Read one response."""
    parsed = HTTPResponse(connection)
    try:
        parsed.begin()
        body = parsed.read()
    except (ConnectionError, HTTPException):
        return Response(0, {}, "")
    finally:
        parsed.close()
    headers = {name.lower(): value for name, value in parsed.getheaders()}
    return Response(parsed.status, headers, body.decode(errors="replace"))
