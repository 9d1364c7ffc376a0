"""One application in a process of its own: `python -m tools.bench.child MODULE FOLDER`.

Two applications with Tortoise in one process would disturb each other. Each line
of standard input is an order as JSON, and gets a line of JSON as its result. Output of
the application goes to `/dev/null`, by the same system calls as elsewhere.
"""

import asyncio
import gc
import importlib
import json
import logging
import os
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from logging.handlers import BufferingHandler
from typing import Any, Literal

import uvloop
from fastapi import FastAPI
from starlette.types import ASGIApp, Message

TASKS = 32


@dataclass(frozen=True)
class Order:
    """An action with a request: `answer` it, send a `burst` of it, list its SQL `statements`."""

    do: Literal["answer", "burst", "statements"]
    path: str
    query: str = ""
    token: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    form: str = ""
    count: int = 1

    def scope(self) -> dict[str, Any]:
        """Return the ASGI scope that uvicorn would pass, without its `state`."""
        headers = [(b"host", b"127.0.0.1:8000"), (b"accept", b"*/*")]
        if self.token:
            headers.append((b"authorization", f"Bearer {self.token}".encode()))
        headers += [(name.encode(), value.encode()) for name, value in self.headers]
        if self.form:
            headers.append((b"content-type", b"application/x-www-form-urlencoded"))
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "server": ("127.0.0.1", 8000),
            "client": ("127.0.0.1", 50000),
            "scheme": "http",
            "root_path": "",
            "headers": headers,
            "method": "POST" if self.form else "GET",
            "path": self.path,
            "raw_path": self.path.encode(),
            "query_string": self.query.encode(),
        }

    async def receive(self) -> Message:
        """Return the whole body in one message."""
        return {"type": "http.request", "body": self.form.encode(), "more_body": False}


async def answer(app: ASGIApp, order: Order) -> tuple[int, str]:
    """Send the request once, and return status and body."""
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    await app(order.scope() | {"state": {}}, order.receive, keep)
    return messages[0]["status"], b"".join(part.get("body", b"") for part in messages).decode()


async def burst(app: ASGIApp, order: Order) -> float:
    """Send the request `count` times from 32 tasks; return seconds of CPU per request.

    The seconds are those of the whole process, threads included. Garbage is collected
    beforehand, and the collector stays on, as in production.
    """
    scope = order.scope()
    left = order.count

    async def check(message: Message) -> None:
        if message.get("status", HTTPStatus.OK) != HTTPStatus.OK:
            raise RuntimeError(message)

    async def client() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            await app(scope | {"state": {}}, order.receive, check)

    gc.collect()
    started = time.process_time()
    await asyncio.gather(*(client() for _ in range(TASKS)))
    return (time.process_time() - started) / order.count


async def statements(app: ASGIApp, order: Order) -> list[str]:
    """Send the request, and return the SQL that Tortoise logs after a connection was opened."""
    await answer(app, order)
    logger = logging.getLogger("tortoise.db_client")
    handler = BufferingHandler(capacity=1000)
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    await answer(app, order)
    logger.setLevel(level)
    logger.removeHandler(handler)
    return [record.getMessage() for record in handler.buffer]


ACTIONS: dict[str, Callable[[ASGIApp, Order], Awaitable[object]]] = {
    "answer": answer,
    "burst": burst,
    "statements": statements,
}


def leave_out(name: str) -> None:
    """Make applications ignore the layer of this name."""
    add = FastAPI.add_middleware

    def add_others(app: FastAPI, layer: Any, *args: Any, **options: Any) -> None:  # noqa: ANN401
        if layer.__name__ != name:
            add(app, layer, *args, **options)

    setattr(FastAPI, "add_middleware", add_others)  # noqa: B010 - mypy allows no assignment


async def main(module: str, folder: str) -> None:
    """Import the application, run its lifespan, and execute orders until standard input ends."""
    sys.path.append(folder)  # behind ours: the service has a package `tests` too
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    leave_out(os.environ.get("WITHOUT_LAYER", ""))
    app = importlib.import_module(module).app
    async with app.router.lifespan_context(app):
        while line := await asyncio.to_thread(sys.stdin.readline):
            order = Order(**json.loads(line))
            print(json.dumps(await ACTIONS[order.do](app, order)), file=answers, flush=True)


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
