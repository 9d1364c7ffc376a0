"""Access tokens and refresh tokens."""

# ruff: noqa: S608 - the statements are ours, and so are the values in them

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.service.running import forged_tokens
from tests.service.running.conftest import on_sqlite, sibling_service
from tests.service.running.threads import in_threads
from tests.support import people, sql
from tests.support.harness import Service
from tests.support.people import PASSWORD, Person, log_in

GUESSES = [
    *("secret", "changethis", "changeme", "password", "admin", "test", "dev", "jwt", "key", "a"),
    *("supersecret", "secretkey", "secret_key", "SECRET_KEY", "mysecretkey", "your-secret-key"),
    *("your_secret_key_here", "please-change-me", "CHANGE_ME_IN_PRODUCTION", "notasecret"),
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
    "changethischangethischangethischangethis",
    "your-256-bit-secret-your-256-bit-secret",
    "your-super-secret-key-that-nobody-knows-1",
    "a-very-long-placeholder-that-means-nothing",
    "please-change-this-key-before-you-go-live",
    "django-insecure-kept-in-the-repository-for-all",
    "my-default-password-for-this-service-2024",
    "this-is-an-example-of-a-very-long-jwt-key",
    "local-development-key-do-not-use-elsewhere",
    "written-by-just-setup",
    "written-by-just-setup-written-by-just-setup",
    *("0" * 64, "x" * 40, "abcabc" * 10, "0123456" * 8, "ab12" * 16, "correcthorsebatterystaple"),
    *("12345678" * 4, "qwertyuiopasdfghjklzxcvbnm123456", "MNBVCXZlkjhgfdsaPOIUYTREWQ098765"),
    *("1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,", "0123456789abcdef" * 4, "correct horse " * 4),
    *("0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEF", "aaaaaaaabbbbbbbbccccccccddddddddeeee"),
]
"""Keys from tutorials and examples, and other guessable ones."""

NEW = "mRq2v-8ZtYw4Kx0Nf7Lb-Jd9Ps3Hc6Gu1Ea5Vo"


def me(client: httpx.Client, token: str) -> int:
    """Return the status of a request with this access token."""
    headers = {"Authorization": f"Bearer {token}"}
    return client.get("/api/users/me", headers=headers).status_code


def refresh(client: httpx.Client, token: str) -> httpx.Response:
    """Use a refresh token."""
    return client.post("/api/auth/refresh", json={"refresh_token": token})


@pytest.mark.check("T01")
@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", "HS512", "RS256", ""])
@pytest.mark.parametrize("signature", ["", "c2lnbmF0dXJl"])
@on_sqlite
def test_the_token_does_not_choose_the_algorithm(
    client: httpx.Client, ada: Person, algorithm: str, signature: str
) -> None:
    """A token that names another algorithm, or none, is refused with and without a signature."""
    payload = ada.access.split(".")[1]
    header = forged_tokens.encode({"alg": algorithm, "typ": "JWT"})

    assert me(client, f"{header}.{payload}.{signature}") == 401


@pytest.mark.check("T02")
@on_sqlite
def test_an_edited_token_is_refused(client: httpx.Client, ada: Person, eve: Person) -> None:
    """A token whose payload or signature was edited, removed or cut is refused."""
    header, payload, signature = ada.access.split(".")
    other = forged_tokens.encode(forged_tokens.decode(ada.access) | {"sub": str(eve.id)})
    edited = [
        f"{header}.{other}.{signature}",
        f"{header}.{payload}.",
        f"{header}.{payload}",
        f"{payload}.{signature}",
        f"{header}.{payload}.{signature[:-4]}",
        f"{header}.{payload}.{eve.access.split('.')[2]}",
        f"{header}.{payload}.{signature}.{signature}",
        ada.access[:-4],
        ada.access[4:],
    ]

    assert me(client, ada.access) == 200
    assert [me(client, token) for token in edited] == [401] * len(edited)


@pytest.mark.check("T03")
@on_sqlite
def test_guessable_signing_keys_are_refused(running: Service) -> None:
    """A service does not start with a key from a tutorial, a short or repetitive one, or rows."""
    program = """
import json, os, sys
from pydantic import ValidationError
from app.config import Settings
for guess in json.load(sys.stdin):
    os.environ["SECRET_KEY"] = guess
    try:
        Settings()
    except ValidationError:
        continue
    print(guess)
"""
    with sibling_service(running, own_database=False) as sibling:
        accepted = sibling.python("-c", program, stdin=json.dumps(GUESSES)).output.split("\n")

    assert accepted == [""]


