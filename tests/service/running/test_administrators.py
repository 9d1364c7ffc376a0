"""Administrators: one always remains, and nobody changes an account with more permissions."""

# ruff: noqa: S608 - the statements are ours, and so are the values in them

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import httpx
import pytest

from tests.service.running.conftest import on_sqlite, sibling_service
from tests.service.running.threads import in_threads
from tests.support import people, sql
from tests.support.harness import Service
from tests.support.people import Person, sign_in, sign_up

ROUNDS = 50
EVERYTHING = ["user:read", "user:write", "user:delete", "role:write"]
ROLES = {"clerk": ["role:write"], "deputy": EVERYTHING[:3], "reader": ["user:read"]}
REMOVALS: dict[str, Callable[[int], tuple[str, str, Any]]] = {
    "delete": lambda id_: ("DELETE", f"/api/users/{id_}", None),
    "disable": lambda id_: ("PATCH", f"/api/users/{id_}", {"is_active": False}),
    "demote": lambda id_: ("PUT", f"/api/users/{id_}/roles", {"roles": ["member"]}),
}
ACTIVE = (
    "SELECT users.id FROM users JOIN user_roles ON user_id = users.id"
    " JOIN roles ON role_id = roles.id WHERE is_active AND name = 'admin'"
)


@pytest.fixture(scope="module")
def company(running: Service) -> Iterator[Service]:
    """Offer a service with two processes and more roles, without any account."""
    with sibling_service(running) as sibling:
        sibling.cli("migrate")
        for name, permissions in ROLES.items():
            values = f"'{name}', '', '{json.dumps(permissions)}'"
            sql.query(
                sibling, f"INSERT INTO roles (name, description, permissions) VALUES ({values})"
            )
        sibling.start(workers=2)
        yield sibling


@pytest.fixture(scope="module")
def client(company: Service) -> Iterator[httpx.Client]:
    """Offer a client of it."""
    with company.client() as http:
        yield http


@pytest.fixture
def root(company: Service, client: httpx.Client) -> Iterator[Person]:
    """Offer the only administrator."""
    sql.query(company, "DELETE FROM users")
    yield people.create_admin(company, client)
    sql.query(company, "DELETE FROM users")


def remove(client: httpx.Client, way: str, target: Person, by: Person) -> int:
    """Delete, disable or demote somebody, and return the status."""
    method, path, body = REMOVALS[way](target.id)
    return client.request(method, path, json=body, headers=by.headers).status_code


def remove_the_other(client: httpx.Client, ways: list[str], pair: list[Person], number: int) -> int:
    """Let one of two administrators remove the other."""
    return remove(client, ways[number], pair[1 - number], pair[number])


def give(client: httpx.Client, person: Person, role: str, by: Person) -> int:
    """Give somebody one role, and return the status."""
    path, body = f"/api/users/{person.id}/roles", {"roles": [role]}
    return client.put(path, json=body, headers=by.headers).status_code


def enlist(client: httpx.Client, role: str, by: Person) -> Person:
    """Open an account with a role."""
    person = sign_up(client, role)
    assert give(client, person, role, by) == 200
    return person


@pytest.mark.check("Z10")
@pytest.mark.parametrize("way", REMOVALS)
def test_the_last_administrator_cannot_be_removed(
    company: Service, client: httpx.Client, root: Person, way: str
) -> None:
    """The last active administrator cannot be deleted, disabled or demoted; one of two can."""
    disabled = enlist(client, "admin", root)
    assert remove(client, "disable", disabled, root) == 200

    assert remove(client, way, root, root) == 409
    assert sql.query(company, ACTIVE) == [(root.id,)]
    other = enlist(client, "admin", root)
    assert remove(client, way, root, root) in {200, 204}
    assert sql.query(company, ACTIVE) == [(other.id,)]


@pytest.mark.check("Z10")
def test_two_administrators_who_remove_each_other_leave_one(
    company: Service, client: httpx.Client, root: Person
) -> None:
    """Of two administrators who delete, disable or demote each other at once, one remains."""
    pair = [root, enlist(client, "admin", root)]
    ways = list(REMOVALS)
    for number in range(ROUNDS):
        chosen = [ways[number % 3], ways[number // 3 % 3]]

        statuses = in_threads(2, partial(remove_the_other, client, chosen, pair))

        (winner,) = [n for n in range(2) if statuses[n] in {200, 204}]
        assert statuses[1 - winner] in {401, 403, 409}
        victor, loser = pair[winner], pair[1 - winner]
        assert sql.query(company, ACTIVE) == [(victor.id,)]
        if chosen[winner] == "delete":
            loser = sign_up(client, "admin")
        elif chosen[winner] == "disable":
            path, body = f"/api/users/{loser.id}", {"is_active": True}
            client.patch(path, json=body, headers=victor.headers)
            loser = sign_in(client, loser.id, loser.name)
        assert give(client, loser, "admin", victor) == 200
        pair = [victor, loser]


@pytest.mark.check("Z10")
@on_sqlite
def test_nobody_grants_permissions_that_they_lack(
    company: Service, client: httpx.Client, root: Person
) -> None:
    """Nobody grants a role with a permission that they lack, not even to themselves."""
    clerk, other = enlist(client, "clerk", root), enlist(client, "member", root)

    for person in (other, clerk):
        statuses = {role: give(client, person, role, clerk) for role in ("admin", *ROLES)}
        assert statuses == {"admin": 403, "deputy": 403, "reader": 403, "clerk": 200}
    assert sql.query(company, ACTIVE) == [(root.id,)]


@pytest.mark.check("Z10")
@pytest.mark.parametrize("role", ["clerk", "deputy", "reader", "member"])
@on_sqlite
def test_nobody_changes_accounts_with_more_permissions(
    company: Service, client: httpx.Client, root: Person, role: str
) -> None:
    """Nobody edits, disables, deletes or demotes an account with more permissions."""
    person = enlist(client, role, root)
    above = [root, *(enlist(client, more, root) for more in ("admin", "deputy") if more != role)]
    before = sql.dump(company)

    statuses = {
        (target.name, str(body)): client.request(
            method, path, json=body, headers=person.headers
        ).status_code
        for target in above
        for method, path, body in [
            *(removal(target.id) for removal in REMOVALS.values()),
            ("PATCH", f"/api/users/{target.id}", {"email": "mine@example.org"}),
            ("PATCH", f"/api/users/{target.id}", {"username": "mine"}),
            ("PUT", f"/api/users/{target.id}/roles", {"roles": []}),
        ]
    }

    assert set(statuses.values()) == {403}
    assert sql.dump(company) == before


@pytest.mark.check("Z10")
@on_sqlite
def test_accounts_with_as_many_or_fewer_permissions_can_be_changed(
    client: httpx.Client, root: Person
) -> None:
    """Accounts with as many or fewer permissions can be edited by those who may."""
    deputy = enlist(client, "deputy", root)
    below = [enlist(client, role, root) for role in ("deputy", "reader", "member")]

    for person in below:
        path = f"/api/users/{person.id}"
        edited = client.patch(path, json={"age": 44}, headers=deputy.headers)
        assert edited.status_code == 200
        assert remove(client, "disable", person, deputy) == 200
        assert remove(client, "delete", person, deputy) == 204
