"""CORS, the Host header, and requests that two servers could parse differently."""

from collections.abc import Iterator

import httpx
import pytest

from tests.service.running import raw_http
from tests.service.running.conftest import ORIGIN, SQLITE, Start, on_sqlite, sibling_service
from tests.support import people, sql
from tests.support.harness import Service
from tests.support.people import Person
from tests.support.problems import assert_problem

HOST = "api.example.org"
ALLOWED = "access-control-allow-origin"

STRANGERS = [
    "https://evil.example",
    "null",
    "http://app.example.org",
    "https://app.example.org:8443",
    "https://app.example.org.",
    "https://app.example.org.evil.example",
    "https://evil-app.example.org",
    "https://evilapp.example.org",
    "https://app.example.orgevil.example",
    "https://appxexample.org",
    "https://example.org",
    "https://APP.EXAMPLE.ORG",
    "https://app.example.org/",
    "https://app.example.org evil",
    "https://user@app.example.org",
    "file://",
    "*",
]


@pytest.fixture(scope="module")
def guarded(start: Start) -> Service:
    """Offer a service with one allowed origin and one allowed host."""
    return start(SQLITE, CORS_ORIGINS=ORIGIN, ALLOWED_HOSTS=f"127.0.0.1,{HOST}")


@pytest.fixture(scope="module")
def unguarded(start: Start) -> Service:
    """Offer a service without allowed origins and hosts."""
    return start(SQLITE)


@pytest.fixture(scope="module")
def guarded_client(guarded: Service) -> Iterator[httpx.Client]:
    """Offer a client of it."""
    with guarded.client() as client:
        yield client


@pytest.fixture(scope="module")
def somebody(guarded_client: httpx.Client) -> Person:
    """Offer somebody with an account there."""
    return people.sign_up(guarded_client)


def preflight(client: httpx.Client, origin: str) -> httpx.Response:
    """Send the preflight request that browsers send before a cross-origin request."""
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    return client.request("OPTIONS", "/api/users", headers=headers)


@pytest.mark.check("C01")
@pytest.mark.parametrize("origin", [*STRANGERS, ORIGIN])
@on_sqlite
def test_no_site_is_allowed_unless_it_is_named(client: httpx.Client, origin: str) -> None:
    """Without the setting no other site may read a response."""
    responses = [client.get("/health/live", headers={"Origin": origin}), preflight(client, origin)]

    for response in responses:
        assert not any(name.startswith("access-control-") for name in response.headers)


@pytest.mark.check("C01")
@pytest.mark.parametrize("origin", STRANGERS)
def test_look_alikes_are_not_allowed(
    guarded_client: httpx.Client, somebody: Person, origin: str
) -> None:
    """A site whose name only resembles an allowed one may not read a response."""
    responses = [
        guarded_client.get("/health/live", headers={"Origin": origin}),
        guarded_client.get("/api/users/me", headers=somebody.headers | {"Origin": origin}),
        guarded_client.get("/api/users/me", headers={"Origin": origin}),
        preflight(guarded_client, origin),
    ]

    assert not any(ALLOWED in response.headers for response in responses)


@pytest.mark.check("C01")
@pytest.mark.parametrize("value", ["*", f"{ORIGIN},*", '["*"]'])
def test_a_wildcard_origin_is_refused(guarded: Service, value: str) -> None:
    """A service with a wildcard as allowed origin does not start."""
    with sibling_service(guarded, own_database=False, CORS_ORIGINS=value) as sibling:
        end = sibling.cli("serve", check=False)

    assert end.status == 1
    assert "CORS_ORIGINS" in end.errors


@pytest.mark.check("C02")
def test_the_named_site_may_read_every_answer(
    guarded: Service, guarded_client: httpx.Client, somebody: Person
) -> None:
    """The allowed site can read successes and errors, and responses vary by Origin for caches."""
    origin = {"Origin": ORIGIN}
    signed_in = somebody.headers | origin
    sql.query(guarded, "ALTER TABLE roles RENAME TO roles_elsewhere")
    try:
        crashed = guarded_client.get("/api/roles", headers=signed_in)
    finally:
        sql.query(guarded, "ALTER TABLE roles_elsewhere RENAME TO roles")
    responses = [
        guarded_client.get("/health/live", headers=origin),
        guarded_client.get("/api/users/me", headers=signed_in),
        guarded_client.get("/api/users/me", headers=origin),
        guarded_client.get("/api/users", headers=signed_in),
        guarded_client.get("/api/nothing", headers=origin),
        guarded_client.delete("/health/live", headers=origin),
        guarded_client.post("/api/users", content=b" " * 1_100_000, headers=origin),
        guarded_client.post("/api/users", json={}, headers=origin),
        crashed,
    ]

    statuses = [response.status_code for response in responses]
    assert statuses == [200, 200, 401, 403, 404, 405, 413, 422, 500]
    for response in responses:
        assert response.headers.get(ALLOWED) == ORIGIN, response.status_code
        assert "origin" in response.headers["vary"].lower()
    assert preflight(guarded_client, ORIGIN).status_code == 200


EVIL = "evil.example"


