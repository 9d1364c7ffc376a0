"""Accounts: what their owners and administrators may do."""

import asyncio
import logging

import pytest
from httpx import AsyncClient, Response

from app.accounts import passwords
from app.accounts.models import Role, Token, User
from app.accounts.schemas import UserDetail, UserQuery
from tests.factories import PASSWORD, add_user, headers_of

NEW_PASSWORD = "staple battery horse correct"
ON_ANY_ACCOUNT: list[tuple[str, str, object]] = [
    ("GET", "", None),
    ("PATCH", "", {"age": 30}),
    ("DELETE", "", None),
    ("PUT", "/roles", {"roles": []}),
]


@pytest.fixture
async def as_ada(client: AsyncClient) -> None:
    """Sign the client in as Ada, who has no role."""
    client.headers.update(await headers_of(await add_user("ada")))


@pytest.fixture
async def as_root(client: AsyncClient) -> None:
    """Sign the client in as an administrator."""
    client.headers.update(await headers_of(await add_user("root", role="admin")))


async def change_password(client: AsyncClient, **changes: object) -> Response:
    form = {"new_password": NEW_PASSWORD, "confirm_password": NEW_PASSWORD}
    body = {"current_password": PASSWORD, **form, **changes}
    return await client.put("/api/users/me/password", json=body)


async def test_owners_see_their_account(client: AsyncClient, as_ada: None) -> None:
    response = await client.get("/api/users/me/")

    assert response.status_code == 200
    assert response.json()["username"] == "ada"
    assert response.json()["roles"] == []
    assert "password" not in response.text


async def test_a_change_keeps_absent_fields_and_clears_null_ones(
    client: AsyncClient, as_ada: None
) -> None:
    await client.patch("/api/users/me", json={"age": 36})

    renamed = await client.patch("/api/users/me", json={"username": "Countess"})
    ageless = await client.patch("/api/users/me", json={"age": None})

    assert (renamed.json()["username"], renamed.json()["age"]) == ("Countess", 36)
    assert (ageless.json()["username"], ageless.json()["age"]) == ("Countess", None)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"username": None}, 422),
        ({"email": "ada@example.com"}, 422),
        ({"is_active": True}, 422),
        ({"roles": ["admin"]}, 422),
        ({"id": 1}, 422),
        ({"username": "EVE"}, 409),
    ],
)
async def test_users_cannot_set_protected_or_taken_values_on_their_account(
    client: AsyncClient, as_ada: None, changes: dict[str, object], status: int
) -> None:
    await add_user("eve")
    before = await User.get(username="ada").values()

    response = await client.patch("/api/users/me", json=changes)

    assert response.status_code == status
    assert await User.get(username="ada").values() == before


async def test_an_administrator_sets_an_address_that_is_free(
    client: AsyncClient, as_root: None
) -> None:
    path = f"/api/users/{(await add_user('ada')).id}"
    await add_user("eve")

    taken = await client.patch(path, json={"email": "Eve@example.org"})
    free = await client.patch(path, json={"email": "ada@example.com"})

    assert taken.status_code == 409
    assert free.json()["email"] == "ada@example.com"


async def test_a_new_password_replaces_the_old_one(client: AsyncClient, as_ada: None) -> None:
    response = await change_password(client)

    stored = await User.get(username="ada")
    assert response.status_code == 204
    assert await passwords.verify(NEW_PASSWORD, stored.password_hash) == (True, None)


@pytest.mark.parametrize(
    ("changes", "status", "fields"),
    [
        ({"current_password": "wrong"}, 400, []),
        ({"current_password": None}, 422, ["current_password"]),
        ({"confirm_password": "other"}, 422, ["confirm_password"]),
        ({"new_password": "short", "confirm_password": "short"}, 422, ["new_password"]),
        ({"new_password": "password1", "confirm_password": "password1"}, 422, ["new_password"]),
    ],
)
async def test_a_password_is_changed_only_with_the_current_one(
    client: AsyncClient, as_ada: None, changes: dict[str, object], status: int, fields: list[str]
) -> None:
    response = await change_password(client, **changes)

    assert response.status_code == status
    assert [fault["field"] for fault in response.json().get("errors", [])] == fields
    assert (await client.get("/api/users/me")).status_code == 200
    stored = await User.get(username="ada")
    assert await passwords.verify(PASSWORD, stored.password_hash) == (True, None)


