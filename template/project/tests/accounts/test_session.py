"""Session cookies: authentication, cross-site requests, expiry and revocation."""

from datetime import timedelta

import pytest
from httpx import AsyncClient, Response
from tortoise import timezone

from app.accounts.models import Token, User
from tests.conftest import LogLines
from tests.factories import PASSWORD, add_user

Headers = dict[str, str]
SESSION = "/api/auth/session"
SHOP = "https://shop.example.org"


async def sign_in(client: AsyncClient, name: str = "ada", **headers: str) -> Response:
    form = {"username": name, "password": PASSWORD}
    return await client.post(SESSION, data=form, headers=headers)


def headers_from(response: Response) -> Headers:
    """Return the headers that a page sends after this answer."""
    cookie = response.headers["set-cookie"].partition(";")[0]
    return {"Cookie": cookie, "X-CSRF-Token": response.json()["csrf_token"]}


async def read(client: AsyncClient, session: Headers) -> int:
    return (await client.get("/api/users/me", headers=session)).status_code


async def change(client: AsyncClient, headers: Headers) -> int:
    return (await client.patch("/api/users/me", json={"age": 40}, headers=headers)).status_code


@pytest.fixture
async def session(client: AsyncClient) -> Headers:
    """Return the headers of Ada's requests."""
    await add_user("ada")
    return headers_from(await sign_in(client))


@pytest.mark.settings(ENVIRONMENT="production")
async def test_scripts_and_other_sites_cannot_use_the_cookie(
    client: AsyncClient, session: Headers
) -> None:
    closed = await client.delete(SESSION, headers=session)
    opened = await sign_in(client)

    for response, age in ((closed, 0), (opened, 14 * 86400)):
        cookie, *found = response.headers["set-cookie"].split("; ")
        assert cookie.startswith("__Host-session=")
        assert found == ["HttpOnly", f"Max-Age={age}", "Path=/", "SameSite=lax", "Secure"]
    assert await read(client, session) == 401


@pytest.mark.settings(ENVIRONMENT="production", ROOT_PATH="/shop")
async def test_behind_a_prefix_the_cookie_stays_below_it(client: AsyncClient) -> None:
    await add_user("ada")

    cookie = (await sign_in(client)).headers["set-cookie"]

    assert cookie.startswith("__Secure-session=")
    assert "; Path=/shop; " in cookie


async def test_forms_and_json_are_read_and_nothing_else(client: AsyncClient) -> None:
    await add_user("ada")
    right = {"username": "ada@example.org", "password": PASSWORD}

    answers = [
        await client.post(SESSION, json=right),
        await client.post(SESSION, data=right | {"grant_type": "password"}),
        await client.post(SESSION, json=right | {"is_admin": True}),
        await client.post(SESSION, data={"password": PASSWORD}, files={"username": b"ada"}),
        await client.post(SESSION, content=b"{}", headers={"Content-Type": "text/plain"}),
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 422, 415, 415]
    assert "application/x-www-form-urlencoded" in answers[3].json()["detail"]
    assert not any(PASSWORD in answer.text for answer in answers)


async def test_changes_need_the_token_of_the_session(client: AsyncClient, session: Headers) -> None:
    cookie = {"Cookie": session["Cookie"]}
    other = headers_from(await sign_in(client))
    page = (await client.get(SESSION, headers=cookie)).json()
    tokens = [{}, {"X-CSRF-Token": ""}, other | cookie, {"X-CSRF-Token": page["csrf_token"]}]

    assert [await change(client, cookie | token) for token in tokens] == [403, 403, 403, 200]


@pytest.mark.settings(CORS_ORIGINS=SHOP)
@pytest.mark.parametrize(
    ("headers", "statuses"),
    [
        ({"Origin": "http://test", "Sec-Fetch-Site": "same-origin"}, {200}),
        ({"Origin": SHOP, "Sec-Fetch-Site": "same-site"}, {200}),
        ({"Origin": "https://evil.example"}, {403}),
        ({"Origin": "https://evil.example", "Authorization": "Bearer x"}, {401, 403}),
        ({"Origin": "null"}, {403}),
        ({"Origin": "http://["}, {403}),
        ({"Origin": "ftp://test"}, {403}),
        ({"Sec-Fetch-Site": "cross-site"}, {403}),
    ],
)
async def test_other_sites_can_neither_act_nor_sign_in(
    client: AsyncClient, session: Headers, headers: Headers, statuses: set[int]
) -> None:
    assert await change(client, session | headers) in statuses
    assert (await sign_in(client, **headers)).status_code in statuses


