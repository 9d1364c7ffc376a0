"""Session cookies: their attributes, protection from other sites, and expiry."""

# ruff: noqa: S608 - the statements are ours, and so are the values in them

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx
import pytest

from tests.service.running import forged_tokens
from tests.service.running.conftest import ORIGIN, on_sqlite, sibling_service
from tests.support import sql
from tests.support.harness import Service
from tests.support.people import PASSWORD, Person
from tests.support.problems import assert_problem

Headers = httpx.Headers | dict[str, str] | list[tuple[str, str]]

SESSION = "/api/auth/session"
EVIL = "https://evil.example"
ELSEWHERE: list[dict[str, str]] = [
    {"Origin": EVIL},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "http://127.0.0.1"},
    {"Origin": "http://127.0.0.1.evil.example"},
    {"Origin": "http://["},
    {"Origin": ORIGIN},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1:{port}"},
]
"""Headers of requests that no page of the service makes, some of which no browser sends."""
OUTSIDE = {
    *("login", "refresh", "logout", "session"),
    *("password-reset", "password-reset/confirm", "verify-email", "verify-email/resend"),
}
"""Paths below /api/auth that need no session."""


@dataclass(frozen=True)
class Browser:
    """A browser in which somebody signed in."""

    secret: str
    token: str
    name: str = "session"

    @property
    def cookie(self) -> dict[str, str]:
        """The header that it sends with every request, whichever site makes it."""
        return {"Cookie": f"{self.name}={self.secret}"}

    @property
    def headers(self) -> dict[str, str]:
        """Headers that the service's own pages send."""
        return self.cookie | {"X-CSRF-Token": self.token}


@pytest.fixture(scope="module")
def web(running: Service) -> Iterator[httpx.Client]:
    """Offer a client that keeps no cookie, so that each test says which one it sends."""
    with without_memory(running) as http:
        yield http


@pytest.fixture
def browser(web: httpx.Client, ada: Person) -> Browser:
    """Offer a browser in which Ada signed in."""
    return sign_in(web, ada)


def without_memory(service: Service) -> httpx.Client:
    """Return a client that keeps no cookie."""
    return service.client(cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])))


def post_password(web: httpx.Client, person: Person, **headers: str) -> httpx.Response:
    """Try to sign in."""
    form = {"username": person.name, "password": person.password}
    return web.post(SESSION, data=form, headers=headers)


def sign_in(web: httpx.Client, person: Person, **headers: str) -> Browser:
    """Sign in with a browser that sends these headers."""
    response = post_password(web, person, **headers)
    assert response.status_code == 200, response.text
    name, _, secret = response.headers["set-cookie"].partition(";")[0].partition("=")
    return Browser(secret, response.json()["csrf_token"], name)


def read(web: httpx.Client, headers: Headers) -> int:
    """Return the status of a request that only reads."""
    return web.get("/api/users/me", headers=headers).status_code


def change(web: httpx.Client, headers: Headers, age: int = 40) -> int:
    """Return the status of a request that changes something."""
    return web.patch("/api/users/me", json={"age": age}, headers=headers).status_code


def latin(headers: dict[str, str]) -> httpx.Headers:
    """Return headers that need not be ASCII."""
    return httpx.Headers(headers, encoding="latin-1")


def flags(response: httpx.Response) -> set[str]:
    """Return the attributes of the cookie."""
    (cookie,) = response.headers.get_list("set-cookie")
    return {flag.strip() for flag in cookie.split(";")[1:]}


def move(service: Service, browser: Browser, column: str, ago: timedelta) -> None:
    """Set a time of a session to a moment in the past, directly in the database."""
    zone = "+00:00" if service.database_kind.knows_time_zones else ""
    moment = f"{datetime.now(UTC) - ago:%Y-%m-%d %H:%M:%S}{zone}"
    sql.query(service, f"UPDATE tokens SET {column} = '{moment}' WHERE {_row(browser)}")


def times(service: Service, browser: Browser) -> list[datetime]:
    """Return when a session was opened, expires and was last used, from its row, in UTC."""
    columns = "created_at, expires_at, last_used_at"
    (row,) = sql.query(service, f"SELECT {columns} FROM tokens WHERE {_row(browser)}")
    return [datetime.fromisoformat(str(value)).replace(tzinfo=None) for value in row]


def _row(browser: Browser) -> str:
    return f"secret_hash = '{forged_tokens.sha256(browser.secret)}'"


