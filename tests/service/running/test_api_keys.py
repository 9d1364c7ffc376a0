"""API keys, beside the other ways to sign in and alone."""

# ruff: noqa: S608 - the statements are ours, and so are the values in them

import math
import re
import secrets
import string
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.service.running import forged_tokens
from tests.service.running.conftest import Start, on_sqlite, sibling_service
from tests.service.running.threads import in_threads
from tests.support import people, sql
from tests.support.harness import Service
from tests.support.people import PASSWORD, Person, log_in, new_name, sign_up_form
from tests.support.problems import assert_problem
from tests.variants.rows import Row

PING = "/api/webhook/ping"
ME = "/api/users/me"
KEYS = "/api/api-keys"
SIGNS = string.ascii_letters + string.digits

NEEDS = {
    ("GET", "/api/users"): "user:read",
    ("GET", "/api/users/{user_id}"): "user:read",
    ("PATCH", "/api/users/{user_id}"): "user:write",
    ("DELETE", "/api/users/{user_id}"): "user:delete",
    ("PUT", "/api/users/{user_id}/roles"): "role:write",
}
"""The permission that each operation needs."""

OWNERS = {
    ("POST", KEYS),
    ("DELETE", f"{KEYS}/{{key_id}}"),
    ("PATCH", ME),
    ("PUT", f"{ME}/email"),
    ("PUT", f"{ME}/password"),
    ("DELETE", "/api/auth/sessions/{session_id}"),
}
"""Operations that change the account itself, and need all rights of its owner."""


def sending(key: str | bytes) -> dict[str, Any]:
    """Return the header that carries a key."""
    return {"X-API-Key": key}


def create(client: httpx.Client, owner: Person, **form: object) -> dict[str, Any]:
    """Create a key and return the response's body."""
    response = client.post(KEYS, json={"name": "CI", **form}, headers=owner.headers)
    assert response.status_code == 201, response.text
    created: dict[str, Any] = response.json()
    return created


def ping(client: httpx.Client, key: str | bytes) -> int:
    """Return the status of a request with this key."""
    return client.get(PING, headers=sending(key)).status_code


def signed(body: str) -> str:
    """Add the checksum: CRC-32 in base 62."""
    rest, checksum = zlib.crc32(body.encode()), ""
    for _ in range(6):
        rest, digit = divmod(rest, len(SIGNS))
        checksum = SIGNS[digit] + checksum
    return body + checksum


def made_up() -> str:
    """Return a well-formed key that was never issued."""
    random = "".join(secrets.choice(SIGNS) for _ in range(40))
    return signed(f"sk_{random[:8].lower()}_{random[8:]}")


def all_but(key: str) -> dict[str, str]:
    """Return values that differ little from the key, or resemble one."""
    return {
        "nothing": "",
        "the beginning": key[:12],
        "made up": made_up(),
        "another sign": signed(key[:-7] + ("b" if key[-7] == "a" else "a")),
        "another prefix": signed(f"sk_00000000{key[11:-6]}"),
        "swapped case": key.swapcase(),
        "swapped case, signed": signed(f"{key[:12]}{key[12:-6].swapcase()}"),
        "one more": f"{key}0",
        "one less": key[:-1],
        "5000 more": key + "0" * 5000,
        "twice": key + key,
        "a list": f"{key}, {key}",
        "quoted": f'"{key}"',
        "as a bearer": f"Bearer {key}",
        "its hash": forged_tokens.sha256(key),
        "SQL": "' OR '1'='1",
        "a pattern": "sk_%",
        "null": "null",
    }


@pytest.mark.check("K01")
@on_sqlite
def test_everything_but_the_exact_key_gets_the_same_401(client: httpx.Client, ada: Person) -> None:
    """Without the exact key every request gets the same 401, whatever it sends instead."""
    key = create(client, ada)["key"]

    responses = {name: client.get(PING, headers=sending(it)) for name, it in all_but(key).items()}
    responses["none"] = client.get(PING)
    responses["two"] = client.get(PING, headers=[("X-API-Key", key), ("X-API-Key", key)])

    for response in responses.values():
        assert_problem(response, 401)
        assert response.headers["www-authenticate"] == "ApiKey"
    assert responses.pop("two").json()["detail"] == "Send one credential, not several"
    assert len({response.json()["detail"] for response in responses.values()}) == 1
    assert ping(client, key) == 200


