"""Handlers that turn errors into problem documents."""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from operator import itemgetter

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from tortoise.exceptions import IntegrityError, ValidationError

from app.database import driver
from app.web.errors import INVALID, METHODS, MOST_ERRORS, AppError, first_line, problem

log = logging.getLogger(__name__)

LONGEST_FIELD_NAME = 64


def add_to(app: FastAPI) -> None:
    """Add handlers that answer expected errors, also the database's, with a problem document."""
    app.add_exception_handler(AppError, _app_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(IntegrityError, _conflict)
    app.add_exception_handler(ValidationError, _unfit_value)
    for error in set(driver.UNAVAILABLE).difference(driver.UNREACHABLE):
        app.add_exception_handler(error, _database_error)


def _code(request: Request, status: int) -> str:
    """Return the code that the route gives to errors of this status, or an empty text."""
    codes: Mapping[int, str] = getattr(request.scope.get("endpoint"), "error_codes", {})
    return codes.get(status, "")


async def _app_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, AppError)
    code = error.code or _code(request, error.status)
    return problem(error.status, str(error), headers=error.headers, errors=error.errors, error=code)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(_allowed_methods(request))
    code = _code(request, error.status_code)
    errors = getattr(error, "errors", None)
    return problem(error.status_code, error.detail, headers=headers, errors=errors, error=code)


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


async def _invalid_request(request: Request, error: Exception) -> Response:
    """Name the first invalid fields but never their values, which may be passwords."""
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    errors = [
        {"field": _field(loc), "msg": msg.removeprefix("Value error, "), "type": kind}
        for loc, msg, kind in map(itemgetter("loc", "msg", "type"), found[:MOST_ERRORS])
    ]
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    more = len(found) - len(errors)
    return problem(status, INVALID, errors=errors, more=more, error=_code(request, status))


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
    log.warning("The database is not available: %s", first_line(error))
    in_a_second = {"Retry-After": "1"}
    return problem(HTTPStatus.SERVICE_UNAVAILABLE, "Try again in a moment", headers=in_a_second)


class CrashMiddleware:
    """Middleware that logs an unexpected exception and answers 500.

    It is the innermost, so that this answer gets CORS and security headers too;
    Starlette's own handler is outside of all middleware.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application, and answer 500 if it raises before it has answered."""
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except ClientDisconnect:  # the body was cut off: nobody reads an answer
            log.info("The client has closed the connection")
        except Exception:
            if scope["type"] != "http" or started:
                raise
            log.exception("Unexpected error")
            answer = problem(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong on our side")
            await answer(scope, receive, send)
