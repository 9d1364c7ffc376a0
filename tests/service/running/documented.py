"""Comparison of responses with the OpenAPI document of the service."""

import json
import re
from functools import cache
from typing import Any

import httpx

from tests.support.harness import Service

Responses = dict[tuple[str, str], set[str]]
"""The documented statuses of each method and path."""

_by_answers: dict[str, Responses] = {}


def check(service: Service, response: httpx.Response) -> None:
    """Fail if the status of a response is not documented for the operation that was called.

    Paths and methods that are no operation are not checked.
    """
    request = response.request
    path = request.url.raw_path.decode().partition("?")[0]
    path = path.removesuffix("/") or "/"
    responses = _responses(service)
    # In this order `/users/me` comes before `/users/{user_id}`, as among the routes.
    template = next((known for known in sorted(_paths(responses)) if _matches(known, path)), "")
    statuses = responses.get((request.method, template))
    if statuses is not None and str(response.status_code) not in statuses:
        raise AssertionError(
            f"{request.method} {template} answered {response.status_code}: not documented"
        )


def _responses(service: Service) -> Responses:
    """Read the document, once for all services with the same answers."""
    answers = service.project.answers
    key = repr([answers[name] for name in ("auth", "example")])
    if key not in _by_answers:
        document: dict[str, Any] = json.loads(service.cli("openapi").output)
        _by_answers[key] = {
            (method.upper(), path): set(operation["responses"])
            for path, operations in document["paths"].items()
            for method, operation in operations.items()
        }
    return _by_answers[key]


def _paths(responses: Responses) -> set[str]:
    return {path for _, path in responses}


def _matches(template: str, path: str) -> bool:
    return bool(_pattern(template).fullmatch(path))


@cache
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template)))
