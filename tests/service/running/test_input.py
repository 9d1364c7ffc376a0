"""Invalid, unusual and hostile input."""

# ruff: noqa: S608 - the statements are ours, and so are the values in them

import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.service.running import raw_http
from tests.service.running.conftest import on_sqlite, sibling_service
from tests.support import people, sql
from tests.support.harness import Service
from tests.support.people import (
    PASSWORD,
    Person,
    log_in,
    new_name,
    sign_up_form,
    write_note,
)
from tests.support.problems import assert_problem

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def is_refusal(response: httpx.Response) -> bool:
    """Return whether the status says that the client is at fault."""
    return 400 <= response.status_code < 500


@pytest.mark.check("I01")
@pytest.mark.parametrize("bad", ["\x00", chr(0xD800), chr(0xDFFF), chr(0xD83D)], ids=ascii)
def test_NUL_and_unpaired_surrogates_are_refused(
    client: httpx.Client, admin: Person, ada: Person, bad: str
) -> None:
    """NUL and unpaired surrogates are refused in every text, before they reach a database."""
    text = f"ab{bad}cdefgh"
    form = sign_up_form(new_name())
    passwords = {"password": text, "confirm_password": text}
    note = write_note(client, ada)
    attempts: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", "/api/users", form | {"username": text}),
        ("POST", "/api/users", form | {"email": f"{text}@example.org"}),
        ("POST", "/api/users", form | passwords),
        ("POST", "/api/users", form | {text: 1}),
        ("PATCH", "/api/users/me", {"username": text}),
        ("PUT", "/api/users/me/email", {"email": f"a@{text}.org", "current_password": PASSWORD}),
        ("POST", "/api/auth/verify-email", {"token": text}),
        ("PUT", f"/api/users/{ada.id}/roles", {"roles": [text]}),
        ("POST", "/api/notes", {"title": text, "body": ""}),
        ("POST", "/api/notes", {"title": "a", "body": text}),
        ("PATCH", f"/api/notes/{note}", {"body": text}),
        ("POST", "/api/auth/refresh", {"refresh_token": text}),
    ]

    for method, path, body in attempts:
        person = admin if "roles" in path else ada
        response = client.request(
            method, path, content=json.dumps(body), headers=person.headers | JSON
        )
        assert is_refusal(response), (path, body, response.text)
        assert response.json()["status"] == response.status_code


@pytest.mark.check("I01")
@pytest.mark.parametrize("escaped", ["%00", "%ED%A0%80", "%FF", "%C0%80", "%F4%90%80%80"])
def test_broken_text_in_forms_and_addresses_is_no_crash(
    client: httpx.Client, admin: Person, ada: Person, escaped: str
) -> None:
    """In forms, queries and paths they are refused too, or match nothing."""
    logins = [
        client.post("/api/auth/login", content=f"username=a{escaped}&password=b", headers=FORM),
        client.post(
            "/api/auth/login", content=f"username={ada.name}&password=b{escaped}", headers=FORM
        ),
    ]
    searches = [
        client.get(f"/api/notes?keyword=a{escaped}", headers=ada.headers),
        client.get(f"/api/users?keyword=a{escaped}", headers=admin.headers),
        client.get(f"/api/notes?sort={escaped}", headers=ada.headers),
        client.get(f"/api/notes/{escaped}", headers=ada.headers),
        client.get(f"/api/{escaped}", headers=ada.headers),
        client.get(f"/{escaped}"),
    ]

    assert all(is_refusal(response) for response in logins)
    assert not any(response.is_server_error for response in searches)
    if escaped == "%00":
        assert all(is_refusal(response) for response in searches)


