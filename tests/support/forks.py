"""Processes of Python that start quickly: forks of one that has imported all packages.

Most of the CPU time of a command goes into importing the same packages. The service itself is
imported by each process anew, in its own folder and environment. POSIX only.
"""

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from threading import Lock
from typing import IO

SERVER = """
import gc, json, os, runpy, signal, socket, sys
import aerich.cli, aiosqlite, asyncmy, asyncpg, email_validator, fastapi_offline, httptools
import jose.jwt, passlib.context, pydantic_settings, python_multipart, pythonjsonlogger.json
import starlette.middleware.cors, starlette.middleware.gzip, tortoise.backends.asyncpg
import tortoise.backends.mysql, tortoise.backends.sqlite, tortoise.contrib.fastapi
import uvicorn.supervisors, uvloop, zxcvbn

gc.freeze()  # so that a collection in a fork does not copy what was imported
control = socket.socket(fileno=int(sys.argv[1]))
signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forks that wait
while True:
    message, files, _, _ = socket.recv_fds(control, 1 << 16, 4)
    if not message:
        os._exit(0)
    while len(message) < 8 + int(message[:8]):
        message += control.recv(1 << 16)
    if os.fork():
        for file in files:
            os.close(file)
        continue
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if child := os.fork():
        os.write(files[3], b"%d\\n" % child)
        for file in files[:3]:
            os.close(file)
        status = os.waitpid(child, 0)[1]
        os.write(files[3], b"%d\\n" % os.waitstatus_to_exitcode(status))
        os._exit(0)
    break

control.close()
os.setsid()
for number, file in enumerate(files):
    if number < 3:
        os.dup2(file, number)
    os.close(file)
request = json.loads(message[8:])
os.environ.clear()
os.environ.update(request["environment"])
os.chdir(request["folder"])
kind, what, *arguments = request["arguments"]
sys.argv = [kind, *arguments]
if kind == "-m":
    sys.path[0] = os.getcwd()
    runpy.run_module(what, run_name="__main__", alter_sys=True)
else:
    exec(compile(what, "<string>", "exec"), {"__name__": "__main__"})
"""
"""Forks twice for each request: the first fork waits for the second, which runs the program."""

ONE_AT_A_TIME = Lock()
"""Held until the server has read a request, since it would read two as one."""
READ_AT_START = ("PYTHON", "LANG", "LC_")
"""Variables that the interpreter reads when it starts, so that a fork cannot have others."""


class ForkedProcess:
    """A process, with the methods of `subprocess.Popen` that the tests call."""

    def __init__(self, report: IO[bytes]) -> None:
        self.report = report
        self.pid = int(report.readline())
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return the exit status, or None while the process runs."""
        return self._status(0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end of the process, and return its exit status.

        Raises:
            subprocess.TimeoutExpired: It still runs after that many seconds.
        """
        status = self._status(timeout)
        if status is None:
            raise subprocess.TimeoutExpired(f"fork {self.pid}", timeout or 0)
        return status

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the process has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def _status(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self.report], [], [], timeout)[0]:
            self.returncode = int(self.report.readline())
            self.report.close()
        return self.returncode


def can_run(interpreter: Path, arguments: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Return whether a fork is the same as a new process of the interpreter."""
    return (
        hasattr(os, "fork")
        and interpreter == Path(sys.executable)
        and (arguments[0] == "-c" or tuple(arguments[:2]) == ("-m", "app.cli"))
        and _read_at_start(environment) == _read_at_start(_base())
    )


def start(
    arguments: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    files: tuple[IO[str], IO[str], IO[str]],
) -> ForkedProcess:
    """Start `python` with arguments; the files are its input, output and errors."""
    request = {"arguments": arguments, "folder": str(cwd), "environment": dict(environment)}
    body = json.dumps(request).encode()
    ours, theirs = os.pipe()
    descriptors = [*(file.fileno() for file in files), theirs]
    with ONE_AT_A_TIME:
        try:
            control = _server()[1]
            socket.send_fds(control, [b"%8d" % len(body)], descriptors)
            control.sendall(body)
        finally:
            os.close(theirs)
        return ForkedProcess(os.fdopen(ours, "rb"))


def run(
    arguments: Sequence[str], *, cwd: Path, environment: Mapping[str, str], stdin: str | None
) -> tuple[int, str, str]:
    """Run `python` with arguments to its end; return its exit status, its output and its errors."""
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as given,
        tempfile.TemporaryFile("w+", encoding="utf-8") as output,
        tempfile.TemporaryFile("w+", encoding="utf-8") as errors,
    ):
        given.write(stdin or "")
        given.seek(0)
        files = (given, output, errors)
        process = start(arguments, cwd=cwd, environment=environment, files=files)
        try:
            status = process.wait(timeout=600)
        finally:
            process.kill()
        for file in (output, errors):
            file.seek(0)
        return status, output.read(), errors.read()


def close() -> None:
    """End the process that forks."""
    if _server.cache_info().currsize:
        process, control = _server()
        control.close()
        process.wait()
        _server.cache_clear()


@cache
def _server() -> tuple[subprocess.Popen[bytes], socket.socket]:
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(theirs.fileno())],
            env=_base(),
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
    atexit.register(close)
    return process, ours


def _base() -> dict[str, str]:
    """Return the environment of the process that forks, which is that of services at its start."""
    from tests.support import harness  # noqa: PLC0415 - it imports this module

    return harness.clean_environment() | harness.OF_PYTHON


def _read_at_start(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(READ_AT_START)}
