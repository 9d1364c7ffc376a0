"""Removal of the processes and databases that an interrupted or faulty run has left."""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tests.support.databases import NAMES, named
from tests.support.harness import OWNER, RUN


def processes(run: str = RUN) -> Iterator[tuple[int, str]]:
    """Find the processes with the id of the run in their environment: their id and command."""
    mark = f"TEMPLATE_TESTS_RUN={run}".encode()
    ours = {os.getpid(), os.getppid()}
    for path in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if mark in path.read_bytes().split(b"\0") and int(path.parent.name) not in ours:
                command = path.with_name("cmdline").read_bytes().replace(b"\0", b" ").decode()
                yield int(path.parent.name), command


def databases(run: str = RUN) -> Iterator[tuple[str, str]]:
    """Find the databases with the id of the run in their name: the server and the name."""
    for kind in NAMES:
        found: list[str] = []
        # One that is away, that refuses us or that the tests do not know has none of our databases.
        with suppress(Exception):
            found = named(kind).names()
        yield from ((kind, name) for name in found if run in name.split("_"))


def tidy_own() -> list[str]:
    """Clean up after this run, in the process that began it."""
    return tidy() if str(os.getpid()) == OWNER else []


def tidy(run: str = RUN) -> list[str]:
    """End the processes and drop the databases that a run has left, and return their names."""
    left = []
    for pid, command in processes(run):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            left.append(f"process {pid}: {command}")
    for kind, name in databases(run):
        named(kind).drop(name)
        left.append(f"database {name} of {kind}")
    return left