@pytest.mark.check("I02")
@pytest.mark.parametrize(
    "number",
    [
        *("0", "-1", "2147483648", str(2**53 + 1), str(2**63 - 1), str(2**63), str(2**64)),
        *(
            "1" + "0" * 40,
            "9" * 5000,
            "abc",
            "1_0",
            "1.0",
            "1e3",
            "+1",
            "%201",
            "0x1",
            "١٢",
            "null",
        ),
        *("%00", "true", "1;2", "1'--", "..%2f1", "NaN", "Infinity"),
    ],
    ids=lambda number: number[:12],
)
def test_invalid_ids_are_404_or_422(client: httpx.Client, admin: Person, number: str) -> None:
    """An id that is too large, negative or no plain number is 404 or 422."""
    for noun in ("notes", "users"):
        for method in ("GET", "DELETE"):
            response = client.request(method, f"/api/{noun}/{number}", headers=admin.headers)
            assert response.status_code in {404, 422}


@pytest.mark.check("I03")
@pytest.mark.parametrize("name", ["page", "size"])
@pytest.mark.parametrize(
    "value",
    ["-1", "0", "text", str(2**63), "1" + "0" * 40, "1.5", "NaN", "", "1e3", "1_0", "\u0661"],
)
def test_pages_are_bounded(
    client: httpx.Client, admin: Person, ada: Person, name: str, value: str
) -> None:
    """Invalid page numbers and sizes are refused, and a page after the last is empty."""
    for path, person in (("/api/users", admin), ("/api/notes", ada)):
        response = client.get(path, params={name: value}, headers=person.headers)
        assert response.status_code == 422
        last = client.get(path, params={"page": "1000000000"}, headers=person.headers)
        assert last.json()["items"] == []


@pytest.mark.check("I03")
def test_the_size_of_a_page_is_limited(client: httpx.Client, ada: Person) -> None:
    """A page has at most 100 rows: a size of 101 is refused."""
    statuses = [
        client.get("/api/notes", params={"size": size}, headers=ada.headers).status_code
        for size in (100, 101)
    ]

    assert statuses == [200, 422]


TITLES = [
    *("100%", "100x", "a_b", "axb", "a\\b", "a\\\\b", "ab", "it's", 'say "hi"', "a'b\\", "*", "?"),
    *("[a]", "🦊 fox", "🐢 turtle", "Straße", "Äpfel", "é", "e"),
]


@pytest.mark.check("I04")
@pytest.mark.parametrize(
    ("keyword", "found"),
    [
        ("%", {"100%"}),
        ("0%", {"100%"}),
        ("%%", set()),
        ("_", {"a_b"}),
        ("a_b", {"a_b"}),
        ("\\", {"a\\b", "a\\\\b", "a'b\\"}),
        ("a\\b", {"a\\b"}),
        ("\\\\", {"a\\\\b"}),
        ("\\%", set()),
        ("\\_", set()),
        ("'", {"it's", "a'b\\"}),
        ("b\\", {"a'b\\"}),
        ('"', {'say "hi"'}),
        ("*", {"*"}),
        ("?", {"?"}),
        ("[a]", {"[a]"}),
        ("🦊", {"🦊 fox"}),
        ("FOX", {"🦊 fox"}),
        ("'; DROP TABLE notes; --", set()),
    ],
)
def test_search_is_literal(
    client: httpx.Client, librarian: Person, keyword: str, found: set[str]
) -> None:
    """A keyword is found as it is written: per cent, underscore and backslash mean themselves."""
    query = {"keyword": keyword, "size": "100"}

    page = client.get("/api/notes", params=query, headers=librarian.headers).json()

    assert {note["title"] for note in page["items"]} == found
    assert page["total"] == len(found)


@pytest.mark.check("I04")
@pytest.mark.parametrize(("keyword", "found"), [("äpf", {"Äpfel"}), ("É", {"é"}), ("E", {"e"})])
def test_search_ignores_case_but_not_accents(
    client: httpx.Client, librarian: Person, keyword: str, found: set[str]
) -> None:
    """Search ignores case of all letters; accented letters are different letters."""
    query = {"keyword": keyword, "size": "100"}

    page = client.get("/api/notes", params=query, headers=librarian.headers).json()

    titles = {note["title"] for note in page["items"]}
    assert found <= titles
    assert not titles & ({"é", "e"} - found)


