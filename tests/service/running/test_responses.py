"""Properties of every response: the form of errors, headers, request ids."""

import json
from uuid import uuid4

import httpx
import pytest

from tests.service.running import raw_http
from tests.service.running.conftest import on_sqlite, sibling_service
from tests.support import sql
from tests.support.harness import Service
from tests.support.people import Person, log_in, new_name, sign_up_form, write_note
from tests.support.problems import assert_problem


@pytest.mark.check("E01")
@on_sqlite
def test_every_error_is_a_problem_document(
    client: httpx.Client, admin: Person, ada: Person
) -> None:
    """Every error is a problem document with the status of the response, and discloses no more."""
    roles = f"/api/users/{ada.id}/roles"
    form = sign_up_form(new_name())

    assert_problem(client.put(roles, json={"roles": ["x"]}, headers=admin.headers), 400)
    as_json = ada.headers | {"Content-Type": "application/json"}
    assert_problem(client.post("/api/notes", content=b"[" * 9999, headers=as_json), 400)
    assert_problem(client.get("/api/users/me"), 401)
    assert_problem(log_in(client, ada.name, "wrong"), 401)
    assert_problem(client.get("/api/users", headers=ada.headers), 403)
    assert_problem(client.get("/api/notes/999999999", headers=ada.headers), 404)
    assert_problem(client.get("/nothing/here"), 404)
    assert_problem(client.get("/docs/assets/nothing.js"), 404)
    assert_problem(client.delete("/health/live"), 405)
    assert_problem(client.post("/api/users", json=form | {"username": ada.name}), 409)
    assert_problem(client.post("/api/users", content=b" " * 1_100_000), 413)
    assert_problem(client.post("/api/users", json={}), 422)
    assert_problem(client.post("/api/auth/login", data={}), 422)


@pytest.mark.check("E01")
@on_sqlite
def test_the_OpenAPI_document_declares_every_error(client: httpx.Client) -> None:
    """Every operation declares its errors one by one, and none of the framework's own."""
    document = client.get("/openapi.json").json()
    problem = {"schema": {"$ref": "#/components/schemas/Problem"}}

    operations = [body for path in document["paths"].values() for body in path.values()]
    assert "HTTPValidationError" not in json.dumps(document)
    assert {"Problem", "FieldError"} <= set(document["components"]["schemas"])
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    for operation in operations:
        errors = {code: each for code, each in operation["responses"].items() if code >= "400"}
        assert all(code.isdigit() for code in errors)
        if "health" not in operation["tags"]:
            contents = [each["content"] for each in errors.values()]
            assert contents == [{"application/problem+json": problem}] * len(errors)
            for code in errors.keys() & {"429", "503"}:
                assert "Retry-After" in errors[code]["headers"]


def everyday(client: httpx.Client, person: Person) -> list[httpx.Response]:
    """Return responses of many kinds."""
    return [
        client.get("/health/live"),
        client.get("/health/ready"),
        client.get("/docs"),
        client.get("/openapi.json"),
        client.get("/api/users/me", headers=person.headers),
        client.get("/api/users/me"),
        client.get("/api/users", headers=person.headers),
        client.get("/nothing/here"),
        client.post("/health/live"),
        client.post("/api/users", json={}),
        client.post("/api/users", content=b" " * 1_100_000),
        client.request("OPTIONS", "/api/users"),
        client.head("/api/users/me"),
    ]


@pytest.mark.check("E02")
@on_sqlite
def test_every_response_carries_security_headers(client: httpx.Client, ada: Person) -> None:
    """Every response forbids sniffing, framing and referrers, and names no server software."""
    for response in everyday(client, ada):
        headers = response.headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["referrer-policy"] == "no-referrer"
        assert "server" not in headers
        assert "x-powered-by" not in headers


@pytest.mark.check("E02")
@on_sqlite
def test_hsts_is_sent_behind_an_https_proxy(running: Service) -> None:
    """Behind a trusted proxy that serves HTTPS, responses carry Strict-Transport-Security."""
    with sibling_service(running, own_database=False, TRUSTED_PROXIES="127.0.0.1") as sibling:
        sibling.start()
        with sibling.client() as client:
            secure = client.get("/health/live", headers={"X-Forwarded-Proto": "https"})
            plain = client.get("/health/live")

    assert "max-age=" in secure.headers["strict-transport-security"]
    assert "strict-transport-security" not in plain.headers


@pytest.mark.check("E03")
@on_sqlite
def test_every_response_has_an_id_of_its_own(client: httpx.Client, ada: Person) -> None:
    """Every response has a unique request id; a valid one from the client is kept."""
    ids = [response.headers.get_list("x-request-id") for response in everyday(client, ada)]
    wanted = str(uuid4())

    kept = client.get("/health/live", headers={"X-Request-ID": wanted})

    assert all(len(values) == 1 for values in ids)
    assert len({values[0] for values in ids}) == len(ids)
    assert kept.headers["x-request-id"] == wanted