@pytest.mark.check("T03")
@on_sqlite
@pytest.mark.parametrize("guess", ["", "short", GUESSES[20]], ids=["none", "short", "tutorial"])
def test_a_service_without_a_good_key_does_not_start(running: Service, guess: str) -> None:
    """Without a good key the start ends at once, with one line that names the setting."""
    with sibling_service(running, own_database=False, SECRET_KEY=guess) as sibling:
        ends = [
            sibling.cli("serve", check=False),
            sibling.python(
                *("-m", "uvicorn", "app.main:app", "--port", str(sibling.port)), check=False
            ),
        ]

    for end in ends:
        lines = [line for line in end.errors.splitlines() if "SECRET_KEY" in line]
        assert end.status != 0
        assert len(lines) == 1
        assert "Traceback" not in end.text
        assert not guess or guess not in end.text


@pytest.mark.check("T04")
@on_sqlite
def test_tokens_live_for_minutes(client: httpx.Client, ada: Person) -> None:
    """An access token is valid for an hour at most, in whole seconds from now."""
    claims = forged_tokens.decode(people.tokens_of(log_in(client, ada.name))[0])

    assert all(type(claims[name]) is int for name in ("iat", "nbf", "exp"))
    assert 0 < claims["exp"] - claims["iat"] <= 3600
    assert abs(claims["iat"] - time.time()) < 120


@pytest.mark.check("T04")
@on_sqlite
@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York"])
def test_the_time_zone_of_the_machine_does_not_matter(running: Service, zone: str) -> None:
    """Lifetimes are the same if the time zone of the machine is Tokyo or New York."""
    with sibling_service(running, own_database=False, TZ=zone) as sibling:
        sibling.start()
        with sibling.client() as there:
            person = people.sign_up(there)
            status = me(there, person.access)
            renewed = refresh(there, person.refresh)

    claims = forged_tokens.decode(person.access)
    assert abs(claims["iat"] - time.time()) < 120
    assert (status, renewed.status_code) == (200, 200)


@pytest.mark.check("T05")
@on_sqlite
def test_tokens_hold_identifiers_and_no_personal_data(
    client: httpx.Client, admin: Person, ada: Person
) -> None:
    """A token names issuer, audience, kind and an opaque subject, and no address, name or role."""
    for person in (admin, ada):
        claims = forged_tokens.decode(person.access)
        assert claims["sub"] == str(person.id)
        assert claims["iss"]
        assert claims["aud"]
        assert claims["typ"] == "access"
        known = {"iss", "aud", "sub", "sid", "jti", "typ", "iat", "nbf", "exp"}
        assert set(claims) == known
        text = repr(claims).replace(claims["iss"], "")
        assert not any(word in text for word in (person.name, "@", "role", "admin", "argon2"))

    again = forged_tokens.decode(people.tokens_of(log_in(client, ada.name))[0])
    assert again["jti"] != forged_tokens.decode(ada.access)["jti"]


@pytest.mark.check("T06", "T07")
@on_sqlite
def test_each_kind_of_token_works_in_its_own_place(client: httpx.Client, ada: Person) -> None:
    """A refresh token is no access token, and an access token neither refreshes nor logs out."""
    refreshed_with_access = refresh(client, ada.access)
    client.post("/api/auth/logout", json={"refresh_token": ada.access})

    assert me(client, ada.refresh) == 401
    assert refreshed_with_access.status_code in {401, 422}
    assert me(client, ada.access) == 200
    assert refresh(client, ada.refresh).status_code == 200


@pytest.mark.check("T07")
@on_sqlite
def test_a_token_signed_for_another_purpose_opens_nothing(
    client: httpx.Client, key: bytes, ada: Person
) -> None:
    """The kind of a token is required and checked, also if all other claims are valid."""
    claims = forged_tokens.decode(ada.access)
    kinds: list[object] = ["refresh", "reset", "verify", "ws-ticket", "", None, ["access"], 1]

    tokens = [forged_tokens.sign(key, claims | {"typ": kind}) for kind in kinds]

    assert [me(client, token) for token in tokens] == [401] * len(kinds)