@pytest.mark.check("K01", "S09")
@on_sqlite
def test_the_first_credential_that_is_sent_counts(
    client: httpx.Client, admin: Person, ada: Person, eve: Person
) -> None:
    """A bearer token precedes a key, a key a cookie; an invalid one is refused, not skipped."""
    form = {"username": ada.name, "password": PASSWORD}
    session = client.post("/api/auth/session", json=form)
    cookie = {"Cookie": f"session={session.cookies['session']}"}
    client.cookies.clear()
    hers = sending(create(client, eve)["key"])
    reader = sending(create(client, admin, scopes=["user:read"])["key"])
    wrong = {"Authorization": "Bearer a.b.c"}

    def who(*headers: dict[str, str]) -> str | int:
        sent = {name: value for each in headers for name, value in each.items()}
        response = client.get(ME, headers=sent)
        return str(response.json()["username"]) if response.is_success else response.status_code

    assert who(cookie) == ada.name
    assert who(hers, cookie) == eve.name
    assert who(ada.headers, hers, cookie) == ada.name
    assert who(wrong, hers, cookie) == 401
    assert who(sending(made_up()), cookie) == 401
    assert who(sending(""), cookie) == 401
    assert client.get(PING, headers={**hers, **wrong}).status_code == 401
    csrf = {"X-CSRF-Token": session.json()["csrf_token"]}
    change = client.patch(ME, json={"age": 30}, headers={**cookie, **csrf, **reader})
    assert change.status_code == 403


@pytest.mark.check("K02")
@on_sqlite
def test_strange_bytes_are_refused(client: httpx.Client, ada: Person) -> None:
    """Latin-1, Cyrillic, 0xFF and other bytes in the header are 401 like any other wrong key."""
    key = create(client, ada)["key"].encode()
    strange = [
        "clé".encode("latin-1"),
        "ключ".encode(),
        "ключ".encode("cp1251"),
        b"\xff",
        b"\xff" * 50,
        key + b"\xff",
        key[:-1] + b"\xe9",
        key.replace(b"_", "\N{FULLWIDTH LOW LINE}".encode()),
        "\N{KEY}".encode(),
    ]

    responses = [client.get(path, headers=sending(it)) for it in strange for path in (PING, ME)]

    for response in responses:
        assert_problem(response, 401)


@pytest.mark.check("K03", "T07")
@on_sqlite
def test_a_key_is_read_in_its_header_only(client: httpx.Client, ada: Person) -> None:
    """A key in the URL, a cookie, another header or in place of a token is refused."""
    key = create(client, ada)["key"]

    for name in ("api_key", "key", "apikey", "X-API-Key", "x_api_key", "access_token", "token"):
        assert client.get(PING, params={name: key}).status_code == 401
        assert client.get(ME, params={name: key}).status_code == 401
        assert client.get(ME, headers={"Cookie": f"{name}={key}"}).status_code == 401
    for headers in (
        {"Authorization": f"Bearer {key}"},
        {"Authorization": f"ApiKey {key}"},
        {"Authorization": key},
        {"Cookie": f"session={key}"},
        {"Api-Key": key},
    ):
        assert client.get(ME, headers=headers).status_code == 401
    refreshed = client.post("/api/auth/refresh", json={"refresh_token": key})
    assert refreshed.status_code == 401
    assert log_in(client, ada.name, key).status_code == 401


@pytest.mark.check("K03", "T07")
@on_sqlite
def test_nothing_else_is_a_key(client: httpx.Client, ada: Person) -> None:
    """An access token, a refresh token, a session id or a password is not accepted as a key."""
    form = {"username": ada.name, "password": PASSWORD}
    session = client.post("/api/auth/session", json=form).cookies["session"]
    client.cookies.clear()

    others = (ada.access, ada.refresh, session, PASSWORD)

    assert [ping(client, other) for other in others] == [401] * 4


