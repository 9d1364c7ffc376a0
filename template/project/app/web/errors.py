"""Errors with an HTTP status, and the handlers that turn them into problem documents."""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from http import HTTPStatus
from operator import itemgetter
from typing import Any, ClassVar, TypeVar

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from pydantic import MISSING, BaseModel
from starlette.exceptions import HTTPException
from tortoise.exceptions import IntegrityError, ValidationError

from app.database import driver

log = logging.getLogger(__name__)

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the current request, for responses and log lines."""

LONGEST_FIELD_NAME = 64
MOST_ERRORS = 20
"""Invalid fields that a response lists; it counts the others."""
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
INVALID = "The request has invalid fields"
PROBLEM_TYPE = "application/problem+json"

Function = TypeVar("Function", bound=Callable[..., Any])


class FieldError(BaseModel):
    """An invalid field of the request. `field` is a dotted path, such as `lines.0.quantity`."""

    field: str
    msg: str
    type: str


class Problem(BaseModel):
    """An error (RFC 9457). `detail` says what is wrong, `errors` lists invalid fields.

    These are at most 20; `more` is the number of invalid fields that are not listed.
    """

    type: str
    title: str
    status: int
    detail: str
    request_id: str
    errors: list[FieldError] | MISSING = MISSING
    more: int | MISSING = MISSING


class AppError(Exception):
    """An error to report to the client, with the message `detail` or another."""

    status: ClassVar[HTTPStatus] = HTTPStatus.BAD_REQUEST
    detail: ClassVar[str] = "The request cannot be served"
    methods: ClassVar[Sequence[str]] = METHODS
    """Methods of the requests that can get this error."""
    parameters: ClassVar[Sequence[Mapping[str, Any]]] = ()
    """OpenAPI parameters that a request needs to avoid it."""
    headers: Mapping[str, str] | None = None
    errors: Sequence[Mapping[str, str]] | None = None

    def __init__(self, message: str = "") -> None:
        super().__init__(message or self.detail)


class BadRequest(AppError):
    """The request is well-formed, but cannot be served as it is."""


class NotFound(AppError):
    """The resource does not exist, or the caller may not know of it."""

    status = HTTPStatus.NOT_FOUND


class Forbidden(AppError):
    """The caller is authenticated, but lacks the permission."""

    status = HTTPStatus.FORBIDDEN


class Conflict(AppError):
    """The request conflicts with stored rows."""

    status = HTTPStatus.CONFLICT


def documents_errors(*errors: type[AppError]) -> Callable[[Function], Function]:
    """Declare the errors that a route or a dependency may raise, for the OpenAPI document."""

    def declare(function: Function) -> Function:
        setattr(function, "documented_errors", errors)  # noqa: B010 - a class has no item access
        return function

    return declare


def problem(
    status: int,
    detail: str | None = None,
    *,
    headers: Mapping[str, str] | None = None,
    errors: Sequence[Mapping[str, str]] | None = None,
    more: int = 0,
) -> Response:
    """Return a problem document (RFC 9457).

    It lists the first of the `errors`, and counts the others and the `more` that are not given.
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
        body["errors"] = errors[:MOST_ERRORS]
        if more := more + len(errors[MOST_ERRORS:]):
            body["more"] = more
    content = json.dumps(body, ensure_ascii=False).encode(errors="replace")  # lone surrogates
    return Response(content, status, dict(headers or {}), media_type=PROBLEM_TYPE)


def add_handlers(app: FastAPI) -> None:
    """Add handlers that answer expected errors, also the database's, with a problem document."""
    app.add_exception_handler(AppError, _app_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(IntegrityError, _conflict)
    app.add_exception_handler(ValidationError, _unfit_value)
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
    errors = getattr(error, "errors", None)
    return problem(error.status_code, error.detail, headers=headers, errors=errors)


def _allowed_methods(request: Request) -> list[str]:
    """Collect the methods of all routes of a path (RFC 9110 §15.5.6); the router knows only one.

    Of `/users/me` and `/users/{user_id}` only the first counts: fewer parameters say more.
    """
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    routes = [
        route
        for route in iter_route_contexts(request.app.routes)
        if route.methods and route.path_regex.match(path)
    ]
    fewest = min((len(route.param_convertors) for route in routes), default=0)
    own = (route.methods or () for route in routes if len(route.param_convertors) == fewest)
    allowed = set().union(*own) or {"GET", "HEAD"}  # those of static files, which are no route
    return [method for method in METHODS if method in allowed]


async def _invalid_request(_request: Request, error: Exception) -> Response:
    """Name the first invalid fields but never their values, which may be passwords."""
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    errors = [
        {"field": _field(loc), "msg": msg.removeprefix("Value error, "), "type": kind}
        for loc, msg, kind in map(itemgetter("loc", "msg", "type"), found[:MOST_ERRORS])
    ]
    return problem(
        HTTPStatus.UNPROCESSABLE_ENTITY, INVALID, errors=errors, more=len(found) - len(errors)
    )


def _field(place: Sequence[object]) -> str:
    """Return the dotted path of a field, without its first part: body, query or path."""
    path = ".".join(str(part)[:LONGEST_FIELD_NAME] for part in place[1:])[:LONGEST_FIELD_NAME]
    return "".join(char if char.isprintable() else "\ufffd" for char in path)


async def _conflict(_request: Request, error: Exception) -> Response:
    assert isinstance(error, IntegrityError)
    detail = "Another row has one of these values, or still refers to this one"
    if columns := driver.taken_columns(error):
        detail = f"Another row has the same {' and '.join(columns)}"
    log.warning("No service handles this violated constraint: %s", type(error.__cause__))
    return problem(HTTPStatus.CONFLICT, detail)


async def _unfit_value(_request: Request, error: Exception) -> Response:
    """Name the field of a value that only Tortoise has checked, but do not repeat the value."""
    field = str(error).partition(":")[0][:LONGEST_FIELD_NAME]
    errors = [{"field": field, "msg": "The value does not fit the column", "type": "value_error"}]
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, INVALID, errors=errors)


async def _database_error(_request: Request, error: Exception) -> Response:
    if not driver.is_unavailable(error):
        raise error
    log.warning("The database is not available: %s", type(error).__name__)
    in_a_second = {"Retry-After": "1"}
    return problem(HTTPStatus.SERVICE_UNAVAILABLE, "Try again in a moment", headers=in_a_second)
