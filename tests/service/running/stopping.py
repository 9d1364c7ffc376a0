"""Requests to a service that is being stopped."""

import signal
import socket
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from tests.service.running import raw_http
from tests.support.harness import Service

HEAD = b"HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
SIGN_UP = b"POST /api/users " + HEAD
CLIENTS = 8
ENOUGH_REQUESTS = 20


def send_signal(service: Service, number: signal.Signals = signal.SIGTERM) -> None:
    """Send a signal to the first process of the service."""
    assert service.process
    service.process.send_signal(number)


def status_of(service: Service) -> int:
    """Wait for the end of the service, and return its exit status."""
    assert service.process
    return service.process.wait(timeout=30)


def begin(service: Service, head: bytes, length: int) -> socket.socket:
    """Send the head of a request with a body, and its first byte."""
    connection = raw_http.connect(service)
    connection.sendall(head + b"Content-Length: %d\r\n\r\n{" % length)
    return connection


def half_a_body(service: Service) -> socket.socket:
    """Return a connection with half the body of a request."""
    return begin(service, SIGN_UP, 1000)


def stop_under_load(service: Service) -> Counter[int]:
    """Send SIGTERM while clients ask without pause, each request with a connection of its own.

    Returns:
        How often each status was received until connections were refused; 0 is a connection that
        was accepted and closed without a response.
    """

    def ask(number: int) -> Counter[int]:
        statuses: Counter[int] = Counter()
        while True:
            try:
                connection = raw_http.connect(service)
            except (ConnectionRefusedError, ConnectionResetError):  # while the socket is closed
                return statuses
            with connection:
                try:
                    connection.sendall(b"GET /api/users/me " + HEAD + b"Connection: close\r\n\r\n")
                    statuses[raw_http.read(connection).status] += 1
                except ConnectionError:
                    statuses[0] += 1
            if number == 0 and statuses.total() == ENOUGH_REQUESTS:
                send_signal(service)

    with ThreadPoolExecutor(CLIENTS) as pool:
        return sum(pool.map(ask, range(CLIENTS)), Counter[int]())
