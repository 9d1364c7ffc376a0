"""The end of the processes, and of connections that send nothing."""

import os
import shutil
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from pathlib import Path
from select import select
from subprocess import DEVNULL, Popen
from sys import executable

import httpx
import pytest
from websockets.sync.client import connect as websocket

from tests.service.running import raw_http
from tests.service.running.conftest import SQLITE, Start, sibling_service
from tests.service.running.stopping import (
    HEAD,
    SIGN_UP,
    begin,
    half_a_body,
    send_signal,
    status_of,
    stop_under_load,
)
from tests.support import people, processes
from tests.support.harness import Service, accepts, free_port, wait_until

WORKERS = pytest.mark.parametrize("workers", [1, 2])
FOREVER = "600"
"""A deadline that no test reaches."""
ENOUGH_PROBES = 20
"""Requests of which each worker gets some."""

NOWHERE = b"POST /nowhere " + HEAD
HANDSHAKE = (
    b"GET /echo HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Content-Length: 50\r\n\r\n"  # a body, for which uvicorn's protocol waits for ever
)


@pytest.fixture(scope="module")
def service(start: Start) -> Service:
    """Offer a service whose siblings are stopped."""
    return start(SQLITE)


@contextmanager
def started(service: Service, workers: int, **environment: str) -> Iterator[Service]:
    """Offer a sibling that runs with other settings."""
    with sibling_service(service, own_database=False, **environment) as sibling:
        sibling.start(workers=workers)
        wait_until(  # a signal would end a worker that still imports
            lambda: (
                sibling.log.read_text(encoding="utf-8").count("Application startup complete")
                >= workers
            ),
            "all workers",
            sibling.log,
        )
        yield sibling


def readiness(service: Service) -> int:
    """Return the status of a probe with a connection of its own."""
    with service.client() as client:
        return client.get("/health/ready").status_code


def wait_until_draining(service: Service) -> None:
    """Wait until no worker is ready."""
    wait_until(
        lambda: {readiness(service) for _ in range(ENOUGH_PROBES)} == {503},
        "readiness to end",
        service.log,
    )


@pytest.mark.check("P05", "P07")
@WORKERS
def test_after_sigterm_the_service_is_not_ready_and_still_serves(
    service: Service, workers: int
) -> None:
    """After SIGTERM readiness is 503, and requests are served: new ones, and those in progress."""
    body = b"{%s" % (b" " * 20)
    with (
        started(service, workers, DRAIN_SECONDS=FOREVER) as sibling,
        begin(sibling, SIGN_UP, len(body)) as unfinished,
    ):
        before = readiness(sibling)
        send_signal(sibling)
        wait_until_draining(sibling)
        with sibling.client() as client:
            new = [client.get("/api/users/me") for _ in range(ENOUGH_PROBES)]
            people.sign_up(client)
        unfinished.sendall(body[1:])
        finished = raw_http.read(unfinished)
        status = status_of(sibling)

    assert before == 200
    assert {response.status_code for response in new} == {401}
    assert {response.headers["connection"] for response in new} == {"close"}
    assert finished.status == 422
    assert status == 0


@pytest.mark.check("P08")
@WORKERS
def test_a_second_signal_ends_the_service_at_once(service: Service, workers: int) -> None:
    """A second signal ends the service, whatever is still in progress."""
    with (
        started(service, workers, DRAIN_SECONDS=FOREVER) as sibling,
        begin(sibling, SIGN_UP, 1000) as unfinished,
    ):
        send_signal(sibling)
        wait_until_draining(sibling)
        children = processes.workers(sibling)
        send_signal(sibling)
        status = status_of(sibling)
        response = raw_http.read(unfinished)

    assert status in {-signal.SIGTERM, 128 + signal.SIGTERM}
    assert response.status == 0
    assert not any(Path(f"/proc/{child}").exists() for child in children)