@pytest.fixture(scope="session")
def librarian(client: httpx.Client) -> Person:
    """Offer an account with a note of each title."""
    person = people.sign_up(client, "librarian")
    for title in TITLES:
        write_note(client, person, title)
    return person


PROBES = [
    *("' OR '1'='1", "'; DROP TABLE users; --", '" OR ""="', "1) OR (1=1", "\\'; SELECT 1; --"),
    *("{{7*7}}", "${7*7}", "$(id)", "`id`", "<script>alert(1)</script>", "../../etc/passwd"),
    *("%s%s%s%n", "admin'/*", "0x27 OR 1=1", "a'||'b", "sleep(5)#", "{$ne: null}", "\\", "'"),
]


@pytest.mark.check("I05")
@pytest.mark.parametrize("probe", PROBES)
def test_injection_attempts_are_treated_as_text(
    client: httpx.Client, running: Service, admin: Person, ada: Person, probe: str
) -> None:
    """SQL, templates and shell commands in any text are stored as sent, or match nothing."""
    title = probe.strip()
    note = write_note(client, ada, title, probe)
    stored = client.get(f"/api/notes/{note}", headers=ada.headers).json()
    users = sql.count(running, "users")
    others = [
        log_in(client, probe, probe),
        client.get("/api/users", params={"keyword": probe}, headers=admin.headers),
        client.get("/api/notes", params={"sort": probe}, headers=ada.headers),
        client.get("/api/notes", params={probe: probe}, headers=ada.headers),
        client.post("/api/auth/refresh", json={"refresh_token": probe}),
        client.put(f"/api/users/{ada.id}/roles", json={"roles": [probe]}, headers=admin.headers),
    ]

    assert (stored["title"], stored["body"]) == (title, probe)
    assert [response.status_code for response in others] == [401, 200, 422, 422, 401, 400]
    assert sql.count(running, "users") == users
    found = client.get("/api/notes", params={"keyword": title}, headers=ada.headers).json()
    assert [item["id"] for item in found["items"]] == [note]


@pytest.mark.check("I06")
@pytest.mark.parametrize(
    "sort",
    [
        *("owner__password_hash", "-owner__email", "owner_id", "body", "id", "nothing", "", "-"),
        *("title,id", "title DESC", "--title", "TITLE", "created_at; DROP TABLE notes", "?"),
    ],
)
def test_only_listed_columns_sort(client: httpx.Client, ada: Person, sort: str) -> None:
    """A list is sorted by documented columns only, since an order can disclose secrets."""
    response = client.get("/api/notes", params={"sort": sort}, headers=ada.headers)

    assert response.status_code == 422


@pytest.mark.check("I06")
def test_listed_columns_do_sort(client: httpx.Client, ada: Person) -> None:
    """Each documented order sorts by its column."""
    titles = ["b", "c", "a"]
    for title in titles:
        write_note(client, ada, title)

    def sorted_by(order: str) -> list[str]:
        page = client.get("/api/notes", params={"sort": order}, headers=ada.headers).json()
        return [note["title"] for note in page["items"]]

    assert sorted_by("title") == ["a", "b", "c"]
    assert sorted_by("-title") == ["c", "b", "a"]
    assert sorted_by("created_at") == titles
    assert sorted_by("-created_at") == titles[::-1]


NOT_JSON = {
    "deep lists": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "open lists": b"[" * 100_000,
    "deep in a field": b'{"title": ' + b"[" * 900 + b"]" * 900 + b', "body": ""}',
    "NaN": b'{"title": NaN, "body": ""}',
    "Infinity": b'{"title": "a", "body": -Infinity}',
    "huge float": b'{"title": 1e999, "body": ""}',
    "huge number": b'{"title": ' + b"9" * 5000 + b', "body": ""}',
    "bad UTF-8": b'{"title": "\xff\xfe", "body": ""}',
    "surrogate in UTF-8": b'{"title": "\xed\xa0\x80", "body": ""}',
    "overlong UTF-8": b'{"title": "\xc0\xaf", "body": ""}',
    "empty": b"",
    "space": b"   ",
    "null": b"null",
    "text": b'"title"',
    "list": b"[]",
    "XML": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
    "cut": b'{"title": "a", "body',
    "two": b'{"title": "a", "body": ""}{"title": "b", "body": ""}',
    "single quotes": b"{'title': 'a', 'body': ''}",
    "comment": b'{"title": "a", /* or b */ "body": ""}',
    "raw newline": b'{"title": "a\nb", "body": ""}',
    "form": b"title=a&body=b",
    "NUL bytes": b"\x00" * 100,
}


