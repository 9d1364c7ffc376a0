"""Passwords that are easy to guess, and limits on guessing."""

# ruff: noqa: S608 - the statements are ours, and so are the values in them

import json
import random
import re
import string
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path

import httpx
import pytest

from tests.conftest import RecordFigure, skip_or_fail
from tests.service.running.conftest import on_sqlite, sibling_service
from tests.service.running.threads import in_threads
from tests.support import people, sql
from tests.support.harness import Service
from tests.support.people import PASSWORD, Person, log_in, new_name, sign_up_form
from tests.support.problems import assert_problem

TRIES = 5
USERS_PER_NETWORK = 5
"""An IP address has that many times the attempts of a name."""
NETWORKS_PER_ACCOUNT = 10
"""A name has that many times the attempts from all IP addresses together."""
MOST_USED = Path("/usr/share/nmap/nselib/data/passwords.lst")
"""Passwords in the order of their frequency in leaks, of Debian's package nmap-common."""
WORDS = re.findall(
    r"\w+",
    """
    acorn anchor bakery basil beacon birch cactus canyon castle cedar cobalt comet copper
    dagger desert dragon ember falcon fjord forest garlic glacier harbor hazel island ivory
    jungle kettle lagoon lemon magnet maple meadow nectar oasis orchid paddle pebble planet
    quartz
    """,
)
WEAKNESSES = """
import asyncio, json, sys
from app.accounts.password_strength import weakness
async def main():
    return [await weakness(word, ("ada", "ada@example.org")) for word in json.load(sys.stdin)]
print(json.dumps(asyncio.run(main())))
"""

LIMIT = f"{TRIES}/hour"


@pytest.fixture(scope="module")
def strict(running: Service) -> Iterator[Service]:
    """Offer a service with two processes in which five guesses an hour are allowed."""
    with sibling_service(running, RATE_LIMIT_LOGIN=LIMIT) as sibling:
        sibling.cli("migrate")
        sibling.start(workers=2)
        yield sibling


@pytest.fixture
def visitor(strict: Service) -> Iterator[httpx.Client]:
    """Offer a client of it without any failed attempts."""
    sql.query(strict, "DELETE FROM login_failures")
    with strict.client() as http:
        yield http


@pytest.fixture
def bob(visitor: httpx.Client) -> Person:
    """Offer somebody with an account there."""
    return people.sign_up(visitor, "bob")


def client_at(service: Service, address: str) -> httpx.Client:
    """Return a client whose connections come from this IP address of the machine."""
    transport = httpx.HTTPTransport(local_address=address)
    return service.client(transport=transport)


def guess(client: httpx.Client, name: str, number: int) -> httpx.Response:
    """Try a wrong password."""
    return log_in(client, name, f"wrong {number}")


def statuses(client: httpx.Client, name: str, count: int) -> list[int]:
    """Try that many wrong passwords one after the other, and return the statuses."""
    return [guess(client, name, number).status_code for number in range(count)]


@pytest.mark.check("A08")
@pytest.mark.parametrize(
    "password",
    [
        *("password123", "Qwertyuiop", "1234567890", "ILOVEYOU", "trustno1"),
        *("{name}", "{NAME}", "{name}@example.org", "{name}123", "xx{name}{name}"),
        *("{service}", "{service}{name}1", "{service}2026", "example-1"),
        *("88888888", "123123123", "Password1!", "P@$$w0rd!", "********", "!QAZ@WSX", "        "),
        *("11.03.1988", "abcdefghijkl", "x" * 1024),
    ],
    ids=lambda password: password[:20],
)
@on_sqlite
def test_passwords_that_are_easy_to_guess_are_refused(
    running: Service, client: httpx.Client, ada: Person, password: str
) -> None:
    """Common passwords, and those made of the person's or the service's name, are refused."""
    service = running.project.pyproject["project"]["name"]
    new = new_name("new")
    first, next_ = (
        password.format(name=name, NAME=name.upper(), service=service) for name in (new, ada.name)
    )
    form = {"current_password": PASSWORD, "new_password": next_, "confirm_password": next_}

    responses = {
        "password": client.post("/api/users", json=sign_up_form(new, first)),
        "new_password": client.put("/api/users/me/password", json=form, headers=ada.headers),
    }

    for field, response in responses.items():
        assert_problem(response, 422)
        assert [error["field"] for error in response.json()["errors"]] == [field]
        assert first not in response.text
        assert next_ not in response.text
    assert log_in(client, ada.name).status_code == 200