@pytest.mark.check("P05")
def test_signals_of_a_whole_group_are_one(service: Service) -> None:
    """A signal that all processes get, and workers once more from their supervisor, drains."""
    with (
        started(service, 2, DRAIN_SECONDS=FOREVER) as sibling,
        begin(sibling, SIGN_UP, 2) as unfinished,
    ):
        assert sibling.process
        os.killpg(sibling.process.pid, signal.SIGTERM)
        wait_until_draining(sibling)
        unfinished.sendall(b"}")
        finished = raw_http.read(unfinished)
        status = status_of(sibling)

    assert finished.status == 422
    assert status == 0


def idle(service: Service) -> socket.socket:
    """Return a connection that is kept alive."""
    connection = raw_http.connect(service)
    connection.sendall(b"GET /health/live " + HEAD + b"\r\n")
    assert raw_http.read(connection).status == 200
    return connection


def half_a_head(service: Service) -> socket.socket:
    """Return a connection with half the head of a request."""
    connection = raw_http.connect(service)
    connection.sendall(SIGN_UP)
    return connection


def slow_reader(service: Service) -> socket.socket:
    """Return a connection that reads nothing of large responses."""
    connection = raw_http.connect(service)
    connection.sendall((b"GET /docs/assets/swagger-ui-bundle.js " + HEAD + b"\r\n") * 20)
    return connection


def half_a_handshake(service: Service) -> socket.socket:
    """Return a connection with half the handshake of a WebSocket."""
    connection = raw_http.connect(service)
    connection.sendall(HANDSHAKE)
    return connection


HANGING = [idle, half_a_head, half_a_body, slow_reader, half_a_handshake]


@pytest.mark.check("L11", "P05")
@WORKERS
@pytest.mark.parametrize("hang", HANGING, ids=lambda hang: hang.__name__)
def test_no_connection_keeps_the_service_from_ending(
    service: Service, workers: int, hang: Callable[[Service], socket.socket]
) -> None:
    """After DRAIN_SECONDS the service ends, with status 0, whatever its clients do not do."""
    with started(service, workers, DRAIN_SECONDS="2") as sibling, ExitStack() as stack:
        for _ in range(ENOUGH_PROBES):
            stack.enter_context(hang(sibling))
        send_signal(sibling)
        status = status_of(sibling)
        log = sibling.log.read_text(encoding="utf-8")

    assert status == 0
    assert log.count("Finished server process") == workers  # and not ended by the timer


@pytest.mark.check("P05")
def test_nothing_keeps_the_development_server_from_ending(service: Service) -> None:
    """`just dev` does not drain: it ends at once."""
    with sibling_service(service, own_database=False, DRAIN_SECONDS=FOREVER) as sibling:
        with sibling.log.open("w", encoding="utf-8") as log:
            sibling.process = Popen(
                [executable, "-m", "app.cli", "serve", "--reload"],
                cwd=sibling.project.path,
                env=sibling.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
                text=True,
            )
        wait_until(lambda: responds(sibling), "a response", sibling.log)
        with half_a_body(sibling):
            os.killpg(sibling.process.pid, signal.SIGINT)
            status = status_of(sibling)

    assert status == 0


def responds(service: Service) -> bool:
    """Return whether the service responds."""
    try:
        return readiness(service) == 200
    except httpx.TransportError:
        return False


@pytest.mark.check("L06")
def test_stopping_under_load_resets_no_connection(service: Service) -> None:
    """While two workers stop, each request is answered, or its connection refused."""
    with started(service, 2, DRAIN_SECONDS="4") as sibling:
        statuses = stop_under_load(sibling)
        status = status_of(sibling)

    assert set(statuses) == {HTTPStatus.UNAUTHORIZED}
    assert status == 0


@pytest.mark.check("P10")
def test_workers_end_with_their_supervisor(service: Service) -> None:
    """Workers whose supervisor was killed do not stay behind with the port."""
    with started(service, 2, DRAIN_SECONDS="0") as sibling:
        assert sibling.process
        children = processes.workers(sibling)
        sibling.process.kill()
        wait_until(
            lambda: not any(Path(f"/proc/{child}").exists() for child in children),
            "the workers to end",
            sibling.log,
        )

    assert len(children) == 2