@pytest.mark.check("K04")
def test_a_key_is_shown_once_and_revoked_at_once(client: httpx.Client, ada: Person) -> None:
    """A key is shown when it is created and never again; a revoked one is refused everywhere."""
    response = client.post(KEYS, json={"name": "CI"}, headers=ada.headers)
    created = response.json()
    key = created.pop("key")
    assert ping(client, key) == 200

    listed = client.get(KEYS, headers=ada.headers)
    path = f"{KEYS}/{created['id']}"
    revoked = client.delete(path, headers=ada.headers)

    assert response.headers["cache-control"] == "no-store"
    assert set(created) == {"id", "name", "prefix", "scopes", "expires_at", "created_at"}
    (shown,) = listed.json()["items"]
    assert shown.pop("last_used_at")
    assert shown == created
    assert key.split("_")[2] not in listed.text
    assert (revoked.status_code, revoked.text) == (204, "")
    for _ in range(20):  # each worker gets some of these
        with httpx.Client(base_url=client.base_url, trust_env=False) as another:
            assert ping(another, key) == 401
    assert client.get(KEYS, headers=ada.headers).json()["items"] == []
    assert client.delete(path, headers=ada.headers).status_code == 404


@pytest.mark.check("K04")
def test_keys_cannot_be_guessed(client: httpx.Client, ada: Person) -> None:
    """The secret of a key has at least 128 random bits."""
    created = [create(client, ada) for _ in range(30)]

    parts = [key["key"].split("_") for key in created]
    secret_parts = [secret[:-6] for _, _, secret in parts]
    assert [prefix for _, prefix, _ in parts] == [key["prefix"] for key in created]
    assert len({prefix for _, prefix, _ in parts}) == len(set(secret_parts)) == 30
    used = set("".join(secret_parts))
    assert used <= set(SIGNS)
    assert len(used) == len(SIGNS)
    assert min(map(len, secret_parts)) * math.log2(len(SIGNS)) >= 128


@pytest.mark.check("K10")
def test_an_account_has_at_most_fifty_keys_in_pages(client: httpx.Client, ada: Person) -> None:
    """An account has at most 50 valid keys, also if many are created at once, listed in pages."""

    def create_one(number: int) -> int:
        form = {"name": f"key {number}"}
        return client.post(KEYS, json=form, headers=ada.headers).status_code

    statuses = in_threads(60, create_one)
    refused = client.post(KEYS, json={"name": "one more"}, headers=ada.headers)
    last = client.get(KEYS, params={"page": 3, "size": 20}, headers=ada.headers).json()
    first = client.get(KEYS, headers=ada.headers).json()

    assert sorted(statuses) == [201] * 50 + [409] * 10
    assert_problem(refused, 409)
    assert "at most 50 valid keys" in refused.json()["detail"]
    assert (len(first["items"]), first["total"], first["page"], first["pages"]) == (20, 50, 1, 3)
    assert len(last["items"]) == 10
    assert client.get(KEYS, params={"size": 101}, headers=ada.headers).status_code == 422
    path = f"{KEYS}/{first['items'][0]['id']}"
    assert client.delete(path, headers=ada.headers).status_code == 204
    assert create_one(60) == 201


@pytest.mark.check("K04", "Z04", "Z05")
def test_nobody_revokes_the_key_of_another(
    client: httpx.Client, running: Service, admin: Person, ada: Person
) -> None:
    """Another's key, a missing one and an own token of another kind get the same 404."""
    created = create(client, ada)
    token = f"SELECT id FROM tokens WHERE secret_hash = '{forged_tokens.sha256(admin.refresh)}'"
    ids = (created["id"], 999_999_999, sql.query(running, token)[0][0])

    responses = [client.delete(f"{KEYS}/{each}", headers=admin.headers) for each in ids]

    assert [response.status_code for response in responses] == [404] * 3
    assert len({response.json()["detail"] for response in responses}) == 1
    assert ping(client, created["key"]) == 200
    assert client.get(ME, headers=admin.headers).status_code == 200
    others = [key["id"] for key in client.get(KEYS, headers=admin.headers).json()["items"]]
    assert created["id"] not in others


@pytest.mark.check("K05")
def test_keys_are_stored_as_hashes_only(
    client: httpx.Client, running: Service, ada: Person
) -> None:
    """The database holds the SHA-256 of a key and its prefix; no log holds more of it."""
    key = create(client, ada)["key"]
    assert ping(client, key) == 200
    assert ping(client, key[:-1]) == 401

    stored = sql.dump(running)

    secret = key.split("_")[2]
    assert forged_tokens.sha256(key) in stored
    assert secret[:16] not in stored
    assert secret[:16] not in running.log.read_text(encoding="utf-8")


