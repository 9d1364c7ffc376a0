"""The processes that serve requests: one, or several workers with a supervisor."""

import importlib
import logging
import multiprocessing
import os
import signal
import socket
import time
from contextlib import suppress
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from typing import Any, NoReturn

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.server import HANDLED_SIGNALS
from uvicorn.supervisors import ChangeReload

from app.server import APP, EXIT_SECONDS, HttpProtocol, Server, WebSocketProtocol
from app.web.settings import WebSettings

log = logging.getLogger(__name__)

SPAWN = multiprocessing.get_context("spawn")
POLL_SECONDS = 0.2
REPEAT_SECONDS = 0.1
"""Signals within this time are one, which `uv run` has passed on once more."""
KILL_SECONDS = EXIT_SECONDS + 0.5
"""The time after DRAIN_SECONDS when workers that still run are killed."""


def serve(settings: WebSettings, *, reload: bool) -> None:
    """Serve requests until a signal comes, and end the process."""
    sockets = bind(settings.host, settings.port)
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    log.info("Serving at http://%s:%s", host, settings.port)
    if reload:
        config = _config(settings, reload=True, reload_dirs=["app"])
        ChangeReload(config, Server(config, settings).run, sockets).run()
        return
    importlib.import_module(APP.partition(":")[0])  # if that fails, each worker would fail
    if settings.web_concurrency == 1:
        _exit(_run(settings, sockets))
    _exit(_supervise(settings, sockets))


def bind(host: str, port: int) -> list[socket.socket]:
    """Return sockets bound to the address; `::` means all addresses of both families.

    IPv4 has a socket of its own there: on one for both, its clients would have IPv6 addresses.
    """
    hosts = ["0.0.0.0", "::"] if host == "::" else [host]  # noqa: S104 - it was asked for
    sockets = []
    for each in hosts:
        family = socket.AF_INET6 if ":" in each else socket.AF_INET
        bound = socket.socket(family)
        sockets.append(bound)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind((each, port))
    return sockets


def _config(settings: WebSettings, **options: Any) -> uvicorn.Config:  # noqa: ANN401 - uvicorn's
    return uvicorn.Config(
        APP,
        http=HttpProtocol,
        ws=WebSocketProtocol,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        **options,
    )


def _run(settings: WebSettings, sockets: list[socket.socket]) -> int:
    server = Server(_config(settings), settings)
    server.run(sockets)
    return 0 if server.started else STARTUP_FAILURE


def _work(settings: WebSettings, sockets: list[socket.socket]) -> None:
    with suppress(KeyboardInterrupt):  # before the server handles it
        _exit(_run(settings, sockets))


def _exit(status: int) -> NoReturn:
    """End the process without the interpreter's cleanup.

    It would wait for every password that waits for its hash, and takes half a second of CPU time.
    """
    logging.shutdown()
    os._exit(status)


def _supervise(settings: WebSettings, sockets: list[socket.socket]) -> int:
    """Start workers, replace those that die, and end them after a signal."""
    signals: list[int] = []
    for each in HANDLED_SIGNALS:
        signal.signal(each, lambda sig, _frame: signals.append(sig))

    def start() -> SpawnProcess:
        worker = SPAWN.Process(target=_work, args=(settings, sockets))
        worker.start()
        return worker

    workers = [start() for _ in range(settings.web_concurrency)]
    has_failed = False
    while not signals and not has_failed:
        time.sleep(POLL_SECONDS)  # also between replacements of a worker that dies while it starts
        has_failed = any(worker.exitcode == STARTUP_FAILURE for worker in workers)
        for number, worker in enumerate(workers):
            if worker.exitcode is not None and not signals and not has_failed:
                log.warning("Worker %s ended with status %s", worker.pid, worker.exitcode)
                workers[number] = start()
    for listener in sockets:
        listener.close()  # the workers' copies are enough: here nobody would accept a connection
    _end(workers, signals, settings.drain_seconds + KILL_SECONDS)
    if has_failed:
        return STARTUP_FAILURE
    return 128 + signals[1] if len(signals) > 1 else 0


def _end(workers: list[SpawnProcess], signals: list[int], seconds: float) -> None:
    """Let the workers drain, and kill those that remain in the end, or after a second signal."""
    time.sleep(REPEAT_SECONDS)  # until the same signal may have come once more
    del signals[1:]
    deadline = time.monotonic() + seconds
    running = [worker for worker in workers if worker.exitcode is None]
    if os.name == "posix":  # Windows passes Ctrl-C to all processes of a console
        for pid in [worker.pid for worker in running if worker.pid]:
            os.kill(pid, signals[0] if signals else signal.SIGTERM)
    while running and len(signals) <= 1 and time.monotonic() < deadline:
        wait([worker.sentinel for worker in running], POLL_SECONDS)
        running = [worker for worker in running if worker.exitcode is None]
    for worker in running:
        worker.kill()
    for worker in workers:
        worker.join()