@pytest.mark.check("A17")
@on_sqlite
def test_the_most_used_passwords_are_refused(running: Service, record_figure: RecordFigure) -> None:
    """Of the 1,000 most used passwords that are long enough at most ten are accepted."""
    if not MOST_USED.exists():
        skip_or_fail("nmap-common, which has the list of passwords, is not installed")
    lines = MOST_USED.read_text(encoding="utf-8", errors="replace").splitlines()
    words = (line for line in lines if len(line) >= 8 and not line.startswith("#!"))
    most_used = list(islice(words, 1000))

    reasons = json.loads(running.python("-c", WEAKNESSES, stdin=json.dumps(most_used)).output)

    accepted = [word for word, reason in zip(most_used, reasons, strict=True) if reason is None]
    record_figure(f"{len(accepted)} of the {len(most_used)} most used passwords are accepted")
    assert len(most_used) == 1000
    assert len(accepted) <= 10, accepted
    assert all("; choose" in reason or "Do not" in reason for reason in reasons if reason)


@pytest.mark.check("A17")
@on_sqlite
def test_random_passwords_and_passphrases_are_accepted(running: Service) -> None:
    """Random passwords of twelve letters and digits, or of three words, are accepted."""
    draw = random.Random(17)  # noqa: S311 - the same passwords in each run
    letters = string.ascii_letters + string.digits
    drawn = ["".join(draw.choices(letters, k=12)) for _ in range(1000)]
    phrases = [" ".join(draw.sample(WORDS, 3)) for _ in range(1000)]

    output = running.python("-c", WEAKNESSES, stdin=json.dumps(drawn + phrases)).output

    assert set(json.loads(output)) == {None}


@pytest.mark.check("A16")
def test_guesses_from_one_network_lock_nobody_out_elsewhere(
    strict: Service, visitor: httpx.Client, bob: Person
) -> None:
    """Beside any number of guesses from one network, all right passwords from another succeed."""
    with client_at(strict, "127.0.0.2") as attacker:
        entered = []
        for number in range(20):
            tried = statuses(attacker, bob.name, TRIES)
            assert tried == [429 if number else 401] * TRIES
            entered.append(log_in(visitor, bob.name).status_code)
        assert log_in(attacker, bob.name).status_code == 429  # the owner's success resets nothing

    assert entered == [200] * 20


@pytest.mark.check("A16")
@on_sqlite
def test_guesses_from_many_networks_are_limited(
    strict: Service, visitor: httpx.Client, bob: Person
) -> None:
    """An account has ten times the attempts of one network, from all networks together."""
    for number in range(NETWORKS_PER_ACCOUNT):
        with client_at(strict, f"127.0.1.{number + 1}") as attacker:
            assert statuses(attacker, bob.name, TRIES) == [401] * TRIES
    before = sql.dump(strict)

    with client_at(strict, "127.0.2.1") as attacker:
        refused = [guess(attacker, bob.name, 1), log_in(visitor, bob.name)]

    for response in refused:
        assert_problem(response, 429)
        assert int(response.headers["retry-after"]) > 0
    assert sql.dump(strict) == before


@pytest.mark.check("A16")
@on_sqlite
def test_guesses_of_the_current_password_lock_nobody_out_elsewhere(
    strict: Service, visitor: httpx.Client, bob: Person
) -> None:
    """With a stolen token, guesses of the current password do not stop the owner elsewhere."""

    def change(client: httpx.Client, current: str) -> int:
        form = {"current_password": current, "new_password": f"{PASSWORD}, new"}
        form["confirm_password"] = form["new_password"]
        return client.put("/api/users/me/password", json=form, headers=bob.headers).status_code

    with client_at(strict, "127.0.0.2") as thief:
        tried = [change(thief, f"wrong {number}") for number in range(TRIES * 20)]

    assert tried == [400] * TRIES + [429] * TRIES * 19
    assert change(visitor, PASSWORD) == 204


