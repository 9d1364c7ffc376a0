"""Passwords, registration and signing in."""

# ruff: noqa: S608 - the statements are ours, and so are the values in them

import re

import httpx
import pytest
from argon2 import PasswordHasher

from tests.service.running.conftest import on_sqlite, sibling_service
from tests.service.running.threads import in_threads
from tests.support import people, sql
from tests.support.harness import Service
from tests.support.people import PASSWORD, Person, log_in, new_name, sign_up_form


@pytest.mark.check("A01")
@on_sqlite
def test_token_responses_are_not_cached(client: httpx.Client, ada: Person) -> None:
    """A token response may not be cached, and gives the type and lifetime of the token."""
    by_password = log_in(client, ada.name)
    by_token = client.post("/api/auth/refresh", json={"refresh_token": ada.refresh})

    for response in (by_password, by_token):
        assert response.status_code == 200
        assert response.headers["cache-control"] == "no-store"
        body = response.json()
        assert set(body) == {"access_token", "refresh_token", "token_type", "expires_in"}
        assert body["token_type"] == "bearer"
        assert 0 < body["expires_in"] <= 3600


@pytest.mark.check("A02")
@on_sqlite
def test_wrong_credentials_get_a_challenge(client: httpx.Client, ada: Person) -> None:
    """Wrong credentials are answered with 401 and a challenge."""
    response = log_in(client, ada.name, "not the password")

    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith("Bearer realm=")
    assert response.json()["error"] == "invalid_grant"


@pytest.mark.check("A03")
@on_sqlite
def test_failed_sign_ins_look_the_same(
    client: httpx.Client, admin: Person, ada: Person, eve: Person
) -> None:
    """An unknown name, a wrong password and a disabled account get the same response."""
    disabled = client.patch(
        f"/api/users/{eve.id}", json={"is_active": False}, headers=admin.headers
    )
    assert disabled.status_code == 200

    responses = [
        log_in(client, new_name()),
        log_in(client, ada.name, "not the password"),
        log_in(client, eve.name, "not the password"),
        log_in(client, eve.name),
        log_in(client, f"{eve.name}@example.org"),
        log_in(client, "a" * 5000),
    ]

    bodies = [{**response.json(), "request_id": None} for response in responses]
    assert {response.status_code for response in responses} == {401}
    assert all(body == bodies[0] for body in bodies)


@pytest.mark.check("A05", "A06")
@pytest.mark.parametrize(
    "password",
    ["Ep7-kQ2z-Lw9s" + "0123456789" * 9, "🔑🐢🦊 🧭🌋🍋 🚲🎻🪁 🐙🌵🧲 🛶🎈🥁 🪐🍄🧩 🪶🎣🐝"],
    ids=["ascii", "emoji"],
)
@on_sqlite
def test_long_passwords_are_not_truncated(client: httpx.Client, password: str) -> None:
    """A password longer than 72 bytes works, and its first 72 bytes are not enough."""
    person = people.sign_up(client, password=password)

    start = password.encode()[:72].decode(errors="ignore")

    assert log_in(client, person.name, start).status_code == 401
    assert log_in(client, person.name, password).status_code == 200


@pytest.mark.check("A07")
@on_sqlite
def test_huge_passwords_are_refused(client: httpx.Client, ada: Person) -> None:
    """A huge password is refused everywhere, before it is hashed."""
    huge = "x" * 300_000

    attempts = [
        log_in(client, ada.name, huge[:60_000]),
        log_in(client, new_name(), huge[:60_000]),
        client.post("/api/users", json=sign_up_form(new_name(), huge)),
        client.put(
            "/api/users/me/password",
            headers=ada.headers,
            json={"current_password": huge, "new_password": huge, "confirm_password": huge},
        ),
        log_in(client, ada.name, huge),
    ]

    assert [response.status_code for response in attempts] == [401, 401, 422, 422, 413]


@pytest.mark.check("A09")
@pytest.mark.parametrize(
    "password",
    [
        " correct horse battery staple, and sixty-four characters or so  ",
        "пароль с пробелами и 漢字 и 🔑",
        "e\u0301 is not the same sign as \u00e9",
    ],
    ids=["spaces", "scripts", "combining"],
)
@on_sqlite
def test_passwords_are_accepted_as_typed(client: httpx.Client, password: str) -> None:
    """Passphrases of any script are accepted, and never trimmed or shortened."""
    person = people.sign_up(client, password=password)

    assert log_in(client, person.name, password).status_code == 200
    assert log_in(client, person.name, password + " ").status_code == 401
    assert log_in(client, person.name, password.strip()).status_code != (
        200 if password.strip() != password else 0
    )


@pytest.mark.check("A10")
def test_hundred_parallel_registrations_make_one_account(
    client: httpx.Client, running: Service
) -> None:
    """Of a hundred simultaneous sign-ups under one name, one succeeds and 99 are told 409."""
    name = new_name()

    responses = in_threads(
        100, lambda _: client.post("/api/users", json=sign_up_form(new_name()) | {"username": name})
    )

    assert sorted(response.status_code for response in responses) == [201] + [409] * 99
    assert sql.count(running, "users", f"username = '{name}'") == 1
    details = {response.json().get("detail") for response in responses}
    assert details == {None, "Another account has this user name"}


