"""API keys, which programs send with each request."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable

import pytest
from httpx import AsyncClient
from tortoise import timezone

from app.accounts import api_keys, permissions, tokens
from app.accounts.api_key_commands import issue_key
from app.accounts.authentication.api_key import NAME
from app.accounts.models import LoginFailure, Token, User
from tests.conftest import LogLines, run
from tests.factories import PASSWORD, add_user

PING = "/api/webhook/ping"
NOBODYS = "sk_abcdefgh_00000000000000000000000000000000aO9O2J"


@pytest.fixture
async def key(client: AsyncClient) -> str:
    """Give an administrator a key, and let the client send it."""
    client.headers[NAME] = await issue_key(await add_user("root", role="admin"), "everything")
    return client.headers[NAME]


async def test_a_key_is_shown_once_and_stored_as_a_hash(client: AsyncClient, key: str) -> None:
    created = (await client.post("/api/api-keys", json={"name": "bot"})).json()
    new = created.pop("key")

    assert re.fullmatch(rf"sk_{created['prefix']}_[A-Za-z0-9]{{38}}", new)
    assert (await client.get(PING, headers={NAME: new})).json() == {"status": "ok"}
    page = (await client.get("/api/api-keys", params={"page": 2, "size": 1})).json()
    assert (page["total"], page["page"], page["pages"]) == (2, 2, 2)
    (listed,) = page["items"]
    assert listed.pop("last_used_at")
    assert listed == created
    stored = await Token.get(id=created["id"]).values()
    assert stored["secret_hash"] == tokens.digest(new)
    assert new.rpartition("_")[2] not in str(stored)


@pytest.mark.parametrize("wrong", [b"", b"sk_", NOBODYS.encode(), "ключ".encode(), b"sk_\xe9\xff"])
async def test_every_invalid_key_gets_the_same_answer(client: AsyncClient, wrong: bytes) -> None:
    for path in (PING, "/api/users/me"):
        response = await client.get(path, headers={NAME.encode(): wrong})

        assert response.status_code == 401
        assert response.headers["www-authenticate"] == "ApiKey"
        assert response.json()["detail"] == "Send a valid key in the header X-API-Key"


async def test_a_mistyped_key_costs_no_statement(
    client: AsyncClient, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "tortoise.db_client")
    for place, sign in enumerate(key):
        mistyped = key[:place] + ("b" if sign == "a" else "a") + key[place + 1 :]
        assert (await client.get(PING, headers={NAME: mistyped})).status_code == 401

    assert "tortoise.db_client" not in {line.name for line in caplog.records}
    await client.get(PING, headers={NAME: NOBODYS})
    assert "tortoise.db_client" in {line.name for line in caplog.records}


async def test_scopes_narrow_what_a_key_may(client: AsyncClient, key: str) -> None:
    root = await User.get(username="root")
    path = f"/api/users/{(await add_user('ada')).id}"
    client.headers[NAME] = await issue_key(root, "everything", *permissions.of_all_parts())
    own = f"/api/users/0{root.id}"
    for method, change in [("PATCH", {"email": "bot@example.org"}), ("DELETE", None)]:
        assert (await client.request(method, own, json=change)).status_code == 403
    client.headers[NAME] = await issue_key(root, "reader", "user:read")
    calls: list[tuple[str, str, object, int]] = [
        ("GET", PING, None, 200),
        ("GET", path, None, 200),
        ("GET", own, None, 200),
        ("PATCH", path, {"age": 30}, 403),
        ("PATCH", "/api/users/me", {"age": 30}, 403),
        ("POST", "/api/api-keys", {"name": "bot"}, 403),
        ("DELETE", "/api/api-keys/1", None, 403),
    ]
    for method, where, body, status in calls:
        assert (await client.request(method, where, json=body)).status_code == status

    await root.roles.clear()
    assert (await client.get(path)).status_code == 403


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"scopes": ["king"]}, 422),
        ({"scopes": ["user:read"]}, 403),
        ({"expires_at": "2020-01-01T00:00:00Z"}, 422),
        ({"expires_at": "2100-01-01T00:00:00"}, 422),
        ({"expires_at": "9999-12-31T23:59:59-01:00"}, 422),
        ({"expires_at": 4102444800}, 422),
        ({"expires_at": "9998-12-30T23:59:59Z", "scopes": []}, 201),
    ],
)
async def test_a_new_key_has_valid_scopes_and_a_future_expiry(
    client: AsyncClient, form: dict[str, object], status: int
) -> None:
    headers = {NAME: await issue_key(await add_user("ada"), "all")}

    response = await client.post("/api/api-keys", json={"name": "bot"} | form, headers=headers)

    assert response.status_code == status
    assert status != 422 or response.json()["errors"][0]["field"] in form


@pytest.mark.parametrize(
    "end",
    [
        lambda token: api_keys.revoke(token.owner, token.id),
        lambda token: Token.filter(id=token.id).update(expires_at=timezone.now()),
        lambda token: User.filter(id=token.owner_id).update(is_active=False),
        lambda token: User.filter(id=token.owner_id).delete(),
    ],
    ids=["revoked", "expired", "disabled", "deleted"],
)
async def test_a_revoked_key_is_refused_at_once(
    client: AsyncClient, end: Callable[[Token], Awaitable[object]]
) -> None:
    headers = {NAME: await issue_key(await add_user("ada"), "bot")}
    assert (await client.get(PING, headers=headers)).status_code == 200

    await end(await Token.get(name="bot").select_related("owner"))

    assert (await client.get(PING, headers=headers)).status_code == 401


async def test_an_account_has_few_keys_also_if_many_are_created_at_once(
    client: AsyncClient, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_keys, "MOST_KEYS", 3)
    past = timezone.now()
    await tokens.issue(await User.get(username="root"), "api_key", name="old", expires_at=past)
    new = {"name": "bot"}

    answers = await asyncio.gather(*(client.post("/api/api-keys", json=new) for _ in range(6)))

    assert sorted(answer.status_code for answer in answers) == [201] * 2 + [409] * 4
    await api_keys.revoke(await User.get(username="root"), (await Token.filter(name="bot"))[0].id)
    assert (await client.post("/api/api-keys", json=new)).status_code == 201


async def test_a_new_password_leaves_keys_alone(client: AsyncClient, key: str) -> None:
    words = {"new_password": PASSWORD[::-1], "confirm_password": PASSWORD[::-1]}
    form = {"current_password": PASSWORD, **words}

    assert (await client.put("/api/users/me/password", json=form)).status_code == 204
    assert (await client.get(PING)).status_code == 200


async def test_no_key_is_logged(client: AsyncClient, key: str, log_lines: LogLines) -> None:
    created = (await client.post("/api/api-keys", json={"name": "bot"})).json()["key"]
    for each in (key, created, NOBODYS):
        await client.get(PING, headers={NAME: each})

    log = str(log_lines())
    assert log.count("'app.access'") == 4
    for each in (key, created, NOBODYS):
        assert each[12:] not in log


async def test_nobody_revokes_the_key_of_another(client: AsyncClient, key: str) -> None:
    hers = await issue_key(await add_user("ada"), "bot")
    number = (await Token.get(name="bot")).id

    assert (await client.delete(f"/api/api-keys/{number}")).status_code == 404
    assert (await client.get(PING, headers={NAME: hers})).status_code == 200


@pytest.mark.settings(RATE_LIMIT_LOGIN="1/minute")
async def test_wrong_keys_are_counted_by_address(client: AsyncClient, key: str) -> None:
    wrong = [await issue_key(await User.get(username="root"), "bot") for _ in range(6)]
    await Token.filter(name="bot").delete()

    answers = [await client.get(PING, headers={NAME: each}) for each in wrong]

    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert len(set(await LoginFailure.all().values_list("key_hash", flat=True))) == 1
    assert (await client.get(PING)).status_code == 200


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("root",), "Key of root, shown this once: sk_"),
        (("ada", "--scope", "user:read"), "Error: A key cannot have permissions"),
        (("ada", "--name", "x" * 101), "Error: name: "),
        (("root", "--scope", "king"), "Error: scopes: Choose from user:read, user:write"),
        (("eve",), "Error: There is no active user called eve."),
    ],
)
async def test_a_command_makes_a_key(key: str, words: tuple[str, ...], said: str) -> None:
    await add_user("ada")
    await User.filter(id=(await add_user("eve")).id).update(is_active=False)

    result = await run("create-api-key", *words)

    assert result.output.startswith(said)
    assert await Token.filter(name="first key").count() == (result.exit_code == 0)