@pytest.mark.check("K06")
def test_a_key_expires_at_a_valid_time_in_the_future(client: httpx.Client, ada: Person) -> None:
    """An expiry in the past, without a time zone, as a number or malformed is refused."""
    moments: list[object] = [
        *("2020-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-00:01"),
        *("2100-01-01T00:00:00", "2100-01-01", "2100-02-30T00:00:00Z", "4102444800", "", "never"),
        *(4102444800, 1e300, -1, True, [], {}),
    ]
    for moment in moments:
        form = {"name": "CI", "expires_at": moment}
        response = client.post(KEYS, json=form, headers=ada.headers)
        assert_problem(response, 422)
        assert response.json()["errors"][0]["field"] == "expires_at"
    for depth in range(900, 1000, 3):  # about where Python gives up
        body = f'{{"name": "CI", "expires_at": {"[" * depth}{"]" * depth}}}'
        headers = ada.headers | {"Content-Type": "application/json"}
        assert client.post(KEYS, content=body, headers=headers).status_code in {400, 422}
    assert client.get(KEYS, headers=ada.headers).json()["items"] == []


@pytest.mark.check("K06")
def test_the_expiry_of_a_key_is_stored_exactly(client: httpx.Client, ada: Person) -> None:
    """The expiry of a key is stored to the microsecond, and always shown in UTC."""
    times = {
        "2100-01-01T02:00:00+02:00": "2100-01-01T00:00:00Z",
        "2099-12-31t23:59:59.123456z": "2099-12-31T23:59:59.123456Z",
        "9998-12-30T23:59:59.999999Z": "9998-12-30T23:59:59.999999Z",
        None: None,
    }

    created = [create(client, ada, expires_at=given) for given in times]

    listed = client.get(KEYS, headers=ada.headers).json()["items"]
    for keys in (created, listed):
        assert [key["expires_at"] for key in keys] == list(times.values())
    assert [ping(client, key["key"]) for key in created] == [200] * 4