@pytest.mark.check("P10")
def test_workers_that_import_slowly_are_left_alone(service: Service, tmp_path: Path) -> None:
    """A worker may take its time to import: many services start at once after a power failure."""
    begun = tmp_path / "begun"
    go = tmp_path / "go"
    os.mkfifo(go)
    code = f"""
import os
if os.environ.setdefault("SUPERVISOR", str(os.getpid())) != str(os.getpid()):
    with open({str(begun)!r}, "a") as begun:
        begun.write(f"{{os.getpid()}}\\n")
    open({str(go)!r}).close()
"""
    with changed(service, tmp_path, "app/__init__.py", code, WEB_CONCURRENCY="2") as (process, _):
        wait_until(lambda: lines(begun) == 2, "the workers to begin")
        with pytest.raises(TimeoutError):  # uvicorn's own supervisor waits five seconds
            wait_until(lambda: lines(begun) > 2, "other workers", seconds=8)
        process.send_signal(signal.SIGTERM)
        status = process.wait(timeout=30)

    assert lines(begun) == 2
    assert status == 0


@pytest.mark.check("P08")
@WORKERS
def test_a_blocked_event_loop_does_not_keep_the_service(
    service: Service, tmp_path: Path, workers: int
) -> None:
    """After SIGTERM the service ends in time, also while a handler blocks an event loop."""
    begun = tmp_path / "begun"
    code = f"""
import pathlib, time
@app.get("/block")
async def block() -> None:
    pathlib.Path({str(begun)!r}).touch()
    time.sleep(600)  # longer than the test waits
"""
    settings = {"WEB_CONCURRENCY": str(workers), "DRAIN_SECONDS": "1"}
    with changed(service, tmp_path, "app/main.py", code, **settings) as (process, port):
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: accepts(url), "the service")
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(b"GET /block " + HEAD + b"\r\n")
            wait_until(begun.exists, "the handler")
            process.send_signal(signal.SIGTERM)
            status = process.wait(timeout=30)

    assert status == 0


@pytest.mark.check("P02", "P05")
def test_handshakes_without_end_are_closed(service: Service, tmp_path: Path) -> None:
    """WebSockets work once there is a route; half a handshake is closed, and disturbs no end."""
    code = """
from fastapi import WebSocket
@app.websocket("/echo")
async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text(await websocket.receive_text())
"""
    settings = {"DRAIN_SECONDS": "4", "BODY_TIMEOUT_SECONDS": "3"}
    with changed(service, tmp_path, "app/main.py", code, **settings) as (process, port):
        wait_until(lambda: accepts(f"http://127.0.0.1:{port}"), "the service")
        with websocket(f"ws://127.0.0.1:{port}/echo") as opened:
            opened.send("hello")
            echoed = opened.recv()
        with ExitStack() as stack:

            def connect() -> socket.socket:
                return stack.enter_context(socket.create_connection(("127.0.0.1", port), 30))

            half = connect()
            half.sendall(HANDSHAKE)
            closed = half.recv(1)
            connect().sendall(HANDSHAKE)
            unfinished = connect()
            unfinished.sendall(SIGN_UP + b"Content-Length: 2\r\n\r\n{")
            process.send_signal(signal.SIGTERM)
            unfinished.sendall(b"}")
            finished = raw_http.read(unfinished)
            status = process.wait(timeout=30)

    assert echoed == "hello"
    assert closed == b""
    assert finished.status == 422
    assert status == 0


