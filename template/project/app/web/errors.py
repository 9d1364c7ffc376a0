"""Errors with an HTTP status, and problem documents."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from http import HTTPStatus
from typing import Any, ClassVar, TypeVar

from fastapi import Response
from pydantic import MISSING, BaseModel

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the current request, for responses and log lines."""

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
    code: ClassVar[str] = ""
    """The member `error` of the document, by default that which the route has for the status."""
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


class InvalidField(AppError):
    """A field is invalid for a reason that its schema cannot check; as if the schema refused it."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self, message: str, field: str) -> None:
        super().__init__(f"{field}: {message}")
        self.errors = [{"field": field, "msg": message, "type": "value_error"}]


def documents_errors(*errors: type[AppError]) -> Callable[[Function], Function]:
    """Declare the errors that a route or a dependency may raise, for the OpenAPI document."""

    def declare(function: Function) -> Function:
        setattr(function, "documented_errors", errors)  # noqa: B010 - a class has no item access
        return function

    return declare


def with_error_codes(codes: Mapping[int, str]) -> Callable[[Function], Function]:
    """Give the errors of a route a code in the member `error`, by their status."""

    def declare(function: Function) -> Function:
        setattr(function, "error_codes", codes)  # noqa: B010 - as above
        return function

    return declare


def problem(
    status: int,
    detail: str | None = None,
    *,
    headers: Mapping[str, str] | None = None,
    errors: Sequence[Mapping[str, str]] | None = None,
    **members: object,
) -> Response:
    """Return a problem document (RFC 9457).

    Args:
        status: The HTTP status.
        detail: A sentence; by default the name of the status.
        headers: More headers.
        errors: Invalid fields.
        members: More members, but those that are empty: `more`, the number of invalid fields
            beyond `errors`, and `error`, the code of RFC 6749 §5.2.
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
    body |= {name: value for name, value in members.items() if value}
    content = json.dumps(body, ensure_ascii=False).encode(errors="replace")  # lone surrogates
    return Response(content, status, dict(headers or {}), media_type=PROBLEM_TYPE)


def first_line(error: Exception) -> str:
    """Return the name and the first line of an error; the lines after it may have values."""
    return f"{type(error).__name__}: {error}".partition("\n")[0]