@pytest.mark.check("S01")
@on_sqlite
def test_the_cookie_is_closed_to_scripts_and_other_sites(
    web: httpx.Client, ada: Person, browser: Browser
) -> None:
    """The cookie is HttpOnly, bound to this host, and sent by requests of this site only."""
    opened = post_password(web, ada)
    closed = web.delete(SESSION, headers=browser.headers)

    always = {"HttpOnly", "Path=/", "SameSite=lax"}
    assert browser.name == "session"
    assert flags(opened) == always | {f"Max-Age={14 * 86400}"}
    assert flags(closed) == always | {"Max-Age=0"}


@pytest.mark.check("S01", "S04", "S07")
@on_sqlite
def test_production_binds_the_cookie_to_https_and_settings_count(
    running: Service, ada: Person
) -> None:
    """In production the cookie is Secure and host-only; an origin and lifetimes can be set."""
    settings = {"CORS_ORIGINS": ORIGIN, "SESSION_IDLE_MINUTES": "5", "SESSION_MAX_DAYS": "1"}
    own_page = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-site"}
    asked = {
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "x-csrf-token",
    }
    with sibling_service(
        running, own_database=False, ENVIRONMENT="production", **settings
    ) as sibling:
        sibling.start()
        with without_memory(sibling) as web:
            opened = post_password(web, ada)
            browser = sign_in(web, ada, **own_page)
            preflight = web.options("/api/users/me", headers=own_page | asked)
            by_own_page = change(web, browser.headers | own_page)
            by_another = change(web, browser.headers | {"Origin": EVIL})
            without_prefix = read(web, {"Cookie": f"session={browser.secret}"})
            move(sibling, browser, "last_used_at", timedelta(minutes=5))
            after_six_minutes = read(web, browser.headers)

    assert browser.name == "__Host-session"
    assert flags(opened) == {"HttpOnly", "Path=/", "SameSite=lax", "Secure", "Max-Age=86400"}
    assert preflight.headers["access-control-allow-origin"] == ORIGIN
    assert preflight.headers["access-control-allow-credentials"] == "true"
    assert (by_own_page, by_another) == (200, 403)
    assert (without_prefix, after_six_minutes) == (401, 401)


@pytest.mark.check("S01")
@pytest.mark.parametrize("blank", [b"\xa0", b"\x85"])
@on_sqlite
def test_a_cookie_name_with_leading_space_is_not_the_session(
    web: httpx.Client, browser: Browser, blank: bytes
) -> None:
    """Such a name evades the `__Host-` prefix, so that a subdomain could set it; it is refused."""
    cookie = b"theme=dark; " + blank + f"session={browser.secret}".encode()

    responses = [web.get(path, headers={b"Cookie": cookie}) for path in ("/api/users/me", SESSION)]

    assert [response.status_code for response in responses] == [401, 401]


@pytest.mark.check("S02")
def test_every_sign_in_makes_a_new_session(web: httpx.Client, ada: Person) -> None:
    """A planted session id is never adopted, and a new sign-in revokes the session before."""
    planted = Browser("A" * 43, "")

    first = sign_in(web, ada, **planted.cookie)
    second = sign_in(web, ada, **first.cookie)

    assert len({planted.secret, first.secret, second.secret}) == 3
    assert [read(web, browser.cookie) for browser in (planted, first, second)] == [401, 401, 200]


@pytest.mark.check("S03")
def test_a_cookie_is_worthless_after_the_sign_out(
    web: httpx.Client, ada: Person, browser: Browser
) -> None:
    """A cookie is refused after the sign-out; other sessions continue."""
    other = sign_in(web, ada)

    ended = web.delete(SESSION, headers=browser.headers)

    assert ended.status_code == 204
    assert (read(web, browser.cookie), change(web, browser.headers)) == (401, 401)
    assert web.delete(SESSION, headers=browser.headers).status_code == 401
    assert read(web, other.cookie) == 200


@pytest.mark.check("S03")
def test_people_revoke_their_other_sessions(
    web: httpx.Client, ada: Person, eve: Person, browser: Browser
) -> None:
    """People list and revoke their own sessions, and nobody else's."""
    other, eves = sign_in(web, ada), sign_in(web, eve)
    listed = web.get(f"{SESSION}s", headers=browser.cookie).json()
    path = f"{SESSION}s/{listed[1]['id']}"

    ends = [web.delete(path, headers=each.headers).status_code for each in (eves, browser)]

    assert [each["current"] for each in listed] == [True, False]
    assert ends == [404, 204]
    assert [read(web, each.cookie) for each in (browser, other, eves)] == [200, 401, 200]