@contextmanager
def changed(
    service: Service, tmp_path: Path, module: str, code: str, **environment: str
) -> Iterator[tuple[Popen[bytes], int]]:
    """Serve a copy of the service with code at the end of a module; offer process and port."""
    folder = tmp_path / "changed"
    shutil.copytree(service.project.path, folder, ignore=shutil.ignore_patterns("*.sqlite3*"))
    with (folder / module).open("a", encoding="utf-8") as file:
        file.write(code)
    port = free_port()
    variables = service.environment | {"PORT": str(port)} | environment
    command = [executable, "-m", "app.cli", "serve"]
    with Popen(command, cwd=folder, env=variables, stdout=DEVNULL, stderr=DEVNULL) as process:
        try:
            yield process, port
        finally:
            if process.poll() is None:
                processes.kill({*processes.children(process.pid), process.pid})


def lines(path: Path) -> int:
    """Count the lines of a file, of which there are none before it exists."""
    return len(path.read_text(encoding="utf-8").splitlines()) if path.exists() else 0


@pytest.mark.check("P02")
def test_bodies_that_do_not_arrive_are_refused(service: Service) -> None:
    """Half-sent bodies get 408 after BODY_TIMEOUT_SECONDS, and their connections are closed."""
    with started(service, 2, BODY_TIMEOUT_SECONDS="1") as sibling, ExitStack() as stack:
        opened = [stack.enter_context(half_a_body(sibling)) for _ in range(240)]
        responses = [raw_http.read(connection) for connection in opened]
        remaining = [connection.recv(1) for connection in opened]

    assert {response.status for response in responses} == {408}
    assert {response.headers["connection"] for response in responses} == {"close"}
    assert {response.headers["content-type"] for response in responses} == {
        "application/problem+json"
    }
    assert set(remaining) == {b""}


@pytest.mark.check("P02")
def test_a_trickling_body_is_refused(service: Service) -> None:
    """The deadline is for the whole body: a byte now and then does not extend it."""
    with (
        started(service, 1, BODY_TIMEOUT_SECONDS="2") as sibling,
        half_a_body(sibling) as connection,
    ):
        sent = 0
        while not select([connection], [], [], 0.2)[0]:
            connection.sendall(b" ")
            sent += 1
        response = raw_http.read(connection)

    assert response.status == 408
    assert sent > 1


@pytest.mark.check("P02")
@pytest.mark.parametrize("is_answered", [True, False], ids=["answered", "silent"])
def test_connections_without_a_request_are_closed(service: Service, *, is_answered: bool) -> None:
    """A connection is closed that is silent, or whose request goes on after its response."""
    with started(service, 1, BODY_TIMEOUT_SECONDS="1") as sibling, ExitStack() as stack:
        opened = []
        for _ in range(20):
            if is_answered:
                connection = begin(sibling, NOWHERE, 1000)
                assert raw_http.read(connection).status == 404
                connection.sendall(b" ")
            else:
                connection = half_a_head(sibling)
            opened.append(stack.enter_context(connection))
        remaining = [connection.recv(1) for connection in opened]

    assert set(remaining) == {b""}


@pytest.mark.check("P13")
@WORKERS
def test_all_addresses_are_those_of_both_families(service: Service, workers: int) -> None:
    """HOST=:: listens on IPv6 and IPv4, and the log has the client's IPv4 address as it is."""
    with started(service, workers, HOST="::") as sibling:
        statuses = [
            httpx.get(f"http://{host}:{sibling.port}/health/live", trust_env=False).status_code
            for host in ("[::1]", "127.0.0.1")
        ]
        log = sibling.log.read_text(encoding="utf-8")

    assert statuses == [200, 200]
    assert '"client": "::1"' in log
    assert '"client": "127.0.0.1"' in log
    assert "::ffff" not in log


def test_plain_uvicorn_serves_too(service: Service) -> None:
    """`uvicorn app.main:app` serves, and ends after SIGTERM, without a drain."""
    with sibling_service(service, own_database=False) as sibling:
        command = ("-m", "uvicorn", "app.main:app", "--port", str(sibling.port))
        sibling.start(command=command)
        before = readiness(sibling)
        send_signal(sibling)
        status = status_of(sibling)

    assert before == 200
    assert status == -signal.SIGTERM