@pytest.mark.check("C03")
@pytest.mark.parametrize(
    "path", ["/api/users", "/api/users/", "/docs/", "/health/live/", "/api/", "/api/users//"]
)
@on_sqlite
def test_nothing_is_derived_from_the_Host_header(
    client: httpx.Client, ada: Person, path: str
) -> None:
    """No response repeats the host of a request, and no trailing slash causes a redirect."""
    hostile = {
        "Host": EVIL,
        "X-Forwarded-Host": EVIL,
        "X-Forwarded-Server": EVIL,
        "X-Original-URL": f"//{EVIL}",
        "Forwarded": f"host={EVIL};proto=https",
    }

    for headers in (hostile, {"X-Forwarded-Host": EVIL}, {"Host": EVIL}):
        response = client.get(path, headers=ada.headers | headers)
        assert not response.is_redirect
        assert EVIL not in response.text
        assert EVIL not in repr(response.headers)


@pytest.mark.check("C03")
@pytest.mark.parametrize(
    "host", [EVIL, f"{HOST}.{EVIL}", f"{EVIL}:80", "", "localhost", f"x.{HOST}", f"{HOST}@{EVIL}"]
)
def test_only_named_hosts_are_answered(guarded_client: httpx.Client, host: str) -> None:
    """With the setting, a request to any other host is refused."""
    refused = guarded_client.get("/health/live", headers={"Host": host})
    answered = guarded_client.get("/health/live", headers={"Host": HOST})

    assert_problem(refused, 400)
    assert answered.status_code == 200


PATHOLOGICAL = {
    "no host": "GET /health/live HTTP/1.1\r\n",
    "two hosts": "GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n",
    "the same host twice": "GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: 127.0.0.1\r\n",
    "path in host": "GET /health/live HTTP/1.1\r\nHost: 127.0.0.1/api/users\r\n",
    "query in host": "GET /health/live HTTP/1.1\r\nHost: 127.0.0.1?x=1\r\n",
    "fragment in host": "GET /health/live HTTP/1.1\r\nHost: 127.0.0.1#x\r\n",
    "user in host": "GET /health/live HTTP/1.1\r\nHost: admin@127.0.0.1\r\n",
    "space in host": "GET /health/live HTTP/1.1\r\nHost: 127.0.0.1 evil.example\r\n",
    "two lengths": "POST /api/users HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"
    "Content-Length: 3\r\n",
    "length and chunks": "POST /api/users HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
    "Transfer-Encoding: chunked\r\n",
    "strange encoding": "POST /api/users HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n",
    "negative length": "POST /api/users HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n",
    "worded length": "POST /api/users HTTP/1.1\r\nHost: a\r\nContent-Length: 1e3\r\n",
    "huge length": "POST /api/users HTTP/1.1\r\nHost: a\r\n"
    "Content-Length: 99999999999999999999\r\n",
    "folded header": "GET /health/live HTTP/1.1\r\nHost: a\r\n b\r\n",
    "space before colon": "GET /health/live HTTP/1.1\r\nHost : a\r\n",
    "no such version": "GET /health/live HTTP/9.9\r\nHost: a\r\n",
    "NUL in header": "GET /health/live HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n",
}


@pytest.mark.check("C07")
@pytest.mark.parametrize("fault", PATHOLOGICAL)
@pytest.mark.parametrize("service", ["unguarded", "guarded"])
def test_ambiguous_requests_are_refused(
    request: pytest.FixtureRequest, service: str, fault: str
) -> None:
    """A request that two servers could parse differently is refused, and causes no crash."""
    asked: Service = request.getfixturevalue(service)

    response = raw_http.send(
        asked, f"{PATHOLOGICAL[fault]}Connection: close\r\n\r\n0\r\n\r\n".encode()
    )

    assert response.status == 0 or 400 <= response.status < 500


@pytest.mark.check("C07")
@on_sqlite
def test_smuggled_paths_need_a_sign_in_too(running: Service) -> None:
    """A path is protected in every spelling."""
    targets = [
        *("/api//users", "//api/users", "/api/./users", "/api/x/../users", "/api/users//"),
        *(
            "/api/users%2f",
            "/api/users;x",
            "/api/users%00",
            "/API/USERS",
            "/api/users?",
            "/api/%75sers",
        ),
        f"http://127.0.0.1:{running.port}/api/users",
        "http://evil.example/api/users",
        "*",
    ]

    for target in targets:
        head = f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        response = raw_http.send(running, head.encode())
        assert response.status == 0 or 400 <= response.status < 500, target


@pytest.mark.check("C07")
def test_an_HTTP_1_0_probe_needs_no_Host_header(unguarded: Service) -> None:
    """A load balancer's probe by HTTP/1.0, which has no Host header, is answered."""
    response = raw_http.send(unguarded, b"GET /health/live HTTP/1.0\r\n\r\n")

    assert response.status == 200


@pytest.mark.check("C07")
@pytest.mark.parametrize("origin", ["http://127.0.0.1", "http://", "null", ""])
def test_a_request_without_a_host_counts_as_cross_site(unguarded: Service, origin: str) -> None:
    """A request of HTTP/1.0 with an Origin, but without a Host, signs nobody in."""
    body = "username=ada&password=x"
    head = f"POST /api/auth/session HTTP/1.0\r\nOrigin: {origin}\r\nContent-Length: {len(body)}\r\n"
    kind = "Content-Type: application/x-www-form-urlencoded\r\n\r\n"

    response = raw_http.send(unguarded, (head + kind + body).encode())

    assert response.status == 403
