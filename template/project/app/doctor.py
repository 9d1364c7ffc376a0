"""Checks of whether the service can run, with a remedy for each failure."""

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException

from tortoise import Tortoise

from app import TITLE, env_file, parts
from app.config import Settings, WrongSettings, get_settings
from app.database import adoption, driver, migration_tool
from app.database.connection import connected, orm_config
from app.database.migration_tool import reason

LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - nothing is bound here
"""The address to reach a server that listens on all addresses."""


@dataclass(frozen=True)
class Finding:
    """The result of one check: with a remedy if it failed, or else perhaps with advice."""

    subject: str
    is_fine: bool
    remark: str
    remedy: str = ""

    def __str__(self) -> str:
        """Return one line; two if there is a remedy."""
        line = f"{'✓' if self.is_fine else '✗'} {self.subject}: {self.remark}"
        label = "advice" if self.is_fine else "fix"
        return f"{line}\n  {label}: {self.remedy}" if self.remedy else line


async def examine() -> list[Finding]:
    """Check the settings and, if they are valid, the database, its schema and the port."""
    try:
        settings = get_settings()
    except WrongSettings as error:
        return [Finding("settings", False, "; ".join(error.faults), _remedy(error.faults))]
    advice = "; ".join(_advice(settings))
    found = [Finding("settings", True, "complete", advice), _proxies(settings)]
    return [*found, *await _database(settings), _port(settings)]


def _advice(settings: Settings) -> Iterator[str]:
    """Yield what each part recommends for these settings."""
    for part in parts.import_modules("commands"):
        if hasattr(part, "advice"):
            yield from part.advice(settings)


def _remedy(faults: list[str]) -> str:
    names = {fault.partition(":")[0] for fault in faults}
    added = names.intersection(env_file.missing())
    if added == names:
        return "run `just setup`, which adds to .env what it lacks"
    return f"correct them in .env{', after `just setup`' if added else ''}"


def _proxies(settings: Settings) -> Finding:
    """Say who is trusted to name clients; the service cannot know whether there is a proxy."""
    remark = (
        "none is trusted; behind one, all callers have its address in the log and in limits, until"
        " TRUSTED_PROXIES names it"
    )
    if settings.trusted_proxies:
        remark = f"{', '.join(settings.trusted_proxies)} may name clients in X-Forwarded-For"
    return Finding("proxies", True, remark)


async def _database(settings: Settings) -> list[Finding]:
    try:
        async with connected(settings):
            connection = Tortoise.get_connection("default")
            rows = await connection.execute_query_dict(driver.VERSION_QUERY)
            schema = await _schema(orm_config(settings))
    except driver.UNAVAILABLE as error:
        remark = f"does not answer ({reason(error)})"
        remedy = "start it, check DATABASE_URL, and run `just migrate`"
        if driver.is_access_denied(error):
            remark = f"refused the user or the password ({reason(error)})"
            remedy = "correct them in DATABASE_URL"
        return [Finding("database", False, remark, remedy)]
    return [Finding("database", True, str(rows[0]["version"])), schema]


async def _schema(config: migration_tool.Config) -> Finding:
    if waiting := await migration_tool.pending(config):
        return Finding("schema", False, f"{', '.join(waiting)} not applied", "run `just migrate`")
    if missing := await adoption.missing(config):
        remark = f"{', '.join(missing)} applied, and the file is missing"
        return Finding("schema", False, remark, migration_tool.RESTORE)
    return Finding("schema", True, "up to date")


def _port(settings: Settings) -> Finding:
    address = f"{settings.host}:{settings.port}"
    error = bind_error(settings.host, settings.port)
    if error is None:
        return Finding("port", True, f"{address} is free")
    if _is_running(settings):
        who = "a service like this one" if settings.is_production else "this service"
        return Finding("port", True, f"{who} is running at {address}")
    return Finding("port", False, f"{address}: {error}", "stop what uses it, or set PORT")


def _is_running(settings: Settings) -> bool:
    """Return whether this service answers at its port; in production it has no name."""
    path, sign = "/", ("name", TITLE)
    if settings.is_production:
        path, sign = "/health/live", ("status", "ok")
    headers = {"Accept": "application/json"}
    if settings.allowed_hosts:
        headers["Host"] = settings.allowed_hosts[0].replace("*", "any")
    host = LOOPBACK.get(settings.host, settings.host)
    with closing(HTTPConnection(host, settings.port, timeout=2)) as connection:
        try:
            connection.request("GET", path, headers=headers)
            answer = json.load(connection.getresponse())
        except (OSError, HTTPException, ValueError):
            return False
    return isinstance(answer, dict) and sign in answer.items()


def bind_error(host: str, port: int) -> str | None:
    """Return why a server cannot listen at this address, or None if it can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        return error.strerror
    return None
