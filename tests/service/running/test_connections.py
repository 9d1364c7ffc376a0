"""Connections that ask for another protocol, send trailers, or more than is answered."""

import json
from contextlib import suppress
from urllib.parse import urlencode

import pytest

from tests.service.running import raw_http
from tests.service.running.conftest import on_sqlite
from tests.support.harness import Service, wait_until
from tests.support.people import PASSWORD, Person

FORM = "Content-Type: application/x-www-form-urlencoded\r\n"
HIDDEN = b"GET /health/ready HTTP/1.1\r\nHost: a\r\n\r\n"
PROBE = b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n"


def upgrading(path: str, protocol: str, length: str, more: str = FORM) -> bytes:
    """Return the head of a request that asks for another protocol."""
    upgrade = f"Connection: Upgrade\r\nUpgrade: {protocol}\r\n"
    return f"POST {path} HTTP/1.1\r\nHost: a\r\n{more}{upgrade}{length}\r\n\r\n".encode()


@pytest.mark.check("C07")
@pytest.mark.parametrize("protocol", ["h2c", "websocket", "anything"])
@pytest.mark.parametrize("is_apart", [False, True], ids=["at once", "apart"])
@on_sqlite
def test_a_request_that_asks_for_another_protocol_keeps_its_body(
    running: Service, ada: Person, protocol: str, *, is_apart: bool
) -> None:
    """The body of a request is never read as another request; the upgrade is ignored."""
    form = urlencode({"username": ada.name, "password": PASSWORD}).encode()
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(form), form)
    answers = []
    with raw_http.connect(running) as connection:
        for head, body in (
            (upgrading("/api/auth/login", protocol, f"Content-Length: {len(form)}"), form),
            (upgrading("/api/auth/login", protocol, "Transfer-Encoding: chunked"), chunked),
            (upgrading("/api/notes", protocol, f"Content-Length: {len(HIDDEN)}", ""), HIDDEN),
            (PROBE, b""),
        ):
            for part in [head, body] if is_apart else [head + body]:
                connection.sendall(part)
            answers.append(raw_http.read(connection))

    assert [answer.status for answer in answers] == [200, 200, 401, 200]
    assert json.loads(answers[3].text) == {"status": "ok"}


@pytest.mark.check("C07")
@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        *(("CONNECT a:80 HTTP/1.1", 400), ("CONNECT / HTTP/1.1", 400)),
        *(("GET /health/live HTTP/1.0", 200), ("PRI * HTTP/2.0", 400)),
    ],
)
@on_sqlite
def test_other_protocols_and_versions_get_one_answer(
    running: Service, request_line: str, status: int
) -> None:
    """A request for a tunnel, or of another version that asks for an upgrade, is answered once."""
    head = f"{request_line}\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n".encode()
    with raw_http.connect(running) as connection:
        connection.sendall(head + HIDDEN)
        answer = raw_http.read(connection)
        rest = connection.recv(65_536) if status == 400 else b""

    assert answer.status == status
    assert rest == b""
    assert raw_http.send(running, PROBE).status == 200


@pytest.mark.check("C07")
@pytest.mark.parametrize("is_apart", [False, True], ids=["at once", "apart"])
@on_sqlite
def test_trailers_are_no_headers(running: Service, ada: Person, *, is_apart: bool) -> None:
    """What follows a body in chunks neither signs in nor names a request."""
    head = (
        b"POST /api/notes HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"
    )
    value = ada.headers["Authorization"]
    end = f"0\r\nAuthorization: {value}\r\nX-Request-ID: from-a-trailer\r\n\r\n".encode()
    with raw_http.connect(running) as connection:
        for part in [head, end] if is_apart else [head + end]:
            connection.sendall(part)
        answer = raw_http.read(connection)

    assert answer.status == 401
    assert answer.headers["x-request-id"] != "from-a-trailer"


@pytest.mark.check("P02")
@on_sqlite
def test_a_connection_has_few_requests_in_its_queue(running: Service) -> None:
    """Requests that are sent at once are answered in order; thousands close the connection."""
    with raw_http.connect(running) as connection:
        connection.sendall(PROBE * 50)
        answers = b""
        while answers.count(b"200 OK") < 50:
            answers += connection.recv(65_536) or pytest.fail("closed")
    with raw_http.connect(running) as connection:
        received = b""
        with suppress(ConnectionResetError):  # the rest is not read
            connection.sendall(PROBE * 5000)
            while part := connection.recv(65_536):
                received += part

    assert received.count(b" 200 OK") < 200


@pytest.mark.check("E01")
@pytest.mark.parametrize("path", ["/api/auth/login", "/api/auth/refresh", "/api/auth/session"])
@on_sqlite
def test_a_body_that_is_cut_off_is_no_crash(running: Service, path: str) -> None:
    """A client that goes away within its body is logged in one line, and not as an error."""
    kinds = [FORM] if path.endswith("login") else [FORM, "Content-Type: application/json\r\n"]
    before = running.log.read_text(encoding="utf-8").count("closed the connection")
    for kind in kinds:
        head = f"POST {path} HTTP/1.1\r\nHost: a\r\n{kind}Content-Length: 9\r\n\r\n1".encode()
        with raw_http.connect(running) as connection:
            connection.sendall(head)
    wait_until(
        lambda: (
            running.log.read_text(encoding="utf-8").count("closed the connection")
            >= before + len(kinds)
        ),
        "the lines",
        running.log,
    )

    assert "Unexpected error" not in running.log.read_text(encoding="utf-8")


@pytest.mark.check("C07")
@on_sqlite
def test_a_path_with_a_line_break_is_none_of_ours(running: Service) -> None:
    """A path is not that without the line break at its end, as rules of proxies take it."""
    with running.client() as client:
        paths = ["/health/live%0A", "/docs%0a", "/api/users%0A", "/health%0A/live"]
        statuses = [client.get(path).status_code for path in paths]

    assert statuses == [404] * 4