@pytest.mark.check("T08")
def test_reuse_of_a_refresh_token_revokes_its_family(
    client: httpx.Client, running: Service, ada: Person
) -> None:
    """A refresh token works once; reuse revokes all tokens of that sign-in, and is logged."""
    other = people.sign_in(client, ada.id, ada.name)
    access, successor = people.tokens_of(refresh(client, ada.refresh))
    family = forged_tokens.decode(access)["sid"]

    replayed = refresh(client, ada.refresh)

    assert successor != ada.refresh
    assert replayed.status_code == 401
    assert refresh(client, successor).status_code == 401
    assert (me(client, access), me(client, ada.access)) == (401, 401)
    assert me(client, other.access) == 200
    warnings = [line for line in running.log.read_text().splitlines() if family in line]
    assert len(warnings) == 1
    assert '"WARNING"' in warnings[0]


@pytest.mark.check("T09")
def test_ten_simultaneous_refreshes_yield_one_successor(
    client: httpx.Client, running: Service, ada: Person
) -> None:
    """Of ten simultaneous uses one succeeds, nine are refused, and the family is revoked."""
    responses = in_threads(10, lambda _: refresh(client, ada.refresh))

    assert sorted(response.status_code for response in responses) == [200] + [401] * 9
    assert sql.count(running, "tokens", f"kind = 'refresh' AND owner_id = {ada.id}") == 2
    winner = next(response for response in responses if response.status_code == 200)
    access, successor = people.tokens_of(winner)
    assert refresh(client, successor).status_code == 401
    assert me(client, access) == 401


@pytest.mark.check("T10")
def test_logging_out_revokes_the_session_at_once(client: httpx.Client, ada: Person) -> None:
    """After a sign-out its refresh and access tokens are refused; other sessions continue."""
    other = people.sign_in(client, ada.id, ada.name)

    ended = client.post("/api/auth/logout", json={"refresh_token": ada.refresh})
    again = client.post("/api/auth/logout", json={"refresh_token": ada.refresh})

    assert (ended.status_code, again.status_code) == (204, 204)
    assert refresh(client, ada.refresh).status_code == 401
    assert me(client, ada.access) == 401
    assert me(client, other.access) == 200
    assert refresh(client, other.refresh).status_code == 200


@pytest.mark.check("T10")
def test_a_session_ends_when_its_time_is_over(
    client: httpx.Client, running: Service, ada: Person
) -> None:
    """When the refresh token expires, the access tokens of its session expire too."""
    yesterday = datetime.now(UTC) - timedelta(days=1)
    moment = yesterday.strftime("%Y-%m-%d %H:%M:%S")
    sql.query(running, f"UPDATE tokens SET expires_at = '{moment}' WHERE owner_id = {ada.id}")

    assert me(client, ada.access) == 401
    assert refresh(client, ada.refresh).status_code == 401


@pytest.mark.check("T11")
def test_a_new_password_revokes_every_session(client: httpx.Client, ada: Person) -> None:
    """A new password needs the current one, and revokes all sessions of the old one."""
    other = people.sign_in(client, ada.id, ada.name)
    new = "a new and longer password"

    def change(current: str) -> int:
        form = {"current_password": current, "new_password": new, "confirm_password": new}
        response = client.put("/api/users/me/password", json=form, headers=ada.headers)
        return response.status_code

    assert 400 <= change("not the password") < 500
    assert me(client, other.access) == 200
    assert change(PASSWORD) == 204
    assert [me(client, person.access) for person in (ada, other)] == [401, 401]
    assert [refresh(client, person.refresh).status_code for person in (ada, other)] == [401, 401]
    assert log_in(client, ada.name).status_code == 401
    assert log_in(client, ada.name, new).status_code == 200


