"""The log: one line for each event, and no secrets."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest

from tests.service.running import forged_tokens, raw_http
from tests.service.running.conftest import on_sqlite, sibling_service
from tests.support import people, sql
from tests.support.harness import Service, wait_until
from tests.support.people import log_in, new_name, sign_up_form

UPGRADE = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
LINK = re.compile(r"/password-reset#token=(\S+)")
HOSTILE = [
    'a\n{"level": "ERROR", "message": "forged"}',
    "a\r\nINFO forged",
    "a\x1b[2Jb",
    "a\u2028b\u2029c\u0085d",
    'a"}\n',
    "a\x00b\x07c\x9bd",
    "%s %d %(message)s {0} {level}",
]


def log_of(service: Service) -> str:
    """Return the log of a service."""
    return service.log.read_text(encoding="utf-8")


@pytest.mark.check("E10")
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@on_sqlite
def test_one_request_is_one_line(client: httpx.Client, running: Service, text: str) -> None:
    """Whatever a name, a path or a header contains, a request is one JSON object in the log."""
    ids = [str(uuid4()) for _ in range(3)]
    client.get(f"/api/{quote(text)}", headers={"X-Request-ID": ids[0]})
    client.post(
        "/api/users",
        json=sign_up_form(new_name()) | {"username": text},
        headers={"X-Request-ID": ids[1]},
    )
    client.post(
        "/api/auth/login",
        data={"username": text, "password": text},
        headers={"X-Request-ID": ids[2], "User-Agent": "agent"},
    )
    wait_until(lambda: all(wanted in log_of(running) for wanted in ids), "the lines")

    lines = [line for line in log_of(running).splitlines() if any(id_ in line for id_ in ids)]

    records = [json.loads(line) for line in lines]
    assert [record["request_id"] for record in records] == ids
    assert {record["level"] for record in records} == {"INFO"}


@pytest.mark.check("E10")
@on_sqlite
def test_no_request_makes_a_long_line(running: Service) -> None:
    """A line of the log has a bounded length, whatever a request contains."""
    ids = [str(uuid4()) for _ in range(3)]
    long = "%01" * 10_000
    heads = [
        f"GET /{long} HTTP/1.1\r\nHost: a\r\n",
        f"GET /x?secret={long} HTTP/1.1\r\nHost: a\r\n{UPGRADE}",
        f"GET / HTTP/1.1\r\nHost: {'é' * 10_000}\r\n",
    ]
    for id_, head in zip(ids, heads, strict=True):
        raw_http.send(running, f"{head}X-Request-ID: {id_}\r\n\r\n".encode())
    wait_until(lambda: all(wanted in log_of(running) for wanted in ids), "the lines")

    lines = [line for line in log_of(running).splitlines() if any(id_ in line for id_ in ids)]

    assert max(len(line) for line in lines) < 8192
    assert not any("secret=" in line for line in lines)


@pytest.mark.check("E10")
def test_every_line_of_the_log_is_JSON(running: Service) -> None:
    """Every line of the log is one JSON object with its time, level, logger and message."""
    lines = [line for line in log_of(running).splitlines() if line]

    assert lines
    for line in lines:
        assert {"timestamp", "level", "logger", "message", "request_id"} <= set(json.loads(line))


@pytest.mark.check("E10")
@on_sqlite
def test_lines_for_people_cannot_be_forged(running: Service) -> None:
    """In the text form too, control characters of a request cannot make or hide a line."""
    wanted = str(uuid4())
    with sibling_service(running, own_database=False, LOG_FORMAT="text") as sibling:
        sibling.start()
        with sibling.client() as client:
            for text in HOSTILE:
                client.get(f"/api/{quote(text)}", headers={"X-Request-ID": wanted})
    log = log_of(sibling)

    lines = log.split("\n")
    assert sum(wanted in line for line in lines) == len(HOSTILE)
    assert not any(line.startswith(("INFO forged", "{")) for line in lines)
    assert not any(char in log for char in "\x1b\x07\x9b\u2028\u0085\r")


@pytest.fixture
def talkative(running: Service) -> Iterator[Service]:
    """Offer a service that logs at the level DEBUG."""
    with sibling_service(running, LOG_LEVEL="DEBUG") as sibling:
        sibling.cli("migrate")
        sibling.start()
        yield sibling


@pytest.mark.check("E11")
@on_sqlite
def test_no_secret_is_logged(talkative: Service) -> None:
    """At the level DEBUG, through sign-ins, mistakes, thefts and crashes, no secret is logged."""
    first, second, wrong = (f"{word} {uuid4()}" for word in ("first", "second", "wrong"))
    secrets = [first, second, wrong, people.PASSWORD, talkative.environment["SECRET_KEY"]]
    with ExitStack() as stack:
        client = stack.enter_context(talkative.client())
        admin = people.create_admin(talkative, client)
        ada = people.sign_up(client, password=first)
        log_in(client, ada.name, wrong)
        log_in(client, wrong, wrong)
        access, refresh = people.tokens_of(
            client.post("/api/auth/refresh", json={"refresh_token": ada.refresh})
        )
        client.post("/api/auth/refresh", json={"refresh_token": ada.refresh})
        again = people.sign_in(client, ada.id, ada.name, first)
        change = {"current_password": first, "new_password": second, "confirm_password": second}
        client.put("/api/users/me/password", json=change | {"x": 1}, headers=again.headers)
        client.put("/api/users/me/password", json=change, headers=again.headers)
        latest = people.sign_in(client, ada.id, ada.name, second)
        client.post("/api/users", json=sign_up_form(ada.name, second))
        client.post("/api/users", json=sign_up_form("x", second))
        client.post("/api/users", content=json.dumps(sign_up_form("x", second))[:-3])
        for token in (ada.access, latest.access):
            client.get("/api/users/me", params={"access_token": token, "token": token})
            client.get("/api/users/me", headers={"Authorization": f"Bearer {token}x"})
            client.get("/api/users/me", headers={"Cookie": f"session={token}"})
        sql.query(talkative, "ALTER TABLE users RENAME TO users_elsewhere")
        try:
            crashes = [
                log_in(client, ada.name, second),
                client.post("/api/users", json=sign_up_form(new_name(), second)),
                client.get("/api/users/me", headers=latest.headers),
            ]
        finally:
            sql.query(talkative, "ALTER TABLE users_elsewhere RENAME TO users")
        client.post("/api/auth/logout", json={"refresh_token": latest.refresh})
    for person in (admin, ada, again, latest):
        secrets += [person.access, person.refresh]
    secrets += [
        access,
        refresh,
        *(forged_tokens.sha256(secret) for secret in (refresh, latest.refresh)),
    ]

    talkative.stop()
    log = log_of(talkative)

    assert [response.status_code for response in crashes] == [500] * 3
    assert log.count("Traceback") >= 3
    assert {secret for secret in secrets if secret in log} == set()
    assert "argon2id" not in log


@pytest.mark.check("T21", "K05", "E11")
def test_no_secret_of_any_kind_is_stored_or_logged(running: Service) -> None:
    """A dump of the database and the log at DEBUG hold no password, token, key, id or link."""
    with sibling_service(running, LOG_LEVEL="DEBUG") as service:
        service.cli("migrate")
        service.start(workers=2)
        with service.client() as client:
            ada = people.sign_up(client)
            _, second = people.tokens_of(
                client.post("/api/auth/refresh", json={"refresh_token": ada.refresh})
            )
            latest = people.sign_in(client, ada.id, ada.name)
            form = {"username": ada.name, "password": people.PASSWORD}
            token = client.post("/api/auth/session", json=form).json()["csrf_token"]
            cookie = client.cookies["session"]
            client.patch("/api/users/me", json={"age": 36}, headers={"X-CSRF-Token": token})
            client.patch("/api/users/me", json={"age": 36}, headers={"X-CSRF-Token": cookie})
            client.cookies.clear()
            made = client.post("/api/api-keys", json={"name": "a key"}, headers=latest.headers)
            key = made.json()["key"]
            for value in (key, key[::-1], key.swapcase()):
                client.get("/api/webhook/ping", headers={"X-API-Key": value})
                client.get("/api/webhook/ping", params={"key": value})
            email = f"{ada.name}@example.org"
            client.post("/api/auth/password-reset", json={"email": email})
            link = _link(service, email)
            confirm = {"token": link, "new_password": "short", "confirm_password": "short"}
            client.post("/api/auth/password-reset/confirm", json=confirm)
            client.post("/api/auth/password-reset/confirm", json={"token": f"{link}x"})
        stored = sql.dump(service)
        service.stop()
        log = log_of(service)

    opaque = {ada.refresh, second, latest.refresh, cookie, key, link}
    secrets = {*opaque, ada.access, latest.access, token, people.PASSWORD, key[::-1]}
    assert {secret for secret in secrets if secret in stored or secret in log} == set()
    assert all(forged_tokens.sha256(secret) in stored for secret in opaque)
    assert log.count("app.access") > len(opaque)


def _link(service: Service, address: str) -> str:
    """Return the token in the mail from the service to this address."""
    folder = service.project / "var/mail"

    def links() -> list[str]:
        mails = (path.read_text(encoding="utf-8") for path in folder.glob("*.eml"))
        return [link for mail in mails if address in mail for link in LINK.findall(mail)]

    wait_until(links, f"a mail to {address}", service.log)
    return links()[0]
