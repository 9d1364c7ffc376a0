"""Requests that no well-behaved HTTP client would send."""

import socket
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse

from tests.support.harness import Service

PATIENCE_SECONDS = 30


@dataclass(frozen=True)
class Answer:
    """What came back; status 0 if the connection was closed without an answer."""

    status: int
    headers: dict[str, str]
    text: str


def connect(service: Service) -> socket.socket:
    """Open a connection to the service."""
    return socket.create_connection(("127.0.0.1", service.port), timeout=PATIENCE_SECONDS)


def send(service: Service, request: bytes) -> Answer:
    """Send these bytes and return the answer."""
    with connect(service) as connection:
        connection.sendall(request)
        return read(connection)


def read(connection: socket.socket) -> Answer:
    """Read one answer."""
    response = HTTPResponse(connection)
    try:
        response.begin()
        body = response.read()
    except (ConnectionError, HTTPException):
        return Answer(0, {}, "")
    finally:
        response.close()
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, headers, body.decode(errors="replace"))