@pytest.mark.check("A18")
@on_sqlite
def test_registrations_from_one_network_are_limited(running: Service) -> None:
    """A network that has registered too many accounts is told when to retry; others register."""
    with sibling_service(running, RATE_LIMIT_SIGN_UP="3/day") as sibling:
        sibling.cli("migrate")
        sibling.start(workers=2)

        def register(client: httpx.Client) -> httpx.Response:
            return client.post("/api/users", json=sign_up_form(new_name()))

        with client_at(sibling, "127.0.0.2") as flood, client_at(sibling, "127.0.0.3") as other:
            responses = in_threads(40, lambda _: register(flood))
            elsewhere = [register(other).status_code for _ in range(3)]

    refused = [response for response in responses if response.status_code == 429]
    assert sorted(response.status_code for response in responses) == [201] * 3 + [429] * 37
    for response in refused:
        assert_problem(response, 429)
        assert int(response.headers["retry-after"]) > 0
    assert elsewhere == [201] * 3


@pytest.mark.check("A18")
@on_sqlite
def test_changes_of_the_user_name_are_limited(visitor: httpx.Client, bob: Person) -> None:
    """Who tries names for their account, to learn which are taken, is told when to retry."""

    def rename(name: str) -> httpx.Response:
        return visitor.patch("/api/users/me", json={"username": name}, headers=bob.headers)

    taken = people.sign_up(visitor)
    statuses = [rename(taken.name).status_code for _ in range(TRIES)]
    refused = rename(new_name())
    other = visitor.patch("/api/users/me", json={"age": 30}, headers=bob.headers)

    assert statuses == [409] * TRIES
    assert_problem(refused, 429)
    assert int(refused.headers["retry-after"]) > 0
    assert other.status_code == 200


@pytest.mark.check("A18")
@on_sqlite
def test_changed_names_count_as_registrations_of_the_network(running: Service) -> None:
    """Several accounts of one network try no more names than it may register."""
    with sibling_service(running, RATE_LIMIT_SIGN_UP="8/day") as sibling:
        sibling.cli("migrate")
        sibling.start()
        with client_at(sibling, "127.0.0.2") as one, client_at(sibling, "127.0.0.3") as other:
            taken, *people_there = [people.sign_up(one) for _ in range(4)]
            elsewhere = people.sign_up(other)

            def rename(client: httpx.Client, person: Person) -> int:
                form = {"username": taken.name}
                return client.patch("/api/users/me", json=form, headers=person.headers).status_code

            tried = [rename(one, person) for person in people_there for _ in range(2)]
            allowed = rename(other, elsewhere)

    assert tried == [409] * 4 + [429] * 2
    assert allowed == 409


@pytest.mark.check("A12")
def test_attempts_per_name_are_limited_across_all_processes(
    visitor: httpx.Client, bob: Person
) -> None:
    """Of forty simultaneous guesses five are checked; the others are told when to retry."""
    for name in (bob.name, new_name(), f"{bob.name}@example.org"):
        responses = in_threads(40, partial(guess, visitor, name))

        assert sorted(response.status_code for response in responses) == [401] * TRIES + [429] * 35
        for response in responses:
            if response.status_code == 429:
                assert_problem(response, 429)
                assert 1 <= int(response.headers["retry-after"]) <= 4320
                assert response.headers["retry-after"] in response.json()["detail"]


@pytest.mark.check("A12")
@on_sqlite
def test_a_locked_name_does_not_tell_whether_it_exists(visitor: httpx.Client, bob: Person) -> None:
    """After too many guesses, right, wrong and unknown get the same response."""
    unknown = new_name()
    for name in (bob.name, unknown):
        assert statuses(visitor, name, TRIES + 1) == [401] * TRIES + [429]

    responses = [
        log_in(visitor, bob.name),
        *(log_in(visitor, name, "x") for name in (bob.name, unknown)),
    ]

    assert [response.status_code for response in responses] == [429] * 3
    bodies = [{**response.json(), "request_id": None} for response in responses]
    assert len({re.sub(r"\d+ s", "", str(body)) for body in bodies}) == 1
    assert len({tuple(response.headers) for response in responses}) == 1


