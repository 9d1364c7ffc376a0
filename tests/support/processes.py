"""The processes of a running service, as the operating system sees them."""

import os
import signal
from pathlib import Path

from tests.support.harness import Service


def children(parent: int) -> list[int]:
    """Return the ids of all descendants of a process."""
    found: list[int] = []
    for tasks in Path(f"/proc/{parent}/task").glob("*/children"):
        for child in map(int, _read(tasks).split()):
            found += [child, *children(child)]
    return found


def workers(service: Service) -> set[int]:
    """Return the ids of the worker processes."""
    assert service.process is not None
    return {
        pid
        for pid in children(service.process.pid)
        if "spawn_main" in _read(Path(f"/proc/{pid}/cmdline"))
    }


def zombies(service: Service) -> list[int]:
    """Return the children that have ended and that no process has waited for."""
    assert service.process is not None
    return [
        pid
        for pid in children(service.process.pid)
        if _read(Path(f"/proc/{pid}/stat")).rpartition(") ")[2].startswith("Z")
    ]


def kill(pids: set[int]) -> None:
    """Kill processes with SIGKILL."""
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