@pytest.mark.check("I07")
@pytest.mark.parametrize("fault", NOT_JSON)
@on_sqlite
def test_broken_JSON_is_refused(client: httpx.Client, ada: Person, fault: str) -> None:
    """Deep, endless, broken and foreign bodies are refused in every route that reads JSON."""
    body = NOT_JSON[fault]
    calls = [
        ("POST", "/api/notes"),
        ("POST", "/api/users"),
        ("POST", "/api/auth/refresh"),
        ("PATCH", "/api/users/me"),
    ]

    for method, path in calls:
        response = client.request(method, path, content=body, headers=ada.headers | JSON)
        assert is_refusal(response), (path, response.status_code)
        assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.check("I07")
@pytest.mark.parametrize("age", ["NaN", "Infinity", "1e400", "9" * 40, "9" * 5000, "1.5", '"7"'])
def test_invalid_numbers_are_refused(client: httpx.Client, ada: Person, age: str) -> None:
    """A value that is no number, or too large for its column, is refused."""
    content = f'{{"age": {age}}}'

    response = client.patch("/api/users/me", content=content, headers=ada.headers | JSON)

    assert is_refusal(response)


@pytest.mark.check("I07")
@pytest.mark.parametrize(
    "body",
    [
        b'{"title": "first", "title": "last", "body": ""}',
        json.dumps({"title": "last", "body": ""}).encode("utf-16"),
        b'\xef\xbb\xbf{"title": "last", "body": ""}',
    ],
    ids=["the same name twice", "UTF-16", "byte order mark"],
)
@on_sqlite
def test_unusual_JSON_has_one_meaning(client: httpx.Client, ada: Person, body: bytes) -> None:
    """JSON that parsers disagree about is refused, or read as Python's own parser reads it."""
    response = client.post("/api/notes", content=body, headers=ada.headers | JSON)

    assert is_refusal(response) or response.json()["title"] == "last"


@pytest.mark.check("I08")
@on_sqlite
def test_a_large_body_is_refused_before_it_is_read(running: Service) -> None:
    """A body whose declared size is too large is refused before a byte of it is sent."""
    head = b"POST /api/users HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"

    response = raw_http.send(running, head + b"Content-Length: 2000000000\r\n\r\n")

    assert response.status == 413
    assert response.headers["connection"] == "close"
    assert json.loads(response.text)["status"] == 413


@pytest.mark.check("I08")
@pytest.mark.parametrize("path", ["/api/users", "/api/auth/login", "/api/notes"])
@on_sqlite
def test_an_endless_body_is_cut_off(running: Service, path: str) -> None:
    """A body without a declared size is cut off soon after the limit."""
    chunk = b"%x\r\n%s\r\n" % (65_536, b"x" * 65_536)
    endless = 1024
    kind = "application/x-www-form-urlencoded" if "login" in path else "application/json"
    head = f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: {kind}\r\n"
    sent = 0
    with raw_http.connect(running) as connection:
        connection.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
        try:
            for _ in range(endless):
                connection.sendall(chunk)
                sent += 1
        except ConnectionError:
            pass
        response = raw_http.read(connection)

    assert sent < endless / 2
    assert response.status in {0, 401, 413}


