"""The OpenAPI document lists all responses of an operation."""

from http import HTTPStatus

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from httpx import AsyncClient
from pydantic import BaseModel

from app.web import openapi
from app.web.errors import AppError, documents_errors

PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


class Locked(AppError):
    status = HTTPStatus.LOCKED


class Shelf(BaseModel):
    width: int


@documents_errors(Locked)
async def build_shelf(unlikely_id: int, shelf: Shelf) -> Shelf:
    return shelf


async def test_errors_follow_from_what_a_route_declares(app: FastAPI, client: AsyncClient) -> None:
    app.add_api_route("/unlikely/{unlikely_id}", build_shelf, methods=["PUT"], tags=["unlikely"])

    document = (await client.get("/openapi.json")).json()

    operation = document["paths"]["/unlikely/{unlikely_id}"]["put"]
    errors = {status: each for status, each in operation["responses"].items() if status != "200"}
    assert sorted(errors) == ["400", "404", "408", "409", "413", "422", "423", "431", "500", "503"]
    assert [each["content"] for each in errors.values()] == [PROBLEM] * len(errors)
    assert "Retry-After" in errors["503"]["headers"]
    assert operation["operationId"] == "unlikely_build"
    assert operation["security"] == []
    assert {"Problem", "FieldError"} <= set(document["components"]["schemas"])
    assert {"name": "unlikely", "description": __doc__} in document["tags"]


@pytest.mark.parametrize(
    ("path", "name", "expected"),
    [
        ("/api/boxes", "list_boxes", "boxes_list"),
        ("/api/boxes/{box_id}", "delete_box", "boxes_delete"),
        ("/api/boxes/{box_id}/seal", "seal_box", "boxes_seal"),
        ("/api/boxes/empty", "list_empty_boxes", "boxes_list_empty"),
    ],
)
def test_an_operation_is_named_by_its_tag_and_verb(path: str, name: str, expected: str) -> None:
    route = APIRoute(path, build_shelf, name=name, tags=["boxes"])

    assert openapi.operation_id(route) == expected


async def test_two_operations_with_one_name_are_refused(app: FastAPI) -> None:
    for path in ("/unlikely/{unlikely_id}", "/rare/{unlikely_id}"):
        app.add_api_route(path, build_shelf, methods=["PUT"])

    with pytest.raises(ValueError, match="both root_build_shelf: rename one of the functions"):
        openapi.complete(app)