@pytest.mark.check("S03")
def test_a_new_password_revokes_all_other_sessions(
    web: httpx.Client, ada: Person, browser: Browser
) -> None:
    """A new password keeps the session that sets it, and revokes all others."""
    other = sign_in(web, ada)
    new = PASSWORD[::-1]
    form = {"current_password": PASSWORD, "new_password": new, "confirm_password": new}

    changed = web.put("/api/users/me/password", json=form, headers=browser.headers)

    assert changed.status_code == 204
    assert (read(web, browser.cookie), read(web, other.cookie)) == (200, 401)
    assert read(web, ada.headers) == 401
    assert post_password(web, ada).status_code == 401


@pytest.mark.check("S04")
@pytest.mark.parametrize("headers", ELSEWHERE, ids=range(len(ELSEWHERE)))
@on_sqlite
def test_cross_site_requests_are_refused(
    web: httpx.Client, running: Service, ada: Person, browser: Browser, headers: dict[str, str]
) -> None:
    """A request that a browser marks as coming from another site has no effect."""
    sent = {name: value.format(port=running.port) for name, value in headers.items()}

    signed_in = post_password(web, ada, **sent)

    assert_problem(signed_in, 403)
    assert "set-cookie" not in signed_in.headers
    assert change(web, browser.headers | sent) == 403
    assert web.delete(SESSION, headers=browser.headers | sent).status_code == 403
    assert web.get("/api/users/me", headers=browser.cookie).json()["age"] is None


@pytest.mark.check("S04")
@on_sqlite
def test_same_origin_requests_are_accepted(
    web: httpx.Client, running: Service, ada: Person
) -> None:
    """The same requests succeed when they come from the service's own pages."""
    here = {"Origin": f"http://127.0.0.1:{running.port}", "Sec-Fetch-Site": "same-origin"}

    browser = sign_in(web, ada, **here)

    assert change(web, browser.headers | here) == 200
    assert web.delete(SESSION, headers=browser.headers | here).status_code == 204


@pytest.mark.check("S04")
@on_sqlite
def test_the_cookie_alone_changes_nothing(web: httpx.Client, ada: Person, browser: Browser) -> None:
    """A change needs the CSRF token of its session, in exactly one header."""
    other = sign_in(web, ada)
    again = web.get(SESSION, headers=browser.cookie).json()["csrf_token"]
    wrong = ["", "x", other.token, browser.token[:-1], browser.secret, "é", "ÿ" * 43]

    statuses = [change(web, latin({**browser.cookie, "X-CSRF-Token": token})) for token in wrong]
    twice = [*browser.headers.items(), ("X-CSRF-Token", browser.token)]

    assert change(web, browser.cookie) == change(web, twice) == 403
    assert statuses == [403] * len(wrong)
    assert again == browser.token
    assert change(web, browser.headers) == 200


@pytest.mark.check("S04")
@on_sqlite
def test_every_mutating_route_requires_the_CSRF_token(web: httpx.Client, browser: Browser) -> None:
    """Every documented operation but GET is refused without the CSRF token."""
    document = web.get("/openapi.json").json()
    outside = {f"/api/auth/{name}" for name in OUTSIDE}
    calls = [
        (method, path.replace("{", "").replace("}", ""))
        for path, operations in document["paths"].items()
        for method in set(operations) - {"get"}
        if (path, method) not in {(each, "post") for each in outside}
    ]

    statuses = {
        (method, path): web.request(method, path, headers=browser.cookie).status_code
        for method, path in calls
    }

    assert ("delete", SESSION) in calls
    assert len(calls) > 10
    assert {call: status for call, status in statuses.items() if status != 403} == {}


@pytest.mark.check("S04")
@pytest.mark.parametrize("kind", ["text/plain", "", "application/jsonp", "text/json"])
@on_sqlite
def test_a_form_cannot_pretend_to_be_json(web: httpx.Client, ada: Person, kind: str) -> None:
    """Credentials are read from a form or from declared JSON, which no HTML form can send."""
    body = json.dumps({"username": ada.name, "password": PASSWORD})
    responses = [
        web.post(SESSION, content=body, headers={"Content-Type": each})
        for each in (kind, "application/json; charset=utf-8")
    ]

    assert [response.status_code for response in responses] == [415, 200]


@pytest.mark.check("S05")
@on_sqlite
def test_ids_are_long_and_random(web: httpx.Client, ada: Person) -> None:
    """A session id has 256 random bits."""
    ids = [base64.urlsafe_b64decode(sign_in(web, ada).secret + "=") for _ in range(12)]

    assert {len(each) for each in ids} == {32}
    for index in range(0, 32, 4):
        assert len({each[index : index + 4] for each in ids}) == len(ids)


