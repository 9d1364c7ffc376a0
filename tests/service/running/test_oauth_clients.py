"""OAuth 2 libraries as clients: sign-in, use, refresh, failure."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from httpx_oauth.oauth2 import OAuth2, RefreshTokenError
from oauthlib.oauth2 import InvalidGrantError, LegacyApplicationClient
from requests_oauthlib import OAuth2Session

from tests.service.running.conftest import on_sqlite
from tests.support.harness import Service
from tests.support.people import PASSWORD, Person, log_in

pytestmark = on_sqlite

Token = Mapping[str, Any]
CLIENT_ID = "an app"


@pytest.mark.check("T23")
def test_authlib_signs_in_and_refreshes(running: Service, ada: Person) -> None:
    """Authlib gets, uses and refreshes tokens, and raises our error codes."""
    login, refresh = (f"{running.url}/api/auth/{name}" for name in ("login", "refresh"))
    with AuthlibSession(CLIENT_ID, token_endpoint=login) as client:
        client.trust_env = False
        first = client.fetch_token(login, username=ada.name, password=PASSWORD)
        assert client.get(f"{running.url}/api/users/me").json()["username"] == ada.name
        second = client.refresh_token(refresh, refresh_token=first["refresh_token"])
        assert client.get(f"{running.url}/api/users/me").status_code == 200
        with pytest.raises(OAuthError) as reused:
            client.refresh_token(refresh, refresh_token=first["refresh_token"])
        with pytest.raises(OAuthError) as wrong:
            client.fetch_token(login, username=ada.name, password="wrong")
        with pytest.raises(OAuthError) as unknown:
            client.fetch_token(login, grant_type="client_credentials", username="a", password="b")

    assert second["refresh_token"] != first["refresh_token"]
    assert [found.value.error for found in (reused, wrong, unknown)] == [
        *("invalid_grant", "invalid_grant", "unsupported_grant_type")
    ]


@pytest.mark.check("T23")
def test_requests_oauthlib_signs_in_and_refreshes(
    running: Service, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """requests-oauthlib gets and uses tokens, refreshes expired ones, and raises our errors."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # no TLS on this machine
    login, refresh = (f"{running.url}/api/auth/{name}" for name in ("login", "refresh"))
    renewed: list[Token] = []
    with OAuth2Session(
        client=LegacyApplicationClient(CLIENT_ID),
        auto_refresh_url=refresh,
        auto_refresh_kwargs={"client_id": CLIENT_ID},
        token_updater=renewed.append,
    ) as client:
        client.trust_env = False
        first = client.fetch_token(login, username=ada.name, password=PASSWORD)
        me = client.get(f"{running.url}/api/users/me")
        client.token = {**first, "expires_at": 1}
        again = client.get(f"{running.url}/api/users/me")
        with pytest.raises(InvalidGrantError):
            client.refresh_token(refresh, refresh_token=first["refresh_token"])
        with pytest.raises(InvalidGrantError):
            client.fetch_token(login, username=ada.name, password="wrong")

    assert me.json()["username"] == again.json()["username"] == ada.name
    assert [token["refresh_token"] == first["refresh_token"] for token in renewed] == [False]


@pytest.mark.check("T23")
def test_httpx_oauth_refreshes(running: Service, client: httpx.Client, ada: Person) -> None:
    """httpx-oauth, which has no password grant, refreshes tokens, and raises an error."""
    login, refresh = (f"{running.url}/api/auth/{name}" for name in ("login", "refresh"))
    library = OAuth2(CLIENT_ID, "no secret", login, login, refresh_token_endpoint=refresh)
    first: Token = log_in(client, ada.name).json()

    second = asyncio.run(library.refresh_token(first["refresh_token"]))
    headers = {"Authorization": f"Bearer {second['access_token']}"}
    assert client.get("/api/users/me", headers=headers).json()["username"] == ada.name
    assert not second.is_expired()
    with pytest.raises(RefreshTokenError) as reused:
        asyncio.run(library.refresh_token(first["refresh_token"]))

    assert reused.value.response is not None
    assert reused.value.response.json()["error"] == "invalid_grant"


Send = Callable[[httpx.Client, Person], httpx.Response]
FAILURES: dict[str, tuple[Send, int, str]] = {
    "wrong password": (
        lambda http, ada: log_in(http, ada.name, "wrong"),
        *(401, "invalid_grant"),
    ),
    "no password": (
        lambda http, ada: http.post("/api/auth/login", data={"username": ada.name}),
        *(422, "invalid_request"),
    ),
    "another grant": (
        lambda http, _: http.post(
            "/api/auth/login",
            data={"grant_type": "refresh_token", "username": "a", "password": "b"},
        ),
        *(400, "unsupported_grant_type"),
    ),
    "repeated field": (
        lambda http, ada: http.post(
            "/api/auth/login",
            content=f"username=nobody&username={ada.name}&password={PASSWORD}",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        ),
        *(400, "invalid_request"),
    ),
    "unknown token": (
        lambda http, _: http.post("/api/auth/refresh", json={"refresh_token": "x"}),
        *(401, "invalid_grant"),
    ),
    "no token": (
        lambda http, _: http.post("/api/auth/refresh", data={"grant_type": "refresh_token"}),
        *(422, "invalid_request"),
    ),
    "malformed JSON": (
        lambda http, _: http.post(
            "/api/auth/refresh", content="{", headers={"Content-Type": "application/json"}
        ),
        *(422, "invalid_request"),
    ),
    "unknown field": (
        lambda http, ada: http.post(
            "/api/auth/refresh", json={"refresh_token": ada.refresh, "scope": ""}
        ),
        *(422, "invalid_request"),
    ),
    "another grant to refresh": (
        lambda http, ada: http.post(
            "/api/auth/refresh", data={"grant_type": "password", "refresh_token": ada.refresh}
        ),
        *(400, "unsupported_grant_type"),
    ),
    "another type": (
        lambda http, _: http.post("/api/auth/refresh", content=b"x"),
        *(415, "invalid_request"),
    ),
}


@pytest.mark.check("T23")
@pytest.mark.parametrize(("send", "status", "code"), FAILURES.values(), ids=FAILURES)
def test_errors_of_the_token_routes_have_a_code(
    client: httpx.Client, ada: Person, send: Send, status: int, code: str
) -> None:
    """Errors of the token routes have the codes of RFC 6749, are not cached and quote no secret."""
    response = send(client, ada)

    assert (response.status_code, response.json().get("error")) == (status, code)
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["cache-control"] == "no-store"
    assert ada.refresh not in response.text


@pytest.mark.check("T23")
def test_fields_without_a_value_count_as_omitted(client: httpx.Client, ada: Person) -> None:
    """A field without a value is treated as if it was omitted (RFC 6749 §3.2)."""
    form = {"grant_type": "", "scope": "", "username": ada.name, "password": PASSWORD}
    signed_in = client.post("/api/auth/login", data=form)
    again = {"grant_type": "", "refresh_token": ada.refresh}

    assert signed_in.status_code == 200
    assert client.post("/api/auth/refresh", data=again).status_code == 200
    assert client.post("/api/auth/login", data=form | {"password": ""}).status_code == 422


@pytest.mark.check("T23")
def test_other_routes_have_no_error_codes(client: httpx.Client, ada: Person) -> None:
    """Errors of other routes have no member `error`."""
    responses = [
        client.get("/api/users/me"),
        client.post("/api/users", json={}),
        client.get("/api/users", headers=ada.headers),
    ]

    assert [response.status_code for response in responses] == [401, 422, 403]
    assert not any("error" in response.json() for response in responses)