@pytest.mark.check("I08")
@on_sqlite
def test_a_body_at_the_limit_is_read(running: Service) -> None:
    """The limit is MAX_BODY_BYTES: one byte more is 413, with and without a declared size."""
    with sibling_service(running, own_database=False, MAX_BODY_BYTES="1000") as sibling:
        sibling.start()
        with sibling.client() as http:
            statuses = [
                http.post("/api/auth/login", content=content, headers=FORM).status_code
                for size in (1000, 1001)
                for content in (b"x" * size, iter([b"x" * size]))
            ]

    assert statuses == [422, 422, 413, 413]


@pytest.mark.check("I09")
@on_sqlite
def test_compressed_bodies_are_not_decompressed(client: httpx.Client, ada: Person) -> None:
    """A compressed body is refused, so that a decompression bomb has no effect."""
    bomb = gzip.compress(b" " * 100_000_000)
    note = gzip.compress(json.dumps({"title": "a", "body": ""}).encode())

    for body in (note, bomb):
        response = client.post(
            "/api/notes",
            content=body,
            headers=ada.headers | JSON | {"Content-Encoding": "gzip"},
        )
        assert is_refusal(response)


WRITING = {
    "emoji": "🦊🐢 👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽",
    "Chinese": "中文\u3000标题 𠮷野家",
    "Persian": "می\u200cخواهم",
    "Hindi": "क्\u200dष हिन्दी",
    "Arabic": "مرحبا بالعالم 123",
    "Hebrew": "שָׁלוֹם",
    "French": "Prix\u00a0: 5\u202f€",
    "combining": "e\u0301 a\u0308 o\u0308\u0323",
    "composed": "é ä ộ",
    "Thai": "น้ำ",
    "Korean": "한국어 한국어",
    "maths": "𝔘𝔫𝔦 ∑∫√ ℵ",
}


@pytest.mark.check("I10")
@pytest.mark.parametrize("script", WRITING)
def test_every_script_comes_back_as_it_was(client: httpx.Client, ada: Person, script: str) -> None:
    """Text of any script is stored and returned unchanged, in titles and bodies."""
    text = WRITING[script]
    body = f"{text}\n\u202eright to left\u202c\ttab"

    note = write_note(client, ada, text, body)

    read = client.get(f"/api/notes/{note}", headers=ada.headers).json()
    assert (read["title"], read["body"]) == (text, body)


@pytest.mark.check("I10")
def test_the_longest_texts_fit(client: httpx.Client, ada: Person) -> None:
    """The longest allowed text fits also if each character takes four bytes."""
    note = write_note(client, ada, "🦊" * 200, "🐢" * 10_000)

    read = client.get(f"/api/notes/{note}", headers=ada.headers).json()

    assert (read["title"], read["body"]) == ("🦊" * 200, "🐢" * 10_000)


@pytest.mark.check("I11")
@pytest.mark.parametrize("sign", ["a", "é", "漢", "🦊", "ß", "İ", "ﬃ"])
@pytest.mark.parametrize("length", [256, 1000, 100_000])
def test_long_texts_are_refused(
    client: httpx.Client, admin: Person, ada: Person, sign: str, length: int
) -> None:
    """A text longer than its column is refused by the schema, never by the database."""
    text = sign * length
    form = sign_up_form(new_name())
    responses = [
        client.post("/api/users", json=form | {"username": text}),
        client.post("/api/users", json=form | {"email": f"{text}@example.org"}),
        client.post("/api/users", json=form | {"email": f"a@{text}.org"}),
        client.patch("/api/users/me", json={"username": text}, headers=ada.headers),
        client.post("/api/notes", json={"title": text, "body": ""}, headers=ada.headers),
        client.put(f"/api/users/{ada.id}/roles", json={"roles": [text]}, headers=admin.headers),
    ]
    if length <= 1000:
        responses += [
            client.get("/api/notes", params={"keyword": text}, headers=ada.headers),
            client.get("/api/users", params={"keyword": text}, headers=admin.headers),
        ]
    else:
        responses += [
            client.post("/api/notes", json={"title": "a", "body": text}, headers=ada.headers)
        ]

    assert [response.status_code for response in responses] == [422] * len(responses)