@pytest.mark.check("S05")
@on_sqlite
def test_a_malformed_cookie_gets_a_challenge(web: httpx.Client, browser: Browser) -> None:
    """A malformed cookie, or two cookies, get 401 with a challenge."""
    values = ["", "x", "..", "../../etc/passwd", "A" * 43, "A" * 3000, "%00", "' OR 1=1 --", "{}"]
    values += [browser.secret[:-1], f"{browser.secret}=", f'"{browser.secret}"']
    values += [f"{browser.secret}; session={browser.secret}", f"x; session={browser.secret}"]
    values += ["é" * 20, "ÿ" * 43]
    cookies: list[Headers] = [latin({"Cookie": f"session={value}"}) for value in values]
    cookies += [[*browser.cookie.items(), *browser.cookie.items()]]
    cookies += [{"Cookie": browser.secret}, {"Cookie": f"Session={browser.secret}"}]

    assert read(web, browser.cookie) == 200
    for cookie in cookies:
        response = web.get("/api/users/me", headers=cookie)
        assert_problem(response, 401)
        assert "Session" in response.headers["www-authenticate"], cookie
        assert web.delete(SESSION, headers=cookie).status_code == 401


@pytest.mark.check("S06")
def test_the_cookie_holds_nothing_and_the_database_only_its_hash(
    web: httpx.Client, running: Service, browser: Browser
) -> None:
    """The cookie is neither JSON nor signed data, and the database stores its hash only."""
    session_id = base64.urlsafe_b64decode(browser.secret + "=")

    with pytest.raises(ValueError):  # noqa: PT011 - no JSON, whatever the reason
        json.loads(session_id)
    assert "." not in browser.secret
    stored = sql.dump(running)
    assert forged_tokens.sha256(browser.secret) in stored
    assert browser.secret not in stored
    assert browser.token not in stored


@pytest.mark.check("S07")
def test_a_session_expires_when_it_is_idle_and_when_it_is_old(
    web: httpx.Client, running: Service, ada: Person
) -> None:
    """A session expires after two hours without a request, and after fourteen days in any case."""
    ends = [
        ("last_used_at", timedelta(minutes=119), 200),
        ("last_used_at", timedelta(minutes=120), 401),
        ("expires_at", timedelta(minutes=-1), 200),
        ("expires_at", timedelta(), 401),
    ]

    for column, ago, status in ends:
        browser = sign_in(web, ada)
        move(running, browser, column, ago)
        assert read(web, browser.cookie) == change(web, browser.headers) == status, (column, ago)

    listed = web.get(f"{SESSION}s", headers=sign_in(web, ada).cookie).json()
    assert [each["current"] for each in listed] == [False, False, True]


@pytest.mark.check("S07")
def test_use_is_recorded_once_a_minute_and_prolongs_no_session(
    web: httpx.Client, running: Service, browser: Browser
) -> None:
    """A request updates the last use at most once a minute, and never extends the session."""
    opened, ends, _ = times(running, browser)
    noted = []
    for seconds in (30, 61):
        move(running, browser, "last_used_at", timedelta(seconds=seconds))
        noted.append(times(running, browser))
        for _ in range(2):
            assert [read(web, browser.cookie) for _ in range(3)] == [200] * 3
            noted.append(times(running, browser))

    uses = [last for _, _, last in noted]
    assert round((ends - opened) / timedelta(days=14), 4) == 1
    assert {tuple(row[:2]) for row in noted} == {(opened, ends)}
    assert uses[0] == uses[1] == uses[2]
    assert uses[3] < uses[0] < uses[4] == uses[5]


@pytest.mark.check("S09")
@on_sqlite
def test_an_explicit_credential_overrides_the_cookie(
    web: httpx.Client, ada: Person, eve: Person, browser: Browser
) -> None:
    """Beside a cookie, a valid token alone counts, and an invalid credential is 401."""
    both = browser.cookie | eve.headers
    junk = [
        *({"Authorization": value} for value in ("Bearer x", "Bearer", "Basic YTpi", "")),
        {"X-API-Key": "sk_junk"},
    ]

    refused = [
        call(web, browser.headers | wrong | origin)
        for wrong in junk
        for origin in ({}, {"Origin": EVIL})
        for call in (read, change)
    ]

    assert set(refused) == {401}
    assert web.get("/api/users/me", headers=both).json()["id"] == eve.id
    assert change(web, both, age=50) == 200
    ages = [web.get("/api/users/me", headers=each.headers).json()["age"] for each in (ada, eve)]
    assert ages == [None, 50]
    for wrong in junk:
        for origin in ({}, {"Origin": EVIL}):
            both = browser.headers | wrong | origin
            assert web.get(SESSION, headers=both).status_code == 401
            assert web.delete(SESSION, headers=both).status_code == 401
    assert web.delete(SESSION, headers=browser.headers | {"Origin": EVIL}).status_code == 403
    assert read(web, browser.cookie) == 200
