"""Roles, and what they permit."""

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from app.dependencies.auth import require_permissions, require_roles
from app.models.user import Role
from tests.factories import add_user, headers_of


async def test_everybody_sees_the_built_in_roles(client: AsyncClient) -> None:
    ada = await headers_of(await add_user("ada"))

    response = await client.get("/api/roles", headers=ada)

    roles = {role["name"]: sorted(role["permissions"]) for role in response.json()}
    everything = ["role:write", "user:delete", "user:read", "user:write"]
    assert roles == {"admin": everything, "member": []}


@pytest.mark.parametrize(
    ("wanted", "status", "names"),
    [
        (["admin"], 200, ["admin"]),
        (["admin", "admin", "member"], 200, ["admin", "member"]),
        ([], 200, []),
        (["admin", "king"], 400, ["member"]),
        (["\x00"], 422, ["member"]),
        (None, 422, ["member"]),
    ],
)
async def test_roles_are_replaced_by_others_that_exist(
    client: AsyncClient, wanted: object, status: int, names: list[str]
) -> None:
    root = await headers_of(await add_user("root", role="admin"))
    ada = await add_user("ada", role="member")

    path = f"/api/users/{ada.id}/roles"
    response = await client.put(path, json={"roles": wanted}, headers=root)

    assert response.status_code == status
    await ada.fetch_related("roles")
    assert sorted(role.name for role in ada.roles) == names


async def test_a_role_that_is_taken_away_ends_at_once(client: AsyncClient) -> None:
    await add_user("toor", role="admin")
    root = await add_user("root", role="admin")
    client.headers.update(await headers_of(root))

    taken = await client.put(f"/api/users/{root.id}/roles", json={"roles": []})
    response = await client.get("/api/users")

    assert taken.json()["roles"] == []
    assert response.status_code == 403


@pytest.mark.parametrize(
    ("role", "allowed"),
    [("admin", "readers writers staff"), ("reader", "readers"), ("editor", "staff"), (None, "")],
)
async def test_a_route_admits_whoever_has_its_permissions_or_its_role(
    app: FastAPI, client: AsyncClient, role: str | None, allowed: str
) -> None:
    rules = {
        "readers": require_permissions("user:read"),
        "writers": require_permissions("user:read", "user:write"),
        "staff": require_roles("admin", "editor"),
    }
    for name, rule in rules.items():
        app.add_api_route(f"/{name}", lambda: None, dependencies=[rule])
    await Role.create(name="reader", permissions=["user:read"])
    await Role.create(name="editor", permissions=[])
    headers = await headers_of(await add_user("ada", role=role))

    for name in rules:
        response = await client.get(f"/{name}", headers=headers)

        assert response.status_code == (200 if name in allowed.split() else 403)
        assert (await client.get(f"/{name}")).status_code == 401
