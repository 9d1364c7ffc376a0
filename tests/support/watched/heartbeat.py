"""The service with a heartbeat in its event loop, for `uvicorn heartbeat:app`.

`GET /heartbeat` returns the seconds of the longest stall since the last such request: how much
later than planned the heart has beaten, without the time for which the processor was busy with
other processes.
"""

import asyncio
import json
from contextlib import suppress
from pathlib import Path

from app.main import app as service  # type: ignore[import-not-found] # that of the service
from starlette.types import Receive, Scope, Send

INTERVAL_SECONDS = 0.01
SCHEDULER = Path("/proc/thread-self/schedstat")
"""Nanoseconds that the thread has run, and for which it waited for a processor, on Linux."""


class Heart:
    """A task that beats, and the longest stall that it has noticed."""

    def __init__(self) -> None:
        self.longest_stall = 0.0
        self.task: asyncio.Task[None] | None = None

    def read(self) -> float:
        """Return the longest stall since the last call; the first call starts the task."""
        self.task = self.task or asyncio.create_task(self._beat())
        longest, self.longest_stall = self.longest_stall, 0.0
        return longest

    async def _beat(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            planned, waited = loop.time() + INTERVAL_SECONDS, _waited_seconds()
            await asyncio.sleep(INTERVAL_SECONDS)
            stall = loop.time() - planned - (_waited_seconds() - waited)
            self.longest_stall = max(self.longest_stall, stall)


def _waited_seconds() -> float:
    """Return for how long this thread has waited for a processor; 0 where the system hides it."""
    with suppress(OSError):
        return int(SCHEDULER.read_text(encoding="ascii").split()[1]) / 1e9
    return 0


heart = Heart()


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer for the heart, and let the service answer everything else."""
    if scope["type"] != "http" or scope["path"] != "/heartbeat":
        await service(scope, receive, send)
        return
    body = json.dumps(heart.read()).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})