def set_time(service: Service, key: dict[str, Any], column: str, *, seconds: int) -> None:
    """Set a time of a key to that many seconds from now, directly in the database."""
    moment = (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%d %H:%M:%S")
    sql.query(service, f"UPDATE tokens SET {column} = '{moment}' WHERE id = {key['id']}")


@pytest.mark.check("K06")
def test_an_expired_key_is_refused(client: httpx.Client, running: Service, ada: Person) -> None:
    """A key works until it expires, and not afterwards."""
    created = create(client, ada, expires_at="2100-01-01T00:00:00Z")

    set_time(running, created, "expires_at", seconds=60)
    before = ping(client, created["key"])
    set_time(running, created, "expires_at", seconds=-1)

    assert (before, ping(client, created["key"])) == (200, 401)


@pytest.mark.check("K06")
def test_the_last_use_is_recorded_once_a_minute(
    client: httpx.Client, running: Service, ada: Person
) -> None:
    """The last use is recorded, at most once a minute."""
    created = create(client, ada)

    def noted_after(calls: int) -> str:
        assert [ping(client, created["key"]) for _ in range(calls)] == [200] * calls
        return client.get(KEYS, headers=ada.headers).json()["items"][0]["last_used_at"] or ""

    never, first, later = noted_after(0), noted_after(1), noted_after(50)
    assert never < first == later
    set_time(running, created, "last_used_at", seconds=-50)
    assert noted_after(1) < first
    set_time(running, created, "last_used_at", seconds=-70)
    assert noted_after(1) > first
    set_time(running, created, "last_used_at", seconds=-70)
    ping(client, made_up())
    assert noted_after(0) < first


@pytest.mark.check("K06", "Z11")
@on_sqlite
def test_each_scope_opens_its_operations_and_no_others(client: httpx.Client, admin: Person) -> None:
    """Every scope, all and none are tried on every operation that needs a permission."""
    roles = client.get("/api/roles", headers=admin.headers).json()
    (everything,) = (role["permissions"] for role in roles if role["name"] == "admin")
    grants = {scope: [scope] for scope in everything} | {"all": everything, "none": []}
    bodies = {"PATCH": {"age": 30}, "PUT": {"roles": []}}
    wrong = {}

    for grant in (*grants, "unlimited"):
        scopes = grants.get(grant)
        headers = sending(create(client, admin, scopes=scopes)["key"])
        for (method, path), needed in NEEDS.items():
            url = path.replace("{user_id}", "999999999")
            response = client.request(method, url, json=bodies.get(method), headers=headers)
            allowed = 200 if path == "/api/users" else 404
            expected = allowed if scopes is None or needed in scopes else 403
            if response.status_code != expected:
                wrong[grant, method, path] = response.status_code

    assert set(NEEDS.values()) == set(everything)
    assert wrong == {}


@pytest.mark.check("K06", "Z11")
@on_sqlite
def test_no_other_operation_depends_on_scopes(client: httpx.Client, admin: Person) -> None:
    """With an empty list of scopes only these are 403, and those that change the account."""
    headers = sending(create(client, admin, scopes=[])["key"])
    document = client.get("/openapi.json").json()
    calls = [(verb.upper(), path) for path in document["paths"] for verb in document["paths"][path]]

    refused = {
        (method, path): response.json()["detail"]
        for method, path in calls
        for response in [
            client.request(method, re.sub(r"\{\w+\}", "999999999", path), headers=headers)
        ]
        if response.status_code == 403
    }

    assert set(refused) == set(NEEDS) | OWNERS
    assert {refused[call] for call in NEEDS} == {
        f"This needs the permission {needed}" for needed in NEEDS.values()
    }
    assert len({refused[call] for call in OWNERS}) == 1


@pytest.mark.check("K06")
def test_a_key_with_scopes_changes_others_as_they_permit(
    client: httpx.Client, admin: Person, ada: Person, eve: Person
) -> None:
    """A key with scopes changes other accounts as they permit, never its own account or keys."""
    reader = sending(create(client, admin, scopes=["user:read"])["key"])
    writer = sending(create(client, admin, scopes=["user:read", "user:write"])["key"])
    path = f"/api/users/{ada.id}"

    def change(method: str, url: str, body: object, headers: dict[str, str]) -> int:
        return client.request(method, url, json=body, headers=headers).status_code

    assert change("GET", path, None, reader) == 200
    assert change("PATCH", path, {"age": 30}, reader) == 403
    assert change("PATCH", path, {"age": 31}, writer) == 200
    assert change("DELETE", path, None, writer) == 403
    assert client.get(ME, headers=ada.headers).json()["age"] == 31
    mine = client.get(KEYS, headers=admin.headers).json()["items"][0]["id"]
    assert change("PATCH", ME, {"age": 32}, writer) == 403
    assert change("POST", KEYS, {"name": "CI", "scopes": ["user:read"]}, writer) == 403
    assert change("DELETE", f"{KEYS}/{mine}", None, writer) == 403
    assert mine in [key["id"] for key in client.get(KEYS, headers=admin.headers).json()["items"]]
    assert change("PATCH", ME, {"age": 33}, sending(create(client, eve)["key"])) == 200


@pytest.mark.check("K06", "Z10")
def test_a_key_may_do_no_more_than_its_owner(client: httpx.Client, ada: Person) -> None:
    """An unknown scope is 422, one that the owner lacks is 403; no key is created."""
    lacking: list[object] = [["user:read"], ["role:write", "user:read", "user:read"]]
    unknown: list[object] = [
        *(["user:read", "user:everything"], ["*"], [""], ["USER:READ"], ["admin"]),
        *(["user:read\x00"], ["user:read"] * 101, [["user:read"]], [None]),
        *("user:read", {"user:read": True}, 1, True),
    ]
    for scopes in lacking + unknown:
        form = {"name": "CI", "scopes": scopes}
        response = client.post(KEYS, json=form, headers=ada.headers)
        assert_problem(response, 403 if scopes in lacking else 422)
    assert client.get(KEYS, headers=ada.headers).json()["items"] == []


@pytest.mark.check("K06", "Z09")
def test_a_key_loses_the_permissions_that_its_owner_loses(
    client: httpx.Client, admin: Person, ada: Person
) -> None:
    """When its owner loses a role, a key loses those permissions too, with or without scopes."""
    path = f"/api/users/{ada.id}/roles"
    client.put(path, json={"roles": ["admin"]}, headers=admin.headers)
    keys = [create(client, ada, scopes=scopes)["key"] for scopes in (["user:read"], None)]

    def statuses() -> list[int]:
        return [client.get("/api/users", headers=sending(key)).status_code for key in keys]

    assert statuses() == [200, 200]
    client.put(path, json={"roles": []}, headers=admin.headers)
    assert statuses() == [403, 403]


@pytest.mark.check("K07")
@on_sqlite
def test_a_mistyped_key_is_refused_without_the_database(
    client: httpx.Client, running: Service, ada: Person
) -> None:
    """Even if every statement fails, a key with one changed character is 401."""
    key = create(client, ada)["key"]
    typos = [key[:i] + ("b" if key[i] == "a" else "a") + key[i + 1 :] for i in range(len(key))]
    swaps = [key[:i] + key[i + 1] + key[i] + key[i + 2 :] for i in range(len(key) - 1)]
    mistyped = set(typos + swaps) - {key}

    with sibling_service(running) as without_tables:
        without_tables.start()
        with without_tables.client() as there:
            statuses = {ping(there, each) for each in mistyped}
            needing_the_database = ping(there, key)

    assert re.fullmatch(r"sk_[a-z0-9]{8}_[A-Za-z0-9]{38}", key)
    assert statuses == {401}
    assert needing_the_database >= 500


@pytest.mark.check("K08")
def test_the_key_of_a_disabled_or_deleted_account_is_refused(
    client: httpx.Client, admin: Person, ada: Person, eve: Person
) -> None:
    """Keys of a disabled or deleted account are refused from the next request, permanently."""
    hers, deleted = (create(client, person)["key"] for person in (ada, eve))
    path = f"/api/users/{ada.id}"

    for is_active in (False, True):
        client.patch(path, json={"is_active": is_active}, headers=admin.headers)
        assert ping(client, hers) == 401
    client.delete(f"/api/users/{eve.id}", headers=admin.headers)

    assert ping(client, deleted) == 401


@pytest.mark.check("K08")
def test_the_account_is_checked_with_each_request(
    client: httpx.Client, running: Service, ada: Person
) -> None:
    """A key is refused too if its account was disabled directly in the database."""
    key = create(client, ada)["key"]
    assert ping(client, key) == 200

    sql.query(running, f"UPDATE users SET is_active = false WHERE id = {ada.id}")

    assert ping(client, key) == 401


@pytest.mark.check("K09")
@on_sqlite
def test_wrong_keys_are_counted_by_address(running: Service) -> None:
    """Any number of invalid keys from one IP address fills one row, and then gets 429."""
    with sibling_service(
        running, RATE_LIMIT_LOGIN="3/hour"
    ) as sibling:  # an hour seldom ends meanwhile
        sibling.cli("migrate")
        sibling.start(workers=2)
        with sibling.client() as there:
            person = people.sign_up(there)
            good = create(there, person)["key"]
            mistyped = [ping(there, f"sk_{number}") for number in range(100)]
            before = sql.count(sibling, "login_failures")
            responses = [there.get(PING, headers=sending(made_up())) for _ in range(200)]
            found = sql.query(sibling, "SELECT * FROM login_failures")
            still_good = ping(there, good)
            signed_in = log_in(there, person.name).status_code
            forwarded = {"X-Forwarded-For": "203.0.113.1"}
            there.get(PING, headers=sending(made_up()) | forwarded)
            log = sibling.log.read_text(encoding="utf-8")

    assert mistyped == [401] * 100
    statuses = [response.status_code for response in responses]
    assert statuses == [401] * 15 + [429] * 185
    assert all(1 <= int(response.headers["retry-after"]) <= 7200 for response in responses[15:])
    assert_problem(responses[-1], 429)
    assert len(found) - before == 1
    assert "Requests from 127.0.0.1 have forwarding headers" in log
    assert (still_good, signed_in) == (200, 200)


@pytest.fixture(scope="module")
def alone(start: Start) -> Service:
    """Offer a service with API keys as its only way to sign in."""
    return start(Row.of(auth=["api_key"]))


@pytest.fixture(scope="module")
def there(alone: Service) -> Iterator[httpx.Client]:
    """Offer a client of that service."""
    with alone.client() as http:
        yield http


@pytest.fixture(scope="module")
def root(alone: Service) -> str:
    """Create the first administrator and the first key, by the service's own commands."""
    alone.cli("create-admin", *people.ADMIN_OPTIONS, stdin=f"{PASSWORD}\n")
    return key_of(alone, people.ADMIN)


def key_of(service: Service, *words: str) -> str:
    """Create a key by the command line, which prints it."""
    said = service.cli("create-api-key", *words).output
    match = re.fullmatch(r"Key of \S+, shown this once: (sk_\S+)\n", said)
    assert match, said
    return match[1]


@pytest.mark.check("K04")
def test_the_command_line_makes_the_first_key(
    alone: Service, there: httpx.Client, root: str
) -> None:
    """In a service with keys alone, a command creates one for an account, also with scopes."""
    reader = key_of(alone, f"{people.ADMIN}@example.org", "--scope", "user:read", "--name", "Eyes")

    assert (ping(there, root), ping(there, reader)) == (200, 200)
    listed = there.get(KEYS, headers=sending(root)).json()["items"]
    assert [(key["name"], key["scopes"]) for key in listed] == [
        ("first key", None),
        ("Eyes", ["user:read"]),
    ]
    wrong = (["nobody"], [people.ADMIN, "--scope", "king"], [people.ADMIN, "--name", ""])
    for end in alone.cli_at_once(*(["create-api-key", *words] for words in wrong)):
        assert end.status == 1
        assert "Traceback" not in end.text
        assert "sk_" not in end.text


@pytest.mark.check("K06", "Z03")
def test_only_callers_with_user_write_create_accounts(
    alone: Service, there: httpx.Client, root: str
) -> None:
    """In a service with keys alone, accounts are created by callers with `user:write` only."""
    name = new_name()
    made = there.post("/api/users", json=sign_up_form(name), headers=sending(root))
    assert made.status_code == 201
    senders = {
        "nobody": {},
        "a plain user": sending(key_of(alone, name)),
        "a reader": sending(key_of(alone, people.ADMIN, "--scope", "user:read")),
        "a writer": sending(key_of(alone, people.ADMIN, "--scope", "user:write")),
    }

    statuses = {
        who: there.post("/api/users", json=sign_up_form(new_name()), headers=headers).status_code
        for who, headers in senders.items()
    }

    assert statuses == {"nobody": 401, "a plain user": 403, "a reader": 403, "a writer": 201}


@pytest.mark.check("K01")
def test_a_service_with_keys_alone_has_no_sign_in(there: httpx.Client, root: str) -> None:
    """It has no sign-in and no reset; a bearer token is 401 like no credential."""
    calls = [
        *(("POST", f"/api/auth/{what}") for what in ("login", "refresh", "logout", "session")),
        *(("POST", f"/api/auth/password-reset{what}") for what in ("", "/confirm")),
        *(("POST", f"/api/auth/verify-email{what}") for what in ("", "/resend")),
        ("PUT", f"{ME}/email"),
        *(("GET", path) for path in ("/sign-in", "/password-reset", "/api/auth/sessions")),
        ("GET", "/verify-email"),
    ]

    for method, path in calls:
        assert there.request(method, path, headers=sending(root)).status_code == 404
    for path in (PING, ME, KEYS, "/api/users", "/api/roles", "/api/notes"):
        response = there.get(path, headers={"Authorization": f"Bearer {root}"})
        assert_problem(response, 401)
        assert response.headers["www-authenticate"] == "ApiKey"
        assert there.get(path, headers=sending(root)).status_code == 200
    assert there.get(PING, headers=sending(root)).json() == {"status": "ok"}


@pytest.mark.check("K04")
def test_a_new_password_revokes_no_key(alone: Service, there: httpx.Client, root: str) -> None:
    """A service with keys alone stores passwords too, and a new one revokes no key."""
    name = new_name()
    there.post("/api/users", json=sign_up_form(name), headers=sending(root))
    key = key_of(alone, name)
    new = "another good pass phrase"
    form = {"current_password": PASSWORD, "new_password": new, "confirm_password": new}

    statuses = [
        there.put(f"{ME}/password", json=form, headers=sending(key)).status_code for _ in range(2)
    ]

    assert statuses == [204, 400]
    assert ping(there, key) == 200