@pytest.mark.check("A10")
def test_hundred_parallel_registrations_of_one_address_make_one_account(
    client: httpx.Client,
) -> None:
    """Of a hundred simultaneous sign-ups with one e-mail address, one succeeds."""
    address = f"{new_name()}@example.org"

    responses = in_threads(
        100,
        lambda _: client.post("/api/users", json=sign_up_form(new_name()) | {"email": address}),
    )

    assert sorted(response.status_code for response in responses) == [201] + [409] * 99
    assert {response.json().get("detail") for response in responses} == {
        None,
        "Another account has this e-mail address",
    }


@pytest.mark.check("A11")
def test_names_that_differ_in_case_or_width_are_one_name(client: httpx.Client, ada: Person) -> None:
    """Names and addresses that differ in case or width of their letters are the same."""
    full_width = "".join(chr(ord(char) + 0xFEE0) for char in ada.name)
    forms = [
        sign_up_form(new_name()) | {"username": ada.name.upper()},
        sign_up_form(new_name()) | {"username": full_width},
        sign_up_form(new_name()) | {"username": full_width.upper()},
        sign_up_form(new_name()) | {"username": f"  {ada.name}\t".strip("\t")},
        sign_up_form(new_name()) | {"email": f"{ada.name.upper()}@EXAMPLE.ORG"},
    ]

    responses = [client.post("/api/users", json=form) for form in forms]

    assert [response.status_code for response in responses] == [409] * len(forms)
    assert log_in(client, ada.name.upper()).status_code == 200


@pytest.mark.check("A11")
def test_nobody_can_take_the_address_of_another_as_a_name(
    client: httpx.Client, ada: Person
) -> None:
    """Nobody takes the e-mail address of another as a user name: it would block their sign-in."""
    address = f"{ada.name}@example.org"

    response = client.post("/api/users", json=sign_up_form(new_name()) | {"username": address})

    assert response.status_code in {409, 422}
    assert log_in(client, address).status_code == 200


@pytest.mark.check("A11")
def test_different_names_stay_different(client: httpx.Client) -> None:
    """Names that differ in accents, emoji or script are different names."""
    tail = new_name("n")
    names = [f"José {tail}", f"Jose {tail}", f"🦊 {tail}", f"🐢 {tail}", f"Жозе {tail}"]

    responses = [
        client.post("/api/users", json=sign_up_form(name) | {"email": f"{new_name()}@example.org"})
        for name in names
    ]

    assert [response.status_code for response in responses] == [201] * len(names)


@pytest.mark.check("A13")
@on_sqlite
def test_a_weak_hash_is_replaced_at_the_next_sign_in(
    client: httpx.Client, running: Service, ada: Person
) -> None:
    """A hash made with weaker parameters is replaced when its owner signs in, and only then."""
    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    condition = f"id = {ada.id}"
    sql.query(running, f"UPDATE users SET password_hash = '{weak}' WHERE {condition}")

    def stored() -> str:
        found = sql.query(running, f"SELECT password_hash FROM users WHERE {condition}")
        return str(found[0][0])

    assert log_in(client, ada.name, "not the password").status_code == 401
    assert stored() == weak
    assert log_in(client, ada.name).status_code == 200
    strong = stored()
    assert re.match(r"\$argon2id\$v=19\$m=19456,t=2,p=1\$", strong)
    assert log_in(client, ada.name).status_code == 200
    assert stored() == strong


@pytest.mark.check("A14")
@on_sqlite
def test_no_account_exists_until_someone_makes_one(running: Service) -> None:
    """A fresh service has no account; the command creates one administrator, and no second."""
    person = ("--username", "chief", "--email", "chief@example.org")
    with sibling_service(running) as fresh:
        fresh.cli("migrate")
        before = sql.count(fresh, "users")
        first = fresh.cli("create-admin", *person, "--password-stdin", stdin=f"{PASSWORD}\n")
        second = fresh.cli("create-admin", *person, "--password-stdin", stdin=f"{PASSWORD}\n")
        after = sql.query(
            fresh,
            "SELECT username, name FROM users"
            " JOIN user_roles ON user_id = users.id JOIN roles ON role_id = roles.id",
        )

    assert before == 0
    assert after == [("chief", "admin")]
    assert "Created the administrator chief" in first.output
    assert "There is an administrator already: chief" in second.output
    assert PASSWORD not in first.text + second.text


@pytest.mark.check("A14")
@on_sqlite
def test_the_password_is_shown_once_and_given_by_no_argument(running: Service) -> None:
    """The command generates a password or reads it; no argument can hold one, visible to `ps`."""
    person = ("--username", "chief", "--email", "chief@example.org")
    with sibling_service(running) as fresh:
        fresh.cli("migrate")
        refused = fresh.cli("create-admin", *person, "--password", PASSWORD, check=False)
        weak = fresh.cli("create-admin", *person, "--password-stdin", check=False, stdin="short\n")
        first = fresh.cli("create-admin", *person)
        second = fresh.cli("create-admin", *person)
        count = sql.count(fresh, "users")

    assert refused.status != 0
    assert weak.status != 0
    assert "short\n" not in weak.text
    assert count == 1
    shown = first.output.rpartition(": ")[2].strip()
    assert len(shown) >= 20
    assert shown not in second.text