async def test_guesses_at_the_current_password_are_limited(
    client: AsyncClient, as_ada: None
) -> None:
    statuses = [
        (await change_password(client, current_password="wrong")).status_code for _ in range(11)
    ]

    assert statuses == [400] * 10 + [429]


@pytest.mark.parametrize(("method", "path", "body"), ON_ANY_ACCOUNT)
async def test_a_plain_user_does_not_learn_which_ids_exist(
    client: AsyncClient, as_ada: None, method: str, path: str, body: object
) -> None:
    eve = await add_user("eve")

    there = await client.request(method, f"/api/users/{eve.id}{path}", json=body)
    nowhere = await client.request(method, f"/api/users/{eve.id + 1}{path}", json=body)

    assert there.status_code == nowhere.status_code == 403
    assert there.json()["detail"] == nowhere.json()["detail"]
    assert await User.get(id=eve.id).values() == await User.get(username="eve").values()


@pytest.mark.parametrize(("method", "path", "body"), ON_ANY_ACCOUNT)
async def test_an_administrator_learns_which_ids_exist(
    client: AsyncClient, as_root: None, method: str, path: str, body: object
) -> None:
    eve = await add_user("eve")

    there = await client.request(method, f"/api/users/{eve.id}{path}", json=body)
    nowhere = await client.request(method, f"/api/users/{eve.id + 1}{path}", json=body)

    assert there.is_success
    assert nowhere.status_code == 404


@pytest.mark.parametrize(
    "user_id", ["0", "-1", str(2**63), "1" + "0" * 40, "1_0", "\u0661", "1.0", "%00", "ada"]
)
async def test_an_invalid_user_id_is_refused(
    client: AsyncClient, as_root: None, user_id: str
) -> None:
    response = await client.get(f"/api/users/{user_id}")

    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "user_id"


async def test_a_disabled_account_is_refused_at_once(client: AsyncClient, as_root: None) -> None:
    ada = await add_user("ada")
    headers = await headers_of(ada)

    for is_active in (False, True):
        changed = await client.patch(f"/api/users/{ada.id}", json={"is_active": is_active})

        assert changed.json()["is_active"] is is_active
        assert (await client.get("/api/users/me", headers=headers)).status_code == 401


async def test_a_deleted_account_is_refused_at_once(client: AsyncClient, as_root: None) -> None:
    ada = await add_user("ada")
    headers = await headers_of(ada)

    response = await client.delete(f"/api/users/{ada.id}")

    assert response.status_code == 204
    assert (await client.get("/api/users/me", headers=headers)).status_code == 401
    assert await Token.filter(owner_id=ada.id).count() == 0


@pytest.mark.parametrize(("page", "names"), [(1, "root ada"), (2, "bob eve"), (3, "zoe"), (4, "")])
async def test_a_list_comes_in_pages(
    client: AsyncClient, as_root: None, page: int, names: str
) -> None:
    for name in ("ada", "bob", "eve", "zoe"):
        await add_user(name)

    response = await client.get("/api/users", params={"page": page, "size": 2})

    items = response.json().pop("items")
    assert response.json() == {"items": items, "total": 5, "page": page, "pages": 3}
    assert [item["username"] for item in items] == names.split()
    assert all(item.keys() == {"id", "username", "email"} for item in items)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("page", value) for value in ["0", "-1", "x", "1" + "0" * 20]),
        *(("size", value) for value in ["0", "-1", "101", "1.5"]),
        *(("keyword", value) for value in ["a\x00b", "a\nb", "x" * 51]),
    ],
)
async def test_an_invalid_page_size_or_keyword_is_refused(
    client: AsyncClient, as_root: None, name: str, value: str
) -> None:
    response = await client.get("/api/users", params={name: value})

    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == name