@pytest.mark.check("T12")
@on_sqlite
def test_a_malformed_Authorization_header_gets_a_challenge(
    running: Service, client: httpx.Client, ada: Person
) -> None:
    """Any malformed Authorization header gets 401; the challenge says if a token was refused."""
    payload = ada.access.split(".")[1]

    def signed(header: object) -> bytes:
        return f"Bearer {forged_tokens.encode(header)}.{payload}.AAAA".encode()

    values = [
        b"",
        b"Bearer",
        b"Bearer null",
        b"Bearer a.b.c",
        b"Bearer ..",
        b"Bearer " + b"A" * 4096,
        b"Bearer \xe9\xe8\xff.\xe9.\xe9",
        b"Bearer " + "🔑.🔑.🔑".encode(),
        b"Basic YWRhOnBhc3N3b3Jk",
        b"Negotiate",
        f"bearer{ada.access}".encode(),
        f"Bearer {ada.access} {ada.access}".encode(),
        f"Bearer {ada.access},{ada.access}".encode(),
        f"Bearer Bearer {ada.access}".encode(),
        signed({"alg": ["HS256"]}),
        signed({"alg": {"HS256": 1}}),
        signed({"alg": None}),
        signed({"alg": "HS256", "kid": "../../../../dev/null"}),
        signed({"alg": "HS256", "kid": "' OR 1=1 --"}),
        signed({"alg": "HS256", "jku": "http://127.0.0.1/key"}),
        signed([]),
        signed("HS256"),
        signed(None),
    ]

    responses = [client.get("/api/users/me", headers={b"Authorization": value}) for value in values]

    assert [response.status_code for response in responses] == [401] * len(values)
    realm = f'Bearer realm="{running.project.pyproject["project"]["name"]}"'
    for response in responses:
        sent = response.request.headers["authorization"]
        is_bearer = sent.partition(" ")[0].lower() == "bearer"
        error = ', error="invalid_token"' if is_bearer else ""
        assert response.headers["www-authenticate"] == realm + error


@pytest.mark.check("T12")
@on_sqlite
def test_two_credentials_are_refused(client: httpx.Client, ada: Person, eve: Person) -> None:
    """Two Authorization headers in one request are refused."""
    pair = [("Authorization", f"Bearer {person.access}") for person in (ada, eve)]

    response = client.get("/api/users/me", headers=pair)

    assert response.status_code == 401


@pytest.mark.check("T13")
@on_sqlite
def test_a_missing_token_gets_a_challenge(running: Service, client: httpx.Client) -> None:
    """A request without a credential is 401, not 403, and the challenge names all schemes."""
    for path in ("/api/users/me", "/api/notes", "/api/users", "/api/roles"):
        response = client.get(path)
        assert response.status_code == 401
        realm = running.project.pyproject["project"]["name"]
        challenges = f'Bearer realm="{realm}", ApiKey, Session'
        assert response.headers["www-authenticate"] == challenges


@pytest.mark.check("T14")
@on_sqlite
def test_tokens_in_the_address_are_not_read(client: httpx.Client, ada: Person) -> None:
    """A token in the query, a form or a cookie is refused, since URLs end up in logs."""
    for name in ("access_token", "token", "jwt", "bearer", "authorization", "api_key"):
        in_query = client.get("/api/users/me", params={name: ada.access})
        cookie = {"Cookie": f"{name}={ada.access}"}
        in_cookie = client.get("/api/users/me", headers=cookie)
        assert (in_query.status_code, in_cookie.status_code) == (401, 401)


def _bad_tokens(key: bytes, claims: dict[str, Any]) -> dict[str, str]:
    """Return tokens with a valid signature and one invalid part each."""

    def without(name: str) -> dict[str, Any]:
        return {known: value for known, value in claims.items() if known != name}

    def changed(**values: object) -> str:
        return forged_tokens.sign(key, claims | values)

    required = ("exp", "iat", "nbf", "sub", "aud", "iss", "jti", "typ", "sid")

    def headed(digest: str = "sha256", **changes: object) -> str:
        head = forged_tokens.header(key, **changes)
        return forged_tokens.sign(key, claims, head=head, digest=digest)

    return {
        **{f"no {name}": forged_tokens.sign(key, without(name)) for name in required},
        "expired": forged_tokens.sign(key, forged_tokens.shifted(claims, seconds=-7200)),
        "not yet valid": changed(nbf=forged_tokens.now() + 3600),
        "expires as text": changed(exp=str(claims["exp"])),
        "issued as text": changed(iat=str(claims["iat"])),
        "valid from as text": changed(nbf=str(claims["nbf"])),
        "expires never": changed(exp=float("inf")),
        "issued never": changed(iat=float("nan")),
        "valid since ever": changed(nbf=float("-inf")),
        "expires in a list": changed(exp=[claims["exp"]]),
        "expires null": changed(exp=None),
        "expires true": changed(exp=True),
        "another audience": changed(aud="somebody-else"),
        "audience null": changed(aud=None),
        "another issuer": changed(iss="somebody-else"),
        "issuer null": changed(iss=None),
        "unknown subject": changed(sub="999999999"),
        "subject of 40 digits": changed(sub="9" * 40),
        "subject of 5000 digits": changed(sub="9" * 5000),
        "subject past 64 bits": changed(sub=str(2**63)),
        "negative subject": changed(sub="-1"),
        "empty subject": changed(sub=""),
        "subject with NUL": changed(sub=f"{claims['sub']}\x00"),
        "subject as number": changed(sub=int(claims["sub"])),
        "subject in a list": changed(sub=[claims["sub"]]),
        "subject true": changed(sub=True),
        "session null": changed(sid=None),
        "session as number": changed(sid=1),
        "session of nobody": changed(sid="00000000-0000-4000-8000-000000000000"),
        "session as text": changed(sid="' OR '1'='1"),
        "id as number": changed(jti=1),
        "SHA-512": headed("sha512", alg="HS512"),
        "crit": headed(crit=["exp"]),
        "no key named": headed(kid=None),
        "an unknown key": headed(kid="0123456789abcdef"),
        "a key's path": headed(kid="../../../../dev/null"),
        "a list of keys": headed(kid=["x"]),
        "another purpose": changed(typ="reset"),
        "a list": forged_tokens.sign(key, [claims]),
        "a text": forged_tokens.sign(key, "claims"),
        "null": forged_tokens.sign(key, None),
    }


