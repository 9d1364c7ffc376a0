"""Permissions of strangers, accounts and administrators."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.service.running.conftest import on_sqlite
from tests.support.harness import Service
from tests.support.people import Person, log_in, new_name, sign_up_form, write_note

PUBLIC = {
    ("POST", "/api/auth/login"),
    ("POST", "/api/auth/refresh"),
    ("POST", "/api/auth/logout"),
    ("POST", "/api/auth/session"),
    ("POST", "/api/auth/password-reset"),
    ("POST", "/api/auth/password-reset/confirm"),
    ("POST", "/api/auth/verify-email"),
    ("POST", "/api/auth/verify-email/resend"),
    ("POST", "/api/users"),
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
}
"""The operations that need no sign-in."""

HIDDEN = {
    *("/", "/docs", "/docs/assets", "/redoc", "/openapi.json"),
    *("/password-reset", "/verify-email", "/sign-in"),
}
"""Paths of routes that are not in the OpenAPI document."""

PRIVILEGES: dict[str, object] = {
    "is_superuser": True,
    "is_admin": True,
    "is_staff": True,
    "role": "admin",
    "roles": ["admin"],
    "permissions": ["user:delete"],
    "scopes": ["user:delete"],
    "is_active": True,
    "is_verified": True,
    "email_verified": True,
    "id": 1,
    "password_hash": "x",
    "hashed_password": "x",
    "owner_id": 1,
    "username_key": "x",
}


def admin_only(client: httpx.Client, person: Person) -> int:
    """Return the status of a request that only an administrator may send."""
    return client.get("/api/users", headers=person.headers).status_code


@pytest.mark.check("Z01")
@pytest.mark.parametrize("field", PRIVILEGES)
@on_sqlite
def test_nobody_registers_with_privileges(client: httpx.Client, field: str) -> None:
    """A sign-up that sets a privilege or a column of the service is refused."""
    form = sign_up_form(new_name())

    response = client.post("/api/users", json=form | {field: PRIVILEGES[field]})

    assert response.status_code == 422
    assert log_in(client, form["username"]).status_code == 401


@pytest.mark.check("Z02")
@on_sqlite
def test_nobody_gives_themselves_privileges(client: httpx.Client, ada: Person) -> None:
    """A change of one's own account that sets a privilege is refused; other changes work."""
    forbidden = PRIVILEGES | {"password": "another password", "created_at": "2020-01-01T00:00:00Z"}

    responses = [
        client.patch("/api/users/me", json={field: value}, headers=ada.headers)
        for field, value in forbidden.items()
    ]

    assert [response.status_code for response in responses] == [422] * len(forbidden)
    assert admin_only(client, ada) == 403
    assert log_in(client, ada.name).status_code == 200


@pytest.mark.check("Z03")
@on_sqlite
def test_administration_is_for_administrators(
    client: httpx.Client, admin: Person, ada: Person, eve: Person
) -> None:
    """Operations with a permission are 401 for strangers, 403 for users, 2xx for administrators."""
    calls: list[tuple[str, str, dict[str, Any] | None]] = [
        ("GET", "/api/users", None),
        ("GET", f"/api/users/{eve.id}", None),
        ("PATCH", f"/api/users/{eve.id}", {"age": 44}),
        ("PUT", f"/api/users/{eve.id}/roles", {"roles": ["member"]}),
        ("DELETE", f"/api/users/{eve.id}", None),
    ]

    for method, path, body in calls:
        statuses = [
            client.request(method, path, json=body, headers=headers).status_code
            for headers in ({}, ada.headers, admin.headers)
        ]
        assert statuses[:2] == [401, 403], path
        assert statuses[2] in {200, 204}, path


@pytest.mark.check("Z04")
def test_notes_are_accessible_to_their_owner_alone(
    client: httpx.Client, ada: Person, eve: Person
) -> None:
    """Nobody reads, changes or deletes what belongs to another, an administrator neither."""
    path = f"/api/notes/{write_note(client, ada)}"
    before = client.get(path, headers=ada.headers).json()

    attempts = [
        client.get(path, headers=eve.headers),
        client.patch(path, json={"title": "Mine"}, headers=eve.headers),
        client.delete(path, headers=eve.headers),
    ]

    assert [response.status_code for response in attempts] == [404] * 3
    assert client.get(path, headers=ada.headers).json() == before


@pytest.mark.check("Z04")
def test_administrators_have_no_access_to_notes(
    client: httpx.Client, admin: Person, ada: Person
) -> None:
    """Permissions on accounts give no access to the rows that the accounts own."""
    path = f"/api/notes/{write_note(client, ada)}"

    assert client.get(path, headers=admin.headers).status_code == 404
    assert client.delete(path, headers=admin.headers).status_code == 404