@pytest.mark.parametrize(
    ("keyword", "names"),
    [
        ("%", "100%"),
        ("_", "snake_case"),
        ("\\", "back\\slash"),
        ("SNAKE", "snake_case"),
        ("h@example", "back\\slash"),
        ("ßMANN@", "Großmann"),
        ("' OR 1=1 --", ""),
        (" ", "root 100% snake_case back\\slash Großmann"),
    ],
)
async def test_a_keyword_is_taken_literally_in_any_case(
    client: AsyncClient, as_root: None, keyword: str, names: str
) -> None:
    for name in ("100%", "snake_case", "back\\slash", "Großmann"):
        await add_user(name)

    response = await client.get("/api/users", params={"keyword": keyword})

    assert [user["username"] for user in response.json()["items"]] == names.split()
    assert response.json()["total"] == len(names.split())


async def test_a_long_list_costs_as_many_statements_as_a_short_one(
    client: AsyncClient, as_root: None, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(99):
        await add_user(f"user-{number}")
    await client.get("/api/users")  # some credentials store their first use
    caplog.set_level(logging.DEBUG, "tortoise.db_client")

    for size in (1, 100):
        caplog.clear()
        response = await client.get("/api/users", params={"size": size})

        assert len(response.json()["items"]) == size
        assert len([line for line in caplog.records if line.name == "tortoise.db_client"]) == 4


async def test_the_last_administrator_cannot_be_removed(client: AsyncClient, as_root: None) -> None:
    root = await User.get(username="root")
    ways: list[tuple[str, str, object]] = [
        ("DELETE", "", None),
        ("PATCH", "", {"is_active": False}),
        ("PUT", "/roles", {"roles": ["member"]}),
    ]
    for method, path, body in ways:
        response = await client.request(method, f"/api/users/{root.id}{path}", json=body)

        assert response.status_code == 409
    assert await User.filter(id=root.id, is_active=True, roles__name="admin").count() == 1


async def test_of_two_administrators_who_remove_each_other_one_stays(client: AsyncClient) -> None:
    pair = [await add_user(name, role="admin") for name in ("root", "toor")]
    headers = [await headers_of(user) for user in pair]

    answers = await asyncio.gather(
        *(
            client.delete(f"/api/users/{other.id}", headers=mine)
            for mine, other in zip(headers, reversed(pair), strict=True)
        )
    )

    assert 204 in {answer.status_code for answer in answers}
    assert await User.filter(roles__name="admin").count() == 1


async def test_nobody_manages_accounts_with_more_permissions(client: AsyncClient) -> None:
    await Role.create(name="staff", permissions=["user:write", "user:delete", "role:write"])
    root = await add_user("root", role="admin")
    ada = await add_user("ada")
    client.headers.update(await headers_of(await add_user("sam", role="staff")))
    ways: list[tuple[str, str, object]] = [
        ("DELETE", f"{root.id}", None),
        ("PATCH", f"{root.id}", {"email": "sam@example.org"}),
        ("PUT", f"{root.id}/roles", {"roles": []}),
        ("PUT", f"{ada.id}/roles", {"roles": ["admin"]}),
    ]
    for method, path, body in ways:
        assert (await client.request(method, f"/api/users/{path}", json=body)).status_code == 403

    granted = await client.put(f"/api/users/{ada.id}/roles", json={"roles": ["staff"]})
    assert granted.json()["roles"] == ["staff"]


async def test_a_page_with_related_rows_takes_three_statements(
    client: AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("ada", "eve"):
        await add_user(name, role="admin")
    caplog.set_level(logging.DEBUG, "tortoise.db_client")

    page = await UserQuery().fetch_page(User.all(), output=UserDetail)

    assert [line.name for line in caplog.records].count("tortoise.db_client") == 3
    shown = [UserDetail.model_validate(user) for user in page["items"]]
    assert [user.roles for user in shown] == [["admin"], ["admin"]]
