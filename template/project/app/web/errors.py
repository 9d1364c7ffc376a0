"""Errors as facts with a status, and the one place that turns them into answers."""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from http import HTTPStatus
from operator import itemgetter
from typing import Any, ClassVar, TypeVar

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import MISSING, BaseModel
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from tortoise.exceptions import IntegrityError

from app.database import driver

log = logging.getLogger(__name__)

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request in hand, which answers and log lines carry."""

LONGEST_FIELD_NAME = 64
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
PROBLEM_TYPE = "application/problem+json"

Function = TypeVar("Function", bound=Callable[..., Any])


class FieldError(BaseModel):
    """A field of the request that is refused. `field` is dotted, such as `lines.0.quantity`."""

    field: str
    msg: str
    type: str


class Problem(BaseModel):
    """An error (RFC 9457). `detail` says what is wrong, `errors` which fields are."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str
    errors: list[FieldError] | MISSING = MISSING


class AppError(Exception):
    """Something that a client can be told, in the sentence `detail` or another."""

    status: ClassVar[HTTPStatus] = HTTPStatus.BAD_REQUEST
    detail: ClassVar[str] = "The request cannot be served"
    methods: ClassVar[Sequence[str]] = METHODS
    """Of the requests that it can answer."""
    parameters: ClassVar[Sequence[Mapping[str, Any]]] = ()
    """With which a request avoids it, as in an OpenAPI document."""
    headers: Mapping[str, str] | None = None
    errors: Sequence[Mapping[str, str]] | None = None

    def __init__(self, sentence: str = "") -> None:
        super().__init__(sentence or self.detail)


class NotFound(AppError):
    """There is no such thing, or it is none of the caller's business."""

    status = HTTPStatus.NOT_FOUND


class Forbidden(AppError):
    """The caller is known, and may not do this."""

    status = HTTPStatus.FORBIDDEN


class Conflict(AppError):
    """The request does not fit the rows that are stored."""

    status = HTTPStatus.CONFLICT


def raises(*errors: type[AppError]) -> Callable[[Function], Function]:
    """Declare what a route or a dependency may raise, for the OpenAPI document."""

    def declare(function: Function) -> Function:
        vars(function)["raises"] = errors
        return function

    return declare


def problem(
    status: int,
    detail: str | None = None,
    *,
    headers: Mapping[str, str] | None = None,
    errors: Sequence[Mapping[str, str]] | None = None,
) -> Response:
    """Return a problem document (RFC 9457).

    The text is ASCII with escapes, so that no input can make it unprintable.
    """
    title = HTTPStatus(status).phrase
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail or title,
        "request_id": request_id.get(),
    }
    if errors is not None:
        body["errors"] = errors
    content = json.dumps(body)
    return Response(content, status, dict(headers or {}), media_type=PROBLEM_TYPE)


def install(app: FastAPI) -> None:
    """Answer every error of the service, and the database's, as a problem document."""
    app.add_middleware(CrashReports)
    app.add_exception_handler(AppError, _app_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(IntegrityError, _conflict)
    for error in driver.UNAVAILABLE:
        app.add_exception_handler(error, _database_error)


async def _app_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, AppError)
    return problem(error.status, str(error), headers=error.headers, errors=error.errors)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(_allowed_methods(request))
    return problem(error.status_code, error.detail, headers=headers)


def _allowed_methods(request: Request) -> list[str]:
    """Ask all routes (RFC 9110 §15.5.6); the router stops at the first that has the path."""
    routes: Sequence[BaseRoute] = request.app.router.routes
    scopes = {method: {**request.scope, "method": method} for method in METHODS}
    return [
        method
        for method, scope in scopes.items()
        if any(route.matches(scope)[0] is Match.FULL for route in routes)
    ]


async def _invalid_request(_request: Request, error: Exception) -> Response:
    """Name the wrong fields, and never what was sent in them: it may be a password."""
    assert isinstance(error, RequestValidationError)
    errors = [
        {"field": _field(loc), "msg": msg.removeprefix("Value error, "), "type": kind}
        for loc, msg, kind in map(itemgetter("loc", "msg", "type"), error.errors())
    ]
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "The request has invalid fields", errors=errors)


def _field(place: Sequence[object]) -> str:
    """Join the path to the field without its first part, which says body, query or path."""
    return ".".join(str(part)[:LONGEST_FIELD_NAME] for part in place[1:])


async def _conflict(_request: Request, error: Exception) -> Response:
    assert isinstance(error, IntegrityError)
    detail = "Another row has one of these values, or still refers to this one"
    if columns := driver.taken_columns(error):
        detail = f"Another row has the same {' and '.join(columns)}"
    log.warning("A write met a constraint that no service names: %s", type(error.__cause__))
    return problem(HTTPStatus.CONFLICT, detail)


async def _database_error(_request: Request, error: Exception) -> Response:
    if not driver.is_unavailable(error):
        raise error
    log.warning("The database is not available: %s", type(error).__name__)
    in_a_second = {"Retry-After": "1"}
    return problem(HTTPStatus.SERVICE_UNAVAILABLE, "Try again in a moment", headers=in_a_second)


class CrashReports:
    """Answers an error that nobody expected, and logs it.

    It is the innermost layer, so that CORS and security headers reach this
    answer too; Starlette's own comes from outside all layers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except Exception:
            if scope["type"] != "http" or started:
                raise
            log.exception("Unexpected error")
            answer = problem(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong on our side")
            await answer(scope, receive, send)
