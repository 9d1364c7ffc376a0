"""Request bodies that are a form, or JSON or a form of the same fields."""

from http import HTTPStatus
from typing import Any, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from app.web.errors import AppError, BadRequest

Body = TypeVar("Body", bound=BaseModel)

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
"""Forms as in RFC 6749. Multipart ones are refused, as they take longer to parse."""


class UnsupportedMediaType(AppError):
    """The body has another media type."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    detail = f"Send {FORM}"


class RepeatedField(BadRequest):
    """A field of a form is sent twice, which RFC 6749 §3.2 forbids."""


async def read_body(request: Request, schema: type[Body]) -> Body:
    """Parse JSON or a form.

    Raises:
        UnsupportedMediaType: The body is neither.
        RepeatedField: A field of a form is sent twice.
        RequestValidationError: A field is missing or invalid.
    """
    kind = _media_type(request)
    if kind == FORM:
        return await read_form(request, schema)
    if kind != JSON:
        raise UnsupportedMediaType(f"Send {JSON} or {FORM}")
    try:
        return schema.model_validate_json(await request.body())
    except ValidationError as error:
        raise _invalid(error) from None


async def read_form(request: Request, schema: type[Body]) -> Body:
    """Parse a form. Unknown fields, and those without a value, are ignored (RFC 6749 §3.2).

    A body that is no form has no fields.

    Raises:
        UnsupportedMediaType: It is a multipart form.
        RepeatedField: A field is sent twice.
        RequestValidationError: A field is missing or invalid.
    """
    if _media_type(request).startswith("multipart/"):
        raise UnsupportedMediaType
    async with request.form() as form:
        sent = [(name, value) for name, value in form.multi_items() if name in schema.model_fields]
    known = dict(sent)
    if len(known) < len(sent):
        raise RepeatedField("Send each field once")
    try:
        return schema.model_validate({name: value for name, value in known.items() if value})
    except ValidationError as error:
        raise _invalid(error) from None


def json_body(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the OpenAPI object of a JSON body with this schema.

    It leaves the form out, because client generators fail on alternative bodies.
    """
    return {"required": True, "content": {JSON: {"schema": schema}}}


def form_body(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the OpenAPI object of a form with this schema."""
    return {"required": True, "content": {FORM: {"schema": schema}}}


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _invalid(error: ValidationError) -> RequestValidationError:
    """Return the error with which FastAPI refuses a body."""
    faults = error.errors(include_input=False, include_context=False)
    return RequestValidationError([{**each, "loc": ("body", *each["loc"])} for each in faults])