@pytest.mark.check("T15")
@on_sqlite
def test_a_right_signature_is_not_enough(client: httpx.Client, key: bytes, ada: Person) -> None:
    """A token signed with the real key is refused if any claim is missing, wrong or malformed."""
    claims = forged_tokens.decode(ada.access)
    tokens = _bad_tokens(key, claims)

    statuses = {fault: me(client, token) for fault, token in tokens.items()}

    assert me(client, forged_tokens.sign(key, claims)) == 200
    assert {fault: status for fault, status in statuses.items() if status != 401} == {}


@pytest.mark.check("T16")
def test_disabling_an_account_revokes_its_tokens_at_once(
    client: httpx.Client, admin: Person, ada: Person, eve: Person
) -> None:
    """A disabled or deleted account cannot sign in, and its tokens fail at the next request."""
    disabled = client.patch(
        f"/api/users/{ada.id}", json={"is_active": False}, headers=admin.headers
    )
    deleted = client.delete(f"/api/users/{eve.id}", headers=admin.headers)

    assert (disabled.status_code, deleted.status_code) == (200, 204)
    for person in (ada, eve):
        assert me(client, person.access) == 401
        assert refresh(client, person.refresh).status_code == 401
        assert log_in(client, person.name).status_code == 401


@pytest.mark.check("T16")
def test_enabling_an_account_restores_no_token(
    client: httpx.Client, admin: Person, ada: Person
) -> None:
    """An account that is enabled again can sign in, and its old tokens stay revoked."""
    for is_active in (False, True):
        change = {"is_active": is_active}
        client.patch(f"/api/users/{ada.id}", json=change, headers=admin.headers)

    assert me(client, ada.access) == 401
    assert log_in(client, ada.name).status_code == 200


@pytest.mark.check("T19")
@on_sqlite
def test_signing_keys_can_be_rotated(
    running: Service, client: httpx.Client, key: bytes, ada: Person
) -> None:
    """The newest key signs; older ones verify until they are removed from the settings."""
    old = running.environment["SECRET_KEY"]
    with (
        sibling_service(
            running, own_database=False, SECRET_KEY=NEW, SECRET_KEYS_PREVIOUS=old
        ) as changing,
        sibling_service(running, own_database=False, SECRET_KEY=NEW) as changed,
    ):
        new_key = forged_tokens.key_of(changing)
        for sibling in (changing, changed):
            sibling.start()
        with changing.client() as during, changed.client() as after:
            renewed, successor = people.tokens_of(refresh(during, ada.refresh))
            mixed = forged_tokens.sign(
                new_key, forged_tokens.decode(ada.access), head=forged_tokens.header(key)
            )
            tokens = (ada.access, renewed, mixed)
            statuses = [[me(there, token) for token in tokens] for there in (client, during, after)]
            last, _ = people.tokens_of(refresh(after, successor))

    assert statuses == [[200, 401, 401], [200, 200, 401], [401, 200, 401]]
    key_ids = [forged_tokens.decode(token, 0)["kid"] for token in (ada.access, renewed, last)]
    assert key_ids == [forged_tokens.header(used)["kid"] for used in (key, new_key, new_key)]
    assert not any(secret in str(key_ids) for secret in (old, NEW))