@pytest.mark.check("I11")
@pytest.mark.parametrize("sign", ["a", "ß", "İ", "ﬃ", "🦊", "ΐ", "ŉ"])
def test_the_longest_names_work(client: httpx.Client, sign: str) -> None:
    """A name of 50 characters is stored, or refused, also if its folded form is longer."""
    tail = new_name("n")[-12:]
    name = sign * (50 - len(tail)) + tail

    response = client.post("/api/users", json=sign_up_form(new_name()) | {"username": name})

    assert response.status_code in {201, 422}
    if response.status_code == 201:
        assert log_in(client, name).status_code == 200


@pytest.mark.check("I11")
@pytest.mark.parametrize(
    "sign", ["\uff20", "\u034f", "\u115f", "\u2800", "\u3164", "\ufe0f", "\u200b"]
)
def test_no_name_looks_like_another_or_like_an_address(
    client: httpx.Client, ada: Person, sign: str
) -> None:
    """Names with invisible characters, or with one that normalizes to an @, are refused."""
    for name in (f"{ada.name}{sign}", f"a{sign}example.org", sign * 4):
        responses = [
            client.post("/api/users", json=sign_up_form(new_name()) | {"username": name}),
            client.patch("/api/users/me", json={"username": name}, headers=ada.headers),
        ]

        assert [response.status_code for response in responses] == [422, 422]


@pytest.mark.check("I12")
@on_sqlite
def test_refusals_do_not_repeat_what_was_sent(client: httpx.Client, ada: Person) -> None:
    """A 422 names the fields and the faults, and repeats no value."""
    secret = "hunter2-hunter2"
    form = sign_up_form(new_name(), secret)
    without_name = {name: value for name, value in form.items() if name != "username"}
    change = {"current_password": secret, "new_password": secret, "confirm_password": secret + "x"}
    responses = [
        client.post("/api/users", json=form | {"email": secret}),
        client.post("/api/users", json=form | {"confirm_password": secret + "x"}),
        client.post("/api/users", json=without_name),
        client.post("/api/users", json=form | {"password": [secret]}),
        client.post("/api/users", json=form | {"password": {"value": secret}}),
        client.post("/api/users", json=form | {"age": secret}),
        client.post("/api/users", json=form | {"extra": secret}),
        client.post("/api/users", json=[form]),
        client.post("/api/users", json=secret),
        client.post("/api/users", content=json.dumps(form)[:-1], headers=JSON),
        client.put("/api/users/me/password", json=change, headers=ada.headers),
        client.post("/api/auth/login", data={"password": secret}),
        client.post("/api/auth/login", json={"username": "ada", "password": secret}),
        client.post("/api/auth/refresh", json={"refresh_token": [secret]}),
        client.post("/api/auth/refresh", json={"refresh_token": secret * 100}),
        client.get("/api/notes", params={"sort": secret}, headers=ada.headers),
        client.get("/api/notes", params={"page": secret}, headers=ada.headers),
        client.get(f"/api/notes/{secret}", headers=ada.headers),
    ]

    parts = client.post("/api/auth/login", data={"password": secret}, files={"username": b"ada"})

    assert [response.status_code for response in responses] == [422] * len(responses)
    assert_problem(parts, 415)
    assert "hunter2" not in parts.text
    for response in responses:
        assert "hunter2" not in response.text
        assert all(set(error) == {"field", "msg", "type"} for error in response.json()["errors"])


@pytest.mark.check("I13")
@pytest.mark.parametrize(
    "field",
    ["id", "owner", "owner_id", "created_at", "updated_at", "owner__email", "pk", "__class__"],
)
@on_sqlite
def test_columns_that_the_service_sets_are_read_only(
    client: httpx.Client, ada: Person, eve: Person, field: str
) -> None:
    """Columns that the service sets cannot be written, neither at creation nor later."""
    path = f"/api/notes/{write_note(client, ada)}"
    before = client.get(path, headers=ada.headers).json()
    value = {"id": 1, "owner": eve.id, "owner_id": eve.id}.get(field, "2020-01-01T00:00:00Z")

    created = client.post(
        "/api/notes", json={"title": "a", "body": "", field: value}, headers=ada.headers
    )
    changed = client.patch(path, json={field: value}, headers=ada.headers)

    assert (created.status_code, changed.status_code) == (422, 422)
    assert client.get(path, headers=ada.headers).json() == before


