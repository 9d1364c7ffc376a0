"""Database servers of our own, made from the installed binaries, to stop, to kill and to hang."""

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
    """A binary is not installed; the sentence names it."""


class PrivateServer(ABC):
    """A server on a free port of this machine with an empty folder of data; it syncs to disk."""

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
        """Where a database may be created, as a Tortoise URL without its name."""

    @property
    @abstractmethod
    def own_database(self) -> str:
        """The name of a database that is always there."""

    @abstractmethod
    def prepare(self) -> None:
        """Fill the folder."""

    @abstractmethod
    def command(self) -> list[str]:
        """Return what starts the server in the foreground."""

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
        """Whether it answers a statement."""
        if self.process is not None and self.process.poll() is not None:
            raise RuntimeError(f"{self.kind} ended with {self.process.returncode}")
        try:
            self.version()
        except Exception:  # noqa: BLE001 - whatever the driver says, it is not there yet
            return False
        return True

    def version(self) -> str:
        """Return what it calls itself."""
        return sql.server_version(f"{self.url}/{self.own_database}")

    def stop(self, how: StopMode = "shutdown") -> None:
        """End it: by the signal that cuts all connections at once, or by force."""
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
        """Stop its processes for a while: connections stay open, and nobody answers."""
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
        """Who runs it: these servers refuse to run as root."""
        return self.owner if os.geteuid() == 0 else None

    def run(self, *command: str) -> None:
        """Run a command that fills the folder."""
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
    """Offer a fresh server, running; leave nothing of it behind.

    Raises:
        NotInstalled: It is not installed here, or the tests do not know how to start one.
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
        NotInstalled: It is not there.
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
