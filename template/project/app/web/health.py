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

PATIENCE_SECONDS = 1

log = logging.getLogger(__name__)

Verdict = Literal["ok", "failing"]

_hanging: set[asyncio.Task[None]] = set()


class Liveness(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """Whether the service can do its work, and which check says otherwise."""

    status: Verdict
    checks: dict[str, Verdict]


async def live() -> Liveness:
    """Tell that the process answers. It depends on nothing, so a restart would cure a failure."""
    return Liveness()


async def ready(request: Request, response: Response) -> Readiness:
    """Tell whether requests can be served: the database answers and has the newest schema."""
    readiness = await examine(request.app.state.settings)
    if readiness.status != "ok":
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    return readiness


async def examine(settings: DatabaseSettings) -> Readiness:
    """Check the database and its schema, for a moment."""
    checks: dict[str, Verdict] = {"database": "failing", "migrations": "failing"}
    config = orm_config(settings)
    await _within_patience(lambda: _examine(config, checks))
    status: Verdict = "ok" if set(checks.values()) == {"ok"} else "failing"
    return Readiness(status=status, checks=checks)


async def _examine(config: Config, checks: dict[str, Verdict]) -> None:
    await Tortoise.get_connection("default").execute_query("SELECT 1")
    checks["database"] = "ok"
    if not await migration_tool.pending(config):
        checks["migrations"] = "ok"


async def _within_patience(examine: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Wait a moment for an examination, and leave it behind if it hangs.

    A driver cannot be made to give up at once. So a hanging examination goes
    on, and until it ends no further one is started.
    """
    if _hanging:
        return
    task = asyncio.create_task(examine())
    _hanging.add(task)
    task.add_done_callback(_hanging.discard)
    done, _ = await asyncio.wait({task}, timeout=PATIENCE_SECONDS)
    for finished in done:
        if error := finished.exception():
            log.info("Not ready: %s", type(error).__name__)


def install(app: FastAPI) -> None:
    """Add the probes to the application itself; as a router's each would cost a fifth more."""
    not_ready: dict[int | str, dict[str, Any]] = {503: {"model": Readiness}}
    app.add_api_route("/health/live", live, tags=["health"])
    app.add_api_route("/health/ready", ready, tags=["health"], responses=not_ready)
    for path, probe in (("/health/live", live), ("/health/ready", ready)):
        app.add_api_route(path, probe, methods=["HEAD"], include_in_schema=False)
