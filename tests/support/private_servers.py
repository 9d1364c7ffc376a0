"""Database servers started from the installed binaries, to be stopped, killed and frozen."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar, Literal

from tests.support import databases, sql
from tests.support.harness import free_port, wait_until
from tests.support.processes import children

StopMode = Literal["shutdown", "kill"]
Log = Callable[[str], None]


class NotInstalled(Exception):  # noqa: N818 - a fact, as all our errors
    """A server cannot be started here; the sentence says what is missing."""


class PrivateServer(ABC):
    """A server on a free port of this machine with an empty data directory; it syncs to disk."""

    kind: ClassVar[str]
    owner: ClassVar[str]
    shutdown_signal: ClassVar[signal.Signals]

    def __init__(self, folder: Path, log: Log = print) -> None:
        self.folder = folder
        self.port = free_port()
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """The Tortoise URL of the server, without the name of a database."""

    @property
    @abstractmethod
    def own_database(self) -> str:
        """The name of a database that is always there."""

    @abstractmethod
    def prepare(self) -> None:
        """Initialize the data directory."""

    @abstractmethod
    def command(self) -> list[str]:
        """Return the command that starts the server in the foreground."""

    def start(self) -> None:
        """Start it and wait until it accepts connections."""
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                stdout=log,
                stderr=log,
                cwd=self.folder,
                user=self.user,
                group=self.user,
            )
        self.log(f"{self.kind} started with pid {self.process.pid}")
        wait_until(self.accepts, f"{self.kind} to start", self.folder / "server.log")

    def accepts(self) -> bool:
        """Return whether it answers a statement."""
        if self.process is not None and self.process.poll() is not None:
            raise RuntimeError(f"{self.kind} ended with {self.process.returncode}")
        try:
            self.version()
        except Exception:  # noqa: BLE001 - whatever the driver raises, it is not ready yet
            return False
        return True

    def version(self) -> str:
        """Return the version that the server reports."""
        return sql.server_version(f"{self.url}/{self.own_database}")

    def stop(self, how: StopMode = "shutdown") -> None:
        """Stop it: by the signal that closes all connections at once, or by SIGKILL."""
        if self.process is None:
            return
        pid = self.process.pid
        sent = self.shutdown_signal if how == "shutdown" else signal.SIGKILL
        offspring = children(pid)
        self.log(f"{self.kind} gets {sent.name} at pid {pid}")
        os.kill(pid, sent)
        if how == "kill":
            _send_all(offspring, sent)
        self.process.wait(timeout=60)
        for child in offspring:
            wait_until(lambda gone=child: not Path(f"/proc/{gone}").exists(), f"{child} to end")
        self.process = None

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Freeze its processes in this block: connections stay open, and nothing responds."""
        assert self.process is not None
        pids = [self.process.pid, *children(self.process.pid)]
        _send_all(pids, signal.SIGSTOP)
        self.log(f"{self.kind} gets SIGSTOP at pid {self.process.pid}")
        try:
            yield
        finally:
            _send_all(pids, signal.SIGCONT)
            self.log(f"{self.kind} gets SIGCONT at pid {self.process.pid}")

    @property
    def user(self) -> str | None:
        """The user that runs it, since these servers refuse to run as root."""
        return self.owner if os.geteuid() == 0 else None

    def run(self, *command: str) -> None:
        """Run a command in the folder of the server, as its user."""
        subprocess.run(
            command,
            check=True,
            capture_output=True,
            cwd=self.folder,
            user=self.user,
            group=self.user,
        )


@contextmanager
def private_server(database: str, log: Log = print) -> Iterator[PrivateServer]:
    """Offer a fresh running server, and remove it afterwards.

    Raises:
        NotInstalled: The server is not installed here, or the tests cannot start one of its kind.
    """
    kind = _kind(database)
    with tempfile.TemporaryDirectory(prefix=f"private-{database}-") as name:
        folder = Path(name)
        server = kind(folder, log)
        if os.geteuid() == 0:
            _give(folder, kind.owner)
        try:
            server.prepare()
            server.start()
            yield server
        finally:
            server.stop("kill")


def _kind(database: str) -> type[PrivateServer]:
    try:
        found: type[PrivateServer] = databases.part(database, "private_server").PRIVATE_SERVER
    except LookupError as error:
        raise NotInstalled(str(error)) from error
    return found


def _give(folder: Path, owner: str) -> None:
    try:
        user = pwd.getpwnam(owner)
    except KeyError as error:
        raise NotInstalled(f"There is no user {owner} to run the server as") from error
    os.chown(folder, user.pw_uid, user.pw_gid)


def binary(name: str, *folders: Path) -> str:
    """Find a binary on the path, in these folders, or where servers usually are.

    Raises:
        NotInstalled: There is no such binary.
    """
    places = [os.environ.get("PATH", ""), *map(str, folders), "/usr/sbin", "/usr/local/sbin"]
    found = shutil.which(name, path=os.pathsep.join(places))
    if found is None:
        raise NotInstalled(f"{name} is not installed")
    return found


def _send_all(pids: list[int], sent: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, sent)
        except ProcessLookupError:
            continue