@pytest.mark.check("E03")
@pytest.mark.parametrize(
    "inbound",
    [
        b"a" * 65,
        b"a" * 5000,
        b"short",
        b"",
        b"<script>alert(1)</script>",
        b'aaaaaaaa"}\\n{"level":"error"}',
        b"aaaaaaaa\x1b[2J",
        b"aaaaaaaa\xff\xfe",
        b"aaaaaaaa bbbbbbbb",
        b"aaaaaaaa%0d%0aSet-Cookie:x=1",
        b"../../etc/passwd",
        "aaaaaaaaé".encode(),
    ],
    ids=lambda inbound: inbound[:20].decode(errors="replace"),
)
@on_sqlite
def test_a_hostile_id_is_replaced(client: httpx.Client, inbound: bytes) -> None:
    """An inbound id that is too long or not of letters, digits and dashes is replaced."""
    response = client.get("/health/live", headers={b"X-Request-ID": inbound})

    assert inbound not in [value for _, value in response.headers.raw]
    assert response.status_code == 400 or len(response.headers["x-request-id"]) == 32


FILES = [
    *("/.env", "/.env.example", "/.git/config", "/.git/HEAD", "/.copier-answers.yml"),
    *("/pyproject.toml", "/db.sqlite3", "/justfile", "/app/main.py", "/app/config.py", "/.venv"),
    *("/static/.env", "/docs/.env", "/docs/assets/.env", "/docs/assets/", "/docs/assets"),
    *("/../.env", "/../../etc/passwd", "/docs/assets/../../../../etc/passwd", "//etc/passwd"),
    *("/docs/assets/..%2f..%2f..%2f..%2fetc%2fpasswd", "/docs/assets/%2e%2e/%2e%2e/core.py"),
    *("/docs/assets/..%5c..%5cwindows%5cwin.ini", "/docs/assets/....//....//__init__.py"),
    *("/docs/assets/%2fetc%2fpasswd", "/docs/assets//etc/passwd", "/docs/assets/..%00/core.py"),
    *("/docs/assets/../core.py", "/docs/assets/%252e%252e/core.py", "/%2e%2e/.env"),
    *("/metrics", "/debug", "/admin", "/server-status", "/actuator/env", "/wp-login.php"),
]


@pytest.mark.check("E05")
@pytest.mark.parametrize("path", FILES)
@on_sqlite
def test_no_file_of_the_service_is_served(running: Service, path: str) -> None:
    """Settings, sources, the repository and files beside the assets are not served."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"

    response = raw_http.send(running, request.encode())

    assert 400 <= response.status < 500


@pytest.mark.check("E07")
@on_sqlite
def test_a_crash_discloses_nothing(client: httpx.Client, running: Service, ada: Person) -> None:
    """An unexpected error is a plain 500 with its id and security headers, and is logged."""
    sql.query(running, "ALTER TABLE roles RENAME TO roles_elsewhere")
    try:
        crashed = client.get("/api/roles", headers=ada.headers)
    finally:
        sql.query(running, "ALTER TABLE roles_elsewhere RENAME TO roles")

    assert_problem(crashed, 500)
    assert "roles" not in crashed.text
    assert crashed.headers["x-content-type-options"] == "nosniff"
    assert crashed.headers["cache-control"] == "no-store"
    lines = running.log.read_text(encoding="utf-8").splitlines()
    reports = [line for line in lines if crashed.headers["x-request-id"] in line]
    assert any("Traceback" in line for line in reports)
    assert client.get("/api/roles", headers=ada.headers).status_code == 200


@pytest.mark.check("E08")
@on_sqlite
def test_personal_responses_are_not_cached(
    client: httpx.Client, admin: Person, ada: Person
) -> None:
    """Responses that belong to a person or depend on the caller may not be cached."""
    note = write_note(client, ada)
    responses = [
        client.get("/api/users/me", headers=ada.headers),
        client.get(f"/api/users/{ada.id}", headers=admin.headers),
        client.get("/api/users", headers=admin.headers),
        client.get("/api/notes", headers=ada.headers),
        client.get(f"/api/notes/{note}", headers=ada.headers),
        client.get("/api/roles", headers=ada.headers),
        client.patch("/api/users/me", json={"age": 36}, headers=ada.headers),
        client.post("/api/users", json=sign_up_form(new_name())),
        client.get("/api/users/me"),
        client.get("/api/users", headers=ada.headers),
    ]

    assert {response.headers["cache-control"] for response in responses} == {"no-store"}