async def test_two_origins_are_refused_as_cross_site(client: AsyncClient, session: Headers) -> None:
    for name, here, elsewhere in (
        ("Origin", "http://test", "https://evil.example"),
        ("Sec-Fetch-Site", "same-origin", "cross-site"),
    ):
        headers = [*session.items(), (name, here), (name, elsewhere)]
        response = await client.patch("/api/users/me", json={"age": 40}, headers=headers)

        assert response.status_code == 403


@pytest.mark.settings(ENVIRONMENT="production")
@pytest.mark.parametrize(("origin", "status"), [("https://test", 200), ("http://test", 403)])
async def test_production_accepts_only_its_https_origin(
    client: AsyncClient, origin: str, status: int
) -> None:
    await add_user("ada")

    assert (await sign_in(client, Origin=origin)).status_code == status


async def test_signing_in_replaces_an_older_session(client: AsyncClient, session: Headers) -> None:
    for before in ({"Cookie": f"session={'A' * 43}"}, session):
        after = headers_from(await sign_in(client, Cookie=before["Cookie"]))

        assert after["Cookie"] != before["Cookie"]
        assert [await read(client, headers) for headers in (before, after)] == [401, 200]
        assert await read(client, {"Cookie": f"{after['Cookie']}; {after['Cookie']}"}) == 401


@pytest.mark.parametrize(
    ("seconds", "status", "is_noted"), [(30, 200, False), (7100, 200, True), (7200, 401, False)]
)
async def test_a_session_ends_when_it_is_idle_or_old(
    client: AsyncClient, session: Headers, seconds: int, status: int, *, is_noted: bool
) -> None:
    used_at = timezone.now() - timedelta(seconds=seconds)
    await Token.all().update(last_used_at=used_at)

    assert await read(client, session) == status
    assert ((await Token.get()).last_used_at != used_at) == is_noted
    await Token.all().update(last_used_at=timezone.now(), expires_at=timezone.now())
    assert await read(client, session) == 401


async def test_users_list_their_sessions_and_revoke_one(
    client: AsyncClient, session: Headers
) -> None:
    other = headers_from(await sign_in(client))
    await add_user("eve")
    eve = headers_from(await sign_in(client, "eve"))
    mine, its = (await client.get(f"{SESSION}s", headers=other)).json()

    ends = [await client.delete(f"{SESSION}s/{mine['id']}", headers=who) for who in (eve, other)]

    assert (mine["current"], its["current"]) == (False, True)
    assert [end.status_code for end in ends] == [404, 204]
    assert [await read(client, headers) for headers in (session, other, eve)] == [401, 200, 200]


async def test_no_secret_of_a_session_is_logged(
    client: AsyncClient, session: Headers, log_lines: LogLines
) -> None:
    await sign_in(client)
    assert await change(client, session) == 200
    await client.post(SESSION, data={"username": "ada", "password": "hunter2"})

    log = str(log_lines())
    assert log.count("'app.access'") == 3
    for secret in (session["Cookie"].partition("=")[2], session["X-CSRF-Token"], PASSWORD):
        assert secret not in log
    assert "hunter2" not in log


async def test_a_new_password_revokes_other_sessions(client: AsyncClient, session: Headers) -> None:
    other = headers_from(await sign_in(client))
    words = {"new_password": PASSWORD[::-1], "confirm_password": PASSWORD[::-1]}
    body = words | {"current_password": PASSWORD}

    await client.put("/api/users/me/password", json=body, headers=session)

    assert [await read(client, headers) for headers in (session, other)] == [200, 401]
    await User.all().update(is_active=False)
    assert await read(client, session) == 401