@pytest.mark.check("Z05")
def test_foreign_and_missing_look_the_same(client: httpx.Client, ada: Person, eve: Person) -> None:
    """The response does not tell whether another's note or account exists."""
    pairs = [
        (f"/api/notes/{write_note(client, ada)}", "/api/notes/999999999"),
        (f"/api/users/{ada.id}", "/api/users/999999999"),
    ]

    for pair in pairs:
        responses = [client.get(path, headers=eve.headers) for path in pair]
        foreign, missing = ({**response.json(), "request_id": None} for response in responses)
        assert foreign == missing
        assert responses[0].status_code == responses[1].status_code


@pytest.mark.check("Z06", "Z13")
def test_lists_show_own_rows_only(client: httpx.Client, ada: Person, eve: Person) -> None:
    """A list shows and counts one's own rows only, whatever is searched."""
    for number in range(3):
        write_note(client, ada, f"Ada's {number}")
    own = write_note(client, eve, "Eve's")

    for query in ({}, {"keyword": "'s"}, {"size": 100}, {"sort": "title"}):
        page = client.get("/api/notes", params=query, headers=eve.headers).json()
        assert [note["id"] for note in page["items"]] == [own]
        assert page["total"] == 1


@pytest.mark.check("Z07")
@on_sqlite
def test_everything_else_needs_a_sign_in(client: httpx.Client) -> None:
    """Every documented operation that is not in the public list is 401 for strangers."""
    calls = set(_documented(client))

    statuses = {
        (method, path): client.request(method, path.replace("{", "").replace("}", "")).status_code
        for method, path in calls - PUBLIC
    }

    assert calls >= PUBLIC
    assert {call: status for call, status in statuses.items() if status != 401} == {}


def _documented(client: httpx.Client) -> Iterator[tuple[str, str]]:
    document = client.get("/openapi.json").json()
    for path, operations in document["paths"].items():
        for method in operations:
            yield method.upper(), path


@pytest.mark.check("Z07")
@on_sqlite
def test_undocumented_routes_are_pages(client: httpx.Client, running: Service) -> None:
    """Routes that are not in the document are HTML pages, and none is a WebSocket."""
    program = """
import json
from starlette.routing import Mount, Route, WebSocketRoute
from app.main import app
def walk(routes, prefix=""):
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from walk(inner.routes, prefix + (route.include_context.prefix or ""))
            continue
        yield prefix + route.path, type(route).__name__
print(json.dumps(sorted(set(walk(app.routes)))))
"""
    found = json.loads(running.python("-c", program).output)

    documented = {path for _, path in _documented(client)}
    hidden = {path for path, _ in found} - documented
    assert hidden <= HIDDEN
    assert documented <= {path for path, _ in found}
    assert not any("WebSocket" in kind for _, kind in found)


@pytest.mark.check("Z08")
@on_sqlite
def test_a_wrong_method_is_405(client: httpx.Client, ada: Person) -> None:
    """A wrong method is 405 with the allowed ones; TRACE and override headers have no effect."""
    note = write_note(client, ada)
    path = f"/api/notes/{note}"
    wrong = [
        client.put("/api/notes", headers=ada.headers),
        client.post(path, headers=ada.headers),
        client.delete("/health/live"),
        client.get("/api/auth/login"),
    ]
    trace = client.request("TRACE", path, headers=ada.headers)
    override = dict.fromkeys(("X-HTTP-Method-Override", "X-Method-Override"), "DELETE")
    overridden = [
        client.get(path, headers=ada.headers | override),
        client.get(path, headers=ada.headers, params={"_method": "DELETE"}),
    ]

    assert [response.status_code for response in wrong] == [405] * len(wrong)
    allowed = [set(response.headers["allow"].split(", ")) - {"HEAD"} for response in wrong]
    assert allowed == [{"GET", "POST"}, {"GET", "PATCH", "DELETE"}, {"GET"}, {"POST"}]
    assert trace.status_code == 405
    assert ada.access not in trace.text
    assert [response.status_code for response in overridden] == [200, 200]
    assert client.get(path, headers=ada.headers).status_code == 200


@pytest.mark.check("Z09")
def test_roles_count_from_the_next_request(
    client: httpx.Client, admin: Person, ada: Person
) -> None:
    """A granted or revoked role takes effect with the next request of the same token."""
    path = f"/api/users/{ada.id}/roles"

    def with_roles(*names: str) -> int:
        response = client.put(path, json={"roles": names}, headers=admin.headers)
        assert response.status_code == 200
        return admin_only(client, ada)

    assert with_roles("admin") == 200
    assert with_roles("member") == 403
    assert with_roles() == 403
