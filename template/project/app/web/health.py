"""Probes for load balancers and orchestrators."""

import asyncio
import logging
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal, cast

from fastapi import FastAPI, Request, Response
from pydantic import BaseModel
from tortoise import Tortoise
from tortoise.transactions import in_transaction

from app.database import client, driver, migration_tool
from app.database.connection import orm_config
from app.database.migration_tool import Config
from app.web.errors import first_line

TIMEOUT_SECONDS = 1

log = logging.getLogger(__name__)

Verdict = Literal["ok", "failing"]


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
    """Report whether requests can be served.

    The database answers and has the newest schema; `writes` is there after a write of this process
    was refused, since the database is read-only or its disk full; `draining` is there while the
    service stops.
    """
    readiness = await examine(request.app)
    if readiness.status != "ok":
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    return readiness


async def examine(app: FastAPI) -> Readiness:
    """Check the database and its schema, within a second.

    Probes share one examination, so that they cost as much as one. At the time limit it continues
    until that of its statement: a driver cannot be cancelled at once. While
    `app.state.is_draining` is true nothing is examined.
    """
    if getattr(app.state, "is_draining", False):
        return Readiness(status="failing", checks={"draining": "failing"})
    examination: Examination | None = getattr(app.state, "examination", None)
    if examination is None or examination.task.done():
        examination = app.state.examination = Examination(orm_config(app.state.settings))
    await asyncio.wait({examination.task}, timeout=TIMEOUT_SECONDS)
    checks = dict(examination.checks)
    status: Verdict = "ok" if set(checks.values()) == {"ok"} else "failing"
    return Readiness(status=status, checks=checks)


@dataclass
class Examination:
    """A running examination, whose checks are failing until they have succeeded."""

    config: Config
    checks: dict[str, Verdict] = field(
        default_factory=lambda: {"database": "failing", "migrations": "failing"}
    )

    def __post_init__(self) -> None:
        """Begin."""
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        try:
            await self._examine()
        except Exception as error:  # noqa: BLE001 - a probe fails, whatever the reason
            log.info("Not ready: %s", first_line(error))

    async def _examine(self) -> None:
        connection = cast("client.Client", Tortoise.get_connection("default"))
        await connection.execute_query("SELECT 1")
        self.checks["database"] = "ok"
        if not await migration_tool.pending(self.config):
            self.checks["migrations"] = "ok"
        if connection.refuses_writes:
            self.checks["writes"] = "failing"
            await _try_to_write()
            connection.refuses_writes = False
            self.checks["writes"] = "ok"


async def _try_to_write() -> None:
    """Write a row and roll back; raise if the database still refuses."""
    try:
        async with in_transaction() as transaction:
            await transaction.execute_script(client.TRIAL_WRITE)
            await transaction.rollback()
    except Exception as error:
        if driver.is_unavailable(error):
            raise
        log.warning("The trial of a write failed: %s", first_line(error))  # no right, for example


def add_routes(app: FastAPI) -> None:
    """Add the probes to the application itself: in a router each would take 20 % longer."""
    not_ready: dict[int | str, dict[str, Any]] = {503: {"model": Readiness}}
    app.add_api_route("/health/live", live, tags=["health"])
    app.add_api_route("/health/ready", ready, tags=["health"], responses=not_ready)
    for path, probe in (("/health/live", live), ("/health/ready", ready)):
        app.add_api_route(path, probe, methods=["HEAD"], include_in_schema=False)