@pytest.mark.check("I14")
@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York"])
def test_times_do_not_depend_on_the_time_zone_of_the_machine(
    client: httpx.Client, running: Service, ada: Person, zone: str
) -> None:
    """Times carry their offset, and are the same whatever the time zone of the machine."""
    with sibling_service(running, own_database=False, TZ=zone, PGTZ=zone) as sibling:
        sibling.start()
        with sibling.client() as there:
            written = write_note(there, ada)
            path = f"/api/notes/{written}"
            over_there = there.get(path, headers=ada.headers).json()
            over_here = client.get(path, headers=ada.headers).json()
            renewed = there.post("/api/auth/refresh", json={"refresh_token": ada.refresh})

    assert renewed.status_code == 200
    for name in ("created_at", "updated_at"):
        moments = [datetime.fromisoformat(note[name]) for note in (over_there, over_here)]
        assert moments[0] == moments[1]
        assert all(moment.utcoffset() == timedelta(0) for moment in moments)
        assert abs(moments[0] - datetime.now(UTC)) < timedelta(minutes=2)


@pytest.mark.check("I17")
@pytest.mark.parametrize("path", ["/api/auth/login", "/api/auth/session"])
@pytest.mark.parametrize(
    "charset", ["unicode_escape", "raw_unicode_escape", "utf-7", "utf-16", "punycode", "undefined"]
)
@on_sqlite
def test_a_form_in_a_strange_charset_is_the_clients_fault(
    client: httpx.Client, path: str, charset: str
) -> None:
    """A form in another charset than UTF-8 is refused: Python would look it up, and decode it."""
    fields = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n\\ud800+2AA-\r\n'
        for name in ("username", "password")
    )
    headers = {"Content-Type": f"multipart/form-data; boundary=b; charset={charset}"}

    response = client.post(path, content=f"{fields}--b--", headers=headers)

    assert_problem(response, 400)


@pytest.mark.check("I17")
@pytest.mark.parametrize(
    ("parameters", "is_read"),
    [
        *(("", True), ("; charset=utf-8", True), ('; charset="UTF-8"', True)),
        *(("; charset=utf8", True), ("; Charset=latin-1", False), ("; charset*=''idna", False)),
        *(("; charset=utf-8; charset=idna", False), ("; charset=utf-8x", False)),
        *(("; x=y;charset=rot13", False), (f"; charset={'x' * 7000}", False)),
    ],
    ids=lambda value: str(value)[:30],
)
@on_sqlite
def test_multipart_bodies_are_in_UTF_8(
    client: httpx.Client, ada: Person, parameters: str, *, is_read: bool
) -> None:
    """This holds before any route reads the body, also for one that a part of an owner has."""
    kind = f"multipart/form-data; boundary=b{parameters}"

    response = client.post(
        "/api/notes", content="--b--", headers=ada.headers | {"Content-Type": kind}
    )

    assert response.status_code == (422 if is_read else 400)


@pytest.mark.check("I17")
@on_sqlite
def test_a_form_of_50000_fields_is_refused(client: httpx.Client) -> None:
    """A form with tens of thousands of fields is refused before it is parsed to its end."""
    form = "username=ada&password=x" + "".join(f"&f{number}=1" for number in range(50_000))

    response = client.post("/api/auth/login", content=form, headers=FORM)

    assert response.status_code in {400, 413, 422}


