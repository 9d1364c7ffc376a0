"""Coming in with a session cookie: what it opens, how it ends, and who may not use it."""

from datetime import timedelta

import pytest
from httpx import AsyncClient, Response
from tortoise import timezone

from app.models.token import Token
from app.models.user import User
from tests.factories import PASSWORD, add_user

Headers = dict[str, str]
HERE = "http://test"
ELSEWHERE = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://test:8080"},
    {"Origin": "http://test@evil.example"},
    {"Origin": "http://["},
    {"Origin": HERE, "Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]
by_two_settings = pytest.mark.parametrize(
    ("name", "flags"),
    [
        pytest.param(name, flags, marks=pytest.mark.settings(ENVIRONMENT=environment))
        for environment, name, flags in [
            ("development", "session", set()),
            ("production", "__Host-session", {"Secure"}),
        ]
    ],
)


async def sign_in(client: AsyncClient, name: str = "ada", **headers: str) -> Response:
    form = {"username": name, "password": PASSWORD}
    return await client.post("/api/auth/session", data=form, headers=headers)


def headers_from(response: Response) -> Headers:
    """Return what a page's requests carry once somebody has signed in."""
    assert response.status_code == 200, response.text
    cookie = response.headers["set-cookie"].partition(";")[0]
    return {"Cookie": cookie, "X-CSRF-Token": response.json()["csrf_token"]}


async def change(client: AsyncClient, headers: Headers) -> int:
    """Return the status of a request that changes something."""
    return (await client.patch("/api/users/me", json={"age": 40}, headers=headers)).status_code


async def status_of(client: AsyncClient, headers: Headers) -> int:
    return (await client.get("/api/users/me", headers=headers)).status_code


@pytest.fixture
async def session(client: AsyncClient) -> Headers:
    """Return the headers of Ada's requests."""
    await add_user("ada")
    return headers_from(await sign_in(client))


@by_two_settings
async def test_the_cookie_is_closed_to_scripts_and_other_sites(
    client: AsyncClient, name: str, flags: set[str]
) -> None:
    await add_user("ada")

    opened = await sign_in(client)
    session = headers_from(opened)
    closed = await client.delete("/api/auth/session", headers=session)

    always = {"HttpOnly", "Path=/", "SameSite=lax"}
    for response, value, age in ((opened, session["Cookie"], 14 * 86400), (closed, f'{name}=""', 0)):
        cookie, *found = response.headers["set-cookie"].split("; ")
        assert cookie == value
        assert set(found) == always | flags | {f"Max-Age={age}"}
    assert session["Cookie"].startswith(f"{name}=")
    assert await status_of(client, session) == 401


async def test_form_and_json_are_read_and_nothing_else(client: AsyncClient) -> None:
    await add_user("ada")
    right = {"username": "ada@example.org", "password": PASSWORD}

    answers = [
        await client.post("/api/auth/session", json=right),
        await client.post("/api/auth/session", data=right | {"grant_type": "password"}),
        await client.post("/api/auth/session", json=right | {"admin": True}),
        await client.post("/api/auth/session", data={"password": PASSWORD}),
        await client.post("/api/auth/session", data={"password": ""}, files={"username": b"ada"}),
        await client.post("/api/auth/session", content=b"{}", headers={"Content-Type": "text/plain"}),
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 422, 422, 422, 415]
    assert [error["field"] for error in answers[3].json()["errors"]] == ["username"]
    assert not any(PASSWORD in answer.text for answer in answers)


async def test_a_page_reads_its_token_again(client: AsyncClient, session: Headers) -> None:
    response = await client.get("/api/auth/session", headers={"Cookie": session["Cookie"]})

    assert response.json()["csrf_token"] == session["X-CSRF-Token"]
    assert (await client.get("/api/auth/session")).status_code == 401


async def test_a_change_needs_the_token_of_its_session(
    client: AsyncClient, session: Headers
) -> None:
    other = headers_from(await sign_in(client))
    wrong = [None, "", "é", other["X-CSRF-Token"], f"{session['X-CSRF-Token']}="]

    statuses = [
        await change(client, {"Cookie": session["Cookie"]} | ({"X-CSRF-Token": token} if token is not None else {}))
        for token in wrong
    ]

    assert statuses == [403] * len(wrong)
    assert await change(client, session) == 200
