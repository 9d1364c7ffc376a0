"""Request bodies that may be JSON, or a form of the same fields."""

from http import HTTPStatus
from typing import Any, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from app.web.errors import AppError, BadRequest
from app.web.schemas import Input

Body = TypeVar("Body", bound=Input)

FORM_TYPES = {"application/x-www-form-urlencoded", "multipart/form-data"}


class UnsupportedMediaType(AppError):
    """The body is neither a form nor JSON."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    detail = "Send a form or JSON"


async def read_body(request: Request, schema: type[Body]) -> Body:
    """Parse a form or JSON; unknown fields of a form are ignored.

    Raises:
        UnsupportedMediaType: The body is neither.
        BadRequest: A form is not encoded in its declared charset.
        RequestValidationError: A field is missing or invalid.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind == "application/json":
            return schema.model_validate_json(await request.body())
        if kind in FORM_TYPES:
            async with request.form() as form:
                known = {name: form[name] for name in schema.model_fields if name in form}
                return schema.model_validate(known)
    except ValidationError as error:
        faults = error.errors(include_input=False, include_context=False)
        raise RequestValidationError(
            [{**fault, "loc": ("body", *fault["loc"])} for fault in faults]
        ) from None
    except UnicodeError:
        raise BadRequest("The form is not encoded in its declared charset") from None
    raise UnsupportedMediaType


def json_body(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the OpenAPI object of a body with this schema.

    It leaves the form out, because client generators fail on alternative bodies.
    """
    return {"required": True, "content": {"application/json": {"schema": schema}}}