@pytest.mark.check("I19")
def test_null_and_absent_fields_differ(client: httpx.Client, ada: Person) -> None:
    """In a PATCH, an absent field is kept and null clears it, or is refused."""

    def change(**values: object) -> httpx.Response:
        return client.patch("/api/users/me", json=values, headers=ada.headers)

    assert change(age=36).json()["age"] == 36
    assert change(username=f"{ada.name}-2").json()["age"] == 36
    assert change().json()["age"] == 36
    assert change(age=None).json()["age"] is None
    assert change(username=None).status_code == 422
    assert change(email=None).status_code == 422
    note = f"/api/notes/{write_note(client, ada, 'Bread', 'Flour')}"
    renamed = client.patch(note, json={"title": "Cake"}, headers=ada.headers)
    assert (renamed.json()["title"], renamed.json()["body"]) == ("Cake", "Flour")
    emptied = client.patch(note, json={"body": None}, headers=ada.headers)
    assert emptied.status_code == 422
    assert client.get(note, headers=ada.headers).json()["body"] == "Flour"


COUNT = """
import asyncio, json, logging, sys
import httpx
from app.main import app
statements = []
class Counter(logging.Handler):
    def emit(self, record): statements.append(record.getMessage())
async def main():
    given = json.load(sys.stdin)
    log = logging.getLogger("tortoise.db_client")
    transport = httpx.ASGITransport(app)
    async with app.router.lifespan_context(app):
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            await client.get("/health/ready")
            log.setLevel(logging.DEBUG)
            log.propagate = False
            log.handlers = [Counter()]
            for path, headers in given:
                statements.clear()
                response = await client.get(path, headers=headers)
                items = response.json()["items"]
                print(json.dumps([response.status_code, len(items), len(statements)]))
asyncio.run(main())
"""


@pytest.mark.check("I20")
def test_long_lists_need_few_statements(
    client: httpx.Client, running: Service, admin: Person, ada: Person
) -> None:
    """A list of a thousand rows takes as many statements as one of two: a count and a page."""
    values = ", ".join(
        f"({ada.id}, 'Note {number}', '', '2026-01-01 00:00:00', '2026-01-01 00:00:00')"
        for number in range(1000)
    )
    columns = "owner_id, title, body, created_at, updated_at"
    sql.query(running, f"INSERT INTO notes ({columns}) VALUES {values}")
    calls = [
        ("/api/notes?size=2", ada.headers),
        ("/api/notes?size=100", ada.headers),
        ("/api/users?size=2", admin.headers),
        ("/api/users?size=100", admin.headers),
    ]

    counted = running.python("-c", COUNT, stdin=json.dumps(calls)).output.splitlines()

    results = [json.loads(line) for line in counted if line.startswith("[")]
    statements = [number for status, _, number in results if status == 200]
    assert [items for _, items, _ in results][:2] == [2, 100]
    assert statements == [3, 3, 4, 4]


CHUNKED = b"POST /api/users HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.check("P03")
@pytest.mark.parametrize(
    ("start", "flood"),
    [
        (b"GET /", b"x"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX-Long: ", b"x"),
        (b"GET / HTTP/1.1\r\nHost: a\r\n", b"X-Many: y\r\n"),
        (CHUNKED + b"0\r\nX-Trailer: ", b"x"),
        (CHUNKED + b"0\r\n", b"X-Trailer: y\r\n"),
        (CHUNKED + b"1;extension=", b"x"),
    ],
    ids=["URL", "header", "headers", "trailer", "trailers", "extension"],
)
@on_sqlite
def test_a_head_without_end_closes_the_connection(
    running: Service, start: bytes, flood: bytes
) -> None:
    """Headers, URLs and trailers of excessive length are refused, and not collected before that."""
    with raw_http.connect(running) as connection:
        connection.sendall(start)
        with pytest.raises(ConnectionError):
            connection.sendall(flood * (20_000_000 // len(flood)))


@pytest.mark.check("P03")
@on_sqlite
def test_long_urls_are_refused(client: httpx.Client) -> None:
    """A long path is refused, also one that is much shorter when it is decoded."""
    for path in ("x" * 33_000, "%F0%9F%A6%8A" * 3_000):
        assert_problem(client.get(f"/api/{path}"), 431)