@pytest.mark.check("T19")
@on_sqlite
def test_guessable_retired_keys_are_refused(running: Service) -> None:
    """A guessable key is refused among the retired ones too, without showing it."""
    with sibling_service(
        running, own_database=False, SECRET_KEYS_PREVIOUS=f"{NEW},{GUESSES[20]}"
    ) as sibling:
        end = sibling.cli("openapi", check=False)

    assert end.status != 0
    assert len([line for line in end.errors.splitlines() if "SECRET_KEYS_PREVIOUS: " in line]) == 1
    assert not any(secret in end.text for secret in (NEW, GUESSES[20], "Traceback"))


@pytest.mark.check("T20")
@on_sqlite
def test_clock_skew_is_tolerated_by_seconds_only(
    client: httpx.Client, key: bytes, ada: Person
) -> None:
    """A token from the future, or one that expired half a minute ago, is refused."""
    claims = forged_tokens.decode(ada.access)
    tokens = [
        forged_tokens.sign(key, forged_tokens.shifted(claims, seconds=3600)),
        forged_tokens.sign(key, claims | {"iat": forged_tokens.now() + 3600}),
        forged_tokens.sign(key, claims | {"nbf": forged_tokens.now() + 60}),
        forged_tokens.sign(key, claims | {"exp": forged_tokens.now() - 31}),
    ]

    assert [me(client, token) for token in tokens] == [401] * len(tokens)


@pytest.mark.check("T21")
def test_secrets_are_stored_as_hashes_only(
    client: httpx.Client, running: Service, ada: Person
) -> None:
    """No table contains a token or a password, only their hashes."""
    access, successor = people.tokens_of(refresh(client, ada.refresh))

    stored = sql.dump(running)

    assert ada.name in stored
    assert forged_tokens.sha256(successor) in stored
    secrets = (ada.access, ada.refresh, access, successor, PASSWORD)
    assert not any(secret in stored for secret in secrets)


@pytest.mark.check("T22")
def test_an_account_has_a_bounded_number_of_tokens(
    client: httpx.Client, running: Service, ada: Person
) -> None:
    """The 51st session ends the first; a session keeps 100 exchanged tokens; the rest is purged."""
    started = [people.tokens_of(log_in(client, ada.name)) for _ in range(50)]
    first, last = me(client, ada.access), me(client, started[-1][0])
    token = started[-1][1]
    for _ in range(120):
        token = refresh(client, token).json()["refresh_token"]
    rotated = f"owner_id = {ada.id} AND rotated_at IS NOT NULL"
    kept = sql.count(running, "tokens", rotated)
    reused = refresh(client, started[-1][1]).status_code
    form = {"name": "bot", "expires_at": "9998-01-01T00:00:00Z"}
    headers = {"Authorization": f"Bearer {started[0][0]}"}
    key = client.post("/api/api-keys", json=form, headers=headers).json()
    client.delete(f"/api/api-keys/{key['id']}", headers=headers)
    running.cli("purge")

    assert (first, last) == (401, 200)
    assert kept == 100
    assert reused == 401
    assert sql.count(running, "tokens", f"owner_id = {ada.id} AND revoked_at IS NOT NULL") == 0


@pytest.mark.check("T22")
def test_expired_tokens_are_purged(client: httpx.Client, running: Service, ada: Person) -> None:
    """The daily command deletes expired tokens and nothing else, and uses an index."""
    values = ", ".join(
        f"('refresh', '{forged_tokens.sha256(f'{ada.name}{number}')}',"
        f" '{number:032x}', {ada.id}, '', '', '', '2020-01-01 00:00:00', '2020-01-02 00:00:00')"
        for number in range(1000)
    )
    columns = "kind, secret_hash, family, owner_id, address, name, prefix, created_at, expires_at"
    sql.query(running, f"INSERT INTO tokens ({columns}) VALUES {values}")
    expired = "expires_at < '2021-01-01 00:00:00'"
    before = sql.count(running, "tokens", expired)

    end = running.cli("purge")

    assert before >= 1000
    assert int(end.output.split()[1]) >= before
    assert sql.count(running, "tokens", expired) == 0
    assert me(client, ada.access) == 200
    assert refresh(client, ada.refresh).status_code == 200
    assert any("expires_at" in definition for definition in _indexes(running))


def _indexes(service: Service) -> list[str]:
    statement = service.database_kind.list_indexes.format(table="tokens")
    return [str(definition) for (definition,) in sql.query(service, statement)]