@pytest.mark.check("A12")
def test_spellings_of_a_name_share_one_count(visitor: httpx.Client, bob: Person) -> None:
    """Case, width, space or another way to sign in allow no further attempts."""
    wide = "".join(chr(ord(char) + 0xFEE0) for char in bob.name)
    for name in (bob.name, bob.name.upper(), wide, f"  {bob.name} "):
        assert log_in(visitor, name, "wrong").status_code == 401
    form = {"username": bob.name, "password": "wrong"}
    assert visitor.post("/api/auth/session", data=form).status_code == 401

    assert log_in(visitor, bob.name).status_code == 429
    assert visitor.post("/api/auth/session", data=form | {"password": PASSWORD}).status_code == 429


@pytest.mark.check("A12")
@on_sqlite
def test_the_default_limit_is_ten_a_minute(running: Service) -> None:
    """Without the setting, or with an empty one, the limit is ten attempts a minute."""
    with sibling_service(running, own_database=False, RATE_LIMIT_LOGIN="") as sibling:
        settings = "from app.config import get_settings as read"
        shown = sibling.python("-c", f"{settings}; print(read().rate_limit_login)").output

    assert shown.strip() == "Rate(limit=10, seconds=60)"


@pytest.mark.check("A12")
def test_leading_space_does_not_evade_the_limit(visitor: httpx.Client, bob: Person) -> None:
    """Space before a name allows no further attempts, and no other sign-in resets the count."""
    eve = people.sign_up(visitor, "eve")
    for length in (0, 999, 1000, 1001, 5000):
        assert log_in(visitor, " " * length + bob.name, "wrong").status_code == 401
    assert log_in(visitor, " " * 1000 + eve.name).status_code == 200

    assert log_in(visitor, " " * 1000 + bob.name).status_code == 429


@pytest.mark.check("A12")
def test_nobody_is_locked_out_for_good(strict: Service, visitor: httpx.Client, bob: Person) -> None:
    """Refused attempts are not counted, so after the wait the right password works."""
    assert statuses(visitor, bob.name, TRIES * 3) == [401] * TRIES + [429] * TRIES * 2
    quote = strict.database_kind.quote
    column = f"{quote}window{quote}"

    sql.query(strict, f"UPDATE login_failures SET {column} = {column} - 7200")

    assert log_in(visitor, bob.name).status_code == 200


@pytest.mark.check("A12")
@on_sqlite
def test_one_locked_name_locks_no_other(visitor: httpx.Client, bob: Person) -> None:
    """A program that retries an old password locks nobody else at its IP address out."""
    attempts = TRIES * USERS_PER_NETWORK * 2
    assert statuses(visitor, new_name(), attempts).count(429) == attempts - TRIES

    assert log_in(visitor, bob.name).status_code == 200


@pytest.mark.check("A12")
@on_sqlite
def test_a_successful_sign_in_resets_the_count(visitor: httpx.Client, bob: Person) -> None:
    """Occasional mistakes between successful sign-ins never add up to a refusal."""
    for _ in range(USERS_PER_NETWORK):
        assert statuses(visitor, bob.name, TRIES - 1) == [401] * (TRIES - 1)
        assert log_in(visitor, bob.name).status_code == 200


@pytest.mark.check("A12")
def test_a_successful_sign_in_resets_no_count_of_a_look_alike(
    visitor: httpx.Client, bob: Person
) -> None:
    """A sign-in under a look-alike e-mail address resets no count of the original."""
    wide = chr(ord("b") + 0xFEE0) + f"{bob.name[1:]}@example.org"
    taken = visitor.post("/api/users", json=people.sign_up_form(new_name("eve")) | {"email": wide})
    assert taken.status_code == 201

    assert statuses(visitor, f"{bob.name}@example.org", TRIES) == [401] * TRIES
    assert log_in(visitor, wide).status_code == 200

    assert guess(visitor, f"{bob.name}@example.org", TRIES).status_code == 429


@pytest.mark.check("A12")
@on_sqlite
def test_attempts_per_ip_address_are_limited(
    strict: Service, visitor: httpx.Client, bob: Person
) -> None:
    """An IP address that tried many names is refused whatever its headers say, and adds no rows."""
    *names, last = [new_name() for _ in range(TRIES * USERS_PER_NETWORK)]
    assert {guess(visitor, name, 1).status_code for name in names} == {401}
    assert log_in(visitor, bob.name).status_code == 200  # resets no count of the others
    assert guess(visitor, last, 1).status_code == 401
    before = sql.dump(strict)

    responses = [
        visitor.post(
            "/api/auth/login",
            data={"username": name, "password": PASSWORD},
            headers={header: value.format(number)},
        ).status_code
        for number, name in enumerate([bob.name, new_name(), names[0]])
        for header, value in [
            ("X-Forwarded-For", "203.0.113.{}"),
            ("X-Forwarded-For", "127.0.0.1, 203.0.113.{}"),
            ("Forwarded", "for=203.0.113.{}"),
            ("X-Real-IP", "203.0.113.{}"),
            ("X-Client-IP", "203.0.113.{}"),
        ]
    ]

    assert responses == [429] * 15
    assert sql.dump(strict) == before


