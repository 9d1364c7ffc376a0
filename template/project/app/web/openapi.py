"""The OpenAPI document: the responses of an operation follow from what its route declares."""

import re
import sys
from collections.abc import Iterator
from http import HTTPStatus
from inspect import getdoc
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from pydantic.json_schema import models_json_schema

from app.web.errors import PROBLEM_TYPE, AppError, Problem

Document = dict[str, Any]
Operation = dict[str, Any]

DESCRIPTION = """\
Every error is a `Problem` (RFC 9457); its `request_id` identifies the log lines of the request.
Times are in UTC (RFC 3339)."""
HEADERS = {
    HTTPStatus.UNAUTHORIZED: ("WWW-Authenticate", "The credentials that are accepted"),
    HTTPStatus.TOO_MANY_REQUESTS: ("Retry-After", "Seconds to wait"),
    HTTPStatus.SERVICE_UNAVAILABLE: ("Retry-After", "Seconds to wait"),
}
SCHEMAS = models_json_schema(
    [(Problem, "serialization")], ref_template="#/components/schemas/{model}"
)[1]["$defs"]


def complete(app: FastAPI) -> None:
    """Complete the document that FastAPI generates, after all routes were added.

    Raises:
        ValueError: Two operations have the same id.
    """
    _check_ids(app)
    write = app.openapi

    def openapi() -> Document:
        document = write()
        if "tags" not in document:  # else it is cached: FastAPI keeps it until a route is added
            _complete(document, app)
        return document

    app.openapi = openapi  # type: ignore[method-assign] # as FastAPI documents


def servers(root_path: str) -> list[dict[str, str]]:
    """Return the servers of the document: the one that serves it."""
    return [{"url": root_path or "/", "description": "The service that serves this document"}]


def operation_id(route: APIRoute) -> str:
    """Return `tag_verb_noun`, without the noun if the path names it: `notes_list`, `orders_pay`."""
    tag = re.sub(r"\W", "_", str(route.tags[0])) if route.tags else "root"
    fixed = re.sub(r"/{.*?}", "", route.path_format).rpartition("/")[2]
    if fixed.replace("-", "_") == tag:
        return f"{tag}_{route.name.partition('_')[0]}"
    name = route.name.removesuffix(f"_{tag}")
    path = f"/{tag}/".replace("_", "-")
    for row in re.findall(path + r"{(\w+)_id}", route.path_format):
        name = name.removesuffix(f"_{row}")
    return f"{tag}_{name}"


def _check_ids(app: FastAPI) -> None:
    """Check that operation ids are unique: client generators name functions after them."""
    seen: dict[str, str] = {}
    for route, method in _operations(app):
        call = f"{method} {route.path_format}"
        if other := seen.get(route.unique_id):
            raise ValueError(
                f"{other} and {call} are both {route.unique_id}: rename one of the functions"
            )
        seen[route.unique_id] = call


def _complete(document: Document, app: FastAPI) -> None:
    """Add the errors of each operation, the schemas of errors, and descriptions of tags."""
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):  # FastAPI's, never sent here
        schemas.pop(name, None)
    schemas |= SCHEMAS
    for route, method in _operations(app):
        operation = document["paths"][route.path_format][method.lower()]
        operation.setdefault("security", [])
        calls = list(_calls(route.dependant))
        _add_errors(operation, method, calls)
        for call in calls:
            if hasattr(call, "complete_openapi"):
                definition = components["securitySchemes"][call.scheme_name]
                call.complete_openapi(definition, app.state.settings)
    _add_root(components.get("securitySchemes", {}), app.state.settings.root_path)
    document["tags"] = _tags(app)


def _add_root(schemes: dict[str, Any], root_path: str) -> None:
    """Begin the URLs of flows with the prefix: clients resolve them without that of `servers`."""
    for flow in (flow for each in schemes.values() for flow in each.get("flows", {}).values()):
        for name in flow.keys() & {"tokenUrl", "refreshUrl", "authorizationUrl"}:
            flow[name] = f"{root_path}{flow[name]}"


def _tags(app: FastAPI) -> list[dict[str, str]]:
    """Describe each tag by the docstrings of the modules with its routes."""
    texts: dict[str, list[str]] = {}
    for route, _ in _operations(app):
        text = (getdoc(sys.modules[route.endpoint.__module__]) or "").partition("\n\n")[0]
        for tag in route.tags:
            if text not in texts.setdefault(tag, []):
                texts[tag].append(text)
    return [{"name": tag, "description": " ".join(each)} for tag, each in texts.items()]


def _operations(app: FastAPI) -> Iterator[tuple[RouteContext, str]]:
    """Yield each route of the document with each of its methods."""
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, APIRoute) and route.include_in_schema:
            for method in sorted(route.methods or ()):
                yield route, method


def _calls(dependant: Dependant) -> Iterator[Any]:
    """Yield a route's function, and everything that it depends on."""
    yield dependant.call
    for inner in dependant.dependencies:
        yield from _calls(inner)


def _add_errors(operation: Operation, method: str, calls: list[Any]) -> None:
    """Document the errors, except those that the route documents itself."""
    responses: dict[str, Any] = operation["responses"]
    if "HTTPValidationError" in str(responses.get("422")):
        del responses["422"]
    raised = _raised(method, calls)
    codes = getattr(calls[0], "error_codes", {})
    for status in sorted({*_statuses(operation, method), *(error.status for error in raised)}):
        with_code = f"; `error` is `{codes[status]}`" if status in codes else ""
        error: dict[str, Any] = {
            "description": status.phrase + with_code,
            "content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        if status in HEADERS:
            name, text = HEADERS[status]
            error["headers"] = {name: {"description": text, "schema": {"type": "string"}}}
        responses.setdefault(str(int(status)), error)
    if parameters := [parameter for error in raised for parameter in error.parameters]:
        operation.setdefault("parameters", []).extend(parameters)


def _raised(method: str, calls: list[Any]) -> list[type[AppError]]:
    """Return the errors that the route and its dependencies declare with `documents_errors`."""
    errors = dict.fromkeys(
        error for call in calls for error in getattr(call, "documented_errors", ())
    )
    return [error for error in errors if method in error.methods]


def _statuses(operation: Operation, method: str) -> Iterator[HTTPStatus]:
    """Yield the error statuses that follow from the method, body and parameters."""
    yield HTTPStatus.BAD_REQUEST  # a wrong Host header, or malformed JSON
    yield HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    yield HTTPStatus.INTERNAL_SERVER_ERROR
    if "health" not in operation.get("tags", ()):  # probes document their own
        yield HTTPStatus.SERVICE_UNAVAILABLE
    parameters = operation.get("parameters", [])
    if "requestBody" in operation:
        yield HTTPStatus.REQUEST_TIMEOUT
        yield HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    if "requestBody" in operation or parameters:
        yield HTTPStatus.UNPROCESSABLE_ENTITY
    if any(parameter["in"] == "path" for parameter in parameters):
        yield HTTPStatus.NOT_FOUND
    if method in {"PUT", "PATCH", "DELETE"} or "201" in operation["responses"]:
        yield HTTPStatus.CONFLICT  # a violated constraint