@pytest.mark.check("A12")
def test_the_count_is_stored_under_hashes(
    strict: Service, visitor: httpx.Client, bob: Person
) -> None:
    """The count survives a restart; names and IP addresses are stored as hashes only."""
    assert statuses(visitor, bob.name, TRIES) == [401] * TRIES
    with sibling_service(strict, own_database=False, RATE_LIMIT_LOGIN=LIMIT) as sibling:
        sibling.start()
        with sibling.client() as there:
            assert log_in(there, bob.name).status_code == 429
    stored = str(sql.query(strict, "SELECT key_hash FROM login_failures"))

    # Registrations, and attempts by IP address, by name, and by both.
    assert len(re.findall("[0-9a-f]{64}", stored)) == 4
    assert not any(word in stored for word in (bob.name, "127.0.0.1"))


@pytest.mark.check("A12")
@on_sqlite
def test_guesses_of_the_current_password_are_limited(visitor: httpx.Client, bob: Person) -> None:
    """Guesses of the current password within an open session are limited in the same way."""

    def change(current: str) -> int:
        form = {"current_password": current, "new_password": PASSWORD * 2}
        form["confirm_password"] = form["new_password"]
        return visitor.put("/api/users/me/password", json=form, headers=bob.headers).status_code

    assert [change(f"wrong {number}") for number in range(TRIES)] == [400] * TRIES
    assert change(PASSWORD) == 429


@pytest.mark.check("A12")
@on_sqlite
def test_behind_a_proxy_each_client_has_its_own_ip_address(running: Service) -> None:
    """A trusted proxy names the client's IP address; what the client itself sent is ignored."""
    with sibling_service(running, RATE_LIMIT_LOGIN=LIMIT, TRUSTED_PROXIES="127.0.0.1") as sibling:
        sibling.cli("migrate")
        sibling.start()

        def status(forwarded: str) -> int:
            form = {"username": new_name(), "password": PASSWORD}
            headers = {"X-Forwarded-For": forwarded}
            return client.post("/api/auth/login", data=form, headers=headers).status_code

        with sibling.client() as client:
            claims = range(TRIES * USERS_PER_NETWORK)
            tried = {status(f"203.0.113.{number}, 198.51.100.1") for number in claims}
            same, other = status("203.0.113.99, 198.51.100.1"), status("198.51.100.2")

    assert tried == {401}
    assert (same, other) == (429, 401)


@pytest.mark.check("A19")
@on_sqlite
def test_a_proxy_that_is_not_trusted_is_named_once(running: Service) -> None:
    """One log line per start, and doctor, say that callers behind such a proxy are one network."""
    with sibling_service(running) as sibling:
        sibling.cli("migrate")
        doctor = sibling.cli("doctor").output
        sibling.start()
        with sibling.client() as client:
            for number in range(3):
                client.headers["X-Forwarded-For"] = f"203.0.113.{number}"
                assert guess(client, new_name(), number).status_code == 401
        log = sibling.log.read_text(encoding="utf-8").splitlines()
    with sibling_service(running, own_database=False, TRUSTED_PROXIES="127.0.0.1") as sibling:
        sibling.start()
        with sibling.client(headers={"X-Forwarded-For": "203.0.113.1"}) as client:
            assert guess(client, new_name(), 1).status_code == 401
        trusted_log = sibling.log.read_text(encoding="utf-8")

    assert "✓ proxies: none is trusted; behind one, all callers have its address" in doctor
    (line,) = (json.loads(line) for line in log if "TRUSTED_PROXIES" in line)
    assert line["level"] == "WARNING"
    assert line["message"].startswith("Requests from 127.0.0.1 have forwarding headers")
    assert "TRUSTED_PROXIES" not in trusted_log
