"""Addresses are proved, and changes of them: what takes an account over, and who hears of it."""

from collections.abc import Iterator
from threading import Event, Thread

import httpx
import pytest

from tests.conftest import RecordFigure
from tests.service.running.conftest import on_sqlite, sibling_service
from tests.service.running.mailbox import NOTICE, Mailbox
from tests.service.running.threads import in_threads
from tests.support import people, sql
from tests.support.harness import Service, wait_until
from tests.support.people import PASSWORD, Person, log_in, new_name, sign_up_form
from tests.support.problems import assert_problem

NEW = "another horse and another battery"
RESEND = "/api/auth/verify-email/resend"
FLOODERS = 10
OWNERS = 20


def address_of(person: Person, domain: str = "example.org") -> str:
    """Return somebody's e-mail address, or the like at another domain."""
    return f"{person.name}@{domain}"


def verify(client: httpx.Client, token: str) -> int:
    """Use a link that verifies an address, and return the status."""
    return client.post("/api/auth/verify-email", json={"token": token}).status_code


def reset(client: httpx.Client, token: str, password: str = NEW, **more: object) -> int:
    """Use a link that resets a password, and return the status."""
    form = {"token": token, "new_password": password, "confirm_password": password, **more}
    return client.post("/api/auth/password-reset/confirm", json=form).status_code


def change(
    client: httpx.Client, person: Person, address: str, password: str = PASSWORD
) -> httpx.Response:
    """Ask for another address."""
    form = {"email": address, "current_password": password}
    return client.put("/api/users/me/email", json=form, headers=person.headers)


def ask(client: httpx.Client, address: str, path: str = "/api/auth/password-reset") -> int:
    """Ask for a link, and return the status."""
    return client.post(path, json={"email": address}).status_code


def me(client: httpx.Client, headers: dict[str, str]) -> httpx.Response:
    """Ask who a credential belongs to."""
    return client.get("/api/users/me", headers=headers)


def link(client: httpx.Client, service: Service, address: str) -> str:
    """Ask for a link to reset a password, and return its token."""
    box = Mailbox(service, address)
    count = len(box.mails("password-reset")) + 1
    assert ask(client, address) == 202
    return box.wait("password-reset", count)[-1].token


def from_network(service: Service, number: int) -> httpx.Client:
    """Return a client with another address of this machine, which counts as another network."""
    transport = httpx.HTTPTransport(local_address=f"127.0.0.{number}")
    return service.client(transport=transport)


@pytest.fixture
def key(client: httpx.Client, ada: Person) -> dict[str, str]:
    """Give Ada an API key, and offer the headers that it is sent with."""
    made = client.post("/api/api-keys", json={"name": "bot"}, headers=ada.headers)
    return {"X-API-Key": made.json()["key"]}


@pytest.mark.check("V01")
@on_sqlite
def test_a_password_is_not_enough_before_the_address_is_verified(running: Service) -> None:
    """Where verification is required, only who knows the password learns that it is missing."""
    with sibling_service(
        running, REQUIRE_VERIFIED_EMAIL="true", RATE_LIMIT_LOGIN="5/hour"
    ) as sibling:
        sibling.cli("migrate")
        sibling.start()
        with sibling.client() as there:
            form = sign_up_form(new_name())
            made = there.post("/api/users", json=form)
            name, box = form["username"], Mailbox(sibling, form["email"])
            as_json = {"username": name, "password": PASSWORD}
            refused = [
                *(log_in(there, name) for _ in range(6)),
                there.post("/api/auth/session", json=as_json),
            ]
            wrong = log_in(there, name, "wrong")
            (mail,) = box.wait("verify-email")
            statuses = [verify(there, mail.token), log_in(there, name).status_code]

    assert made.json()["email_verified"] is False
    for response in refused:
        assert_problem(response, 403)
        assert RESEND in response.json()["detail"]
        assert "set-cookie" not in response.headers
    assert wrong.status_code == 401
    assert statuses == [204, 200]


@pytest.mark.check("V01")
def test_accounts_that_others_vouch_for_are_verified(
    running: Service, client: httpx.Client, admin: Person
) -> None:
    """Accounts of the command and of administrators are verified, and get no link."""
    form = sign_up_form(new_name())
    by_admin = client.post("/api/users", json=form, headers=admin.headers).json()
    moved = f"{form['username']}@example.com"
    path = f"/api/users/{by_admin['id']}"
    changed = client.patch(path, json={"email": moved}, headers=admin.headers).json()

    assert me(client, admin.headers).json()["email_verified"] is True
    assert by_admin["email_verified"] is True
    assert (changed["email"], changed["email_verified"]) == (moved, True)
    (notice,) = Mailbox(running, form["email"]).wait()
    assert notice.page == NOTICE


@pytest.mark.check("V02")
def test_a_stolen_token_moves_no_account(
    running: Service, client: httpx.Client, ada: Person
) -> None:
    """A token alone cannot change the address, and guesses of the password change nothing."""
    evil = f"{new_name('evil')}@example.com"

    patched = client.patch("/api/users/me", json={"email": evil}, headers=ada.headers)
    guessed = [change(client, ada, evil, f"guess {number}") for number in range(3)]

    assert_problem(patched, 422)
    assert [each.status_code for each in guessed] == [400] * 3
    assert me(client, ada.headers).json()["email"] == address_of(ada)
    assert Mailbox(running, evil).mails() == []


@pytest.mark.check("V02")
@on_sqlite
def test_guesses_of_the_password_by_a_stolen_token_are_limited(running: Service) -> None:
    """A stolen token tries a few passwords, then it has to wait."""
    with sibling_service(running, RATE_LIMIT_LOGIN="5/hour") as sibling:
        sibling.cli("migrate")
        sibling.start()
        with sibling.client() as there:
            ada = people.sign_up(there)
            guesses = [change(there, ada, "a@example.com", "wrong") for _ in range(6)]

    assert [each.status_code for each in guesses] == [400] * 5 + [429]
    assert int(guesses[-1].headers["retry-after"]) > 0


@pytest.mark.check("V03")
def test_an_address_changes_when_its_link_is_used_and_the_old_one_hears(
    running: Service, client: httpx.Client, ada: Person
) -> None:
    """The new address gets the link, the old one a notice at the request and at the change."""
    new, old = address_of(ada, "example.com"), Mailbox(running, address_of(ada))
    (before,) = old.wait("verify-email")

    assert change(client, ada, new).status_code == 202
    (mail,) = Mailbox(running, new).wait()
    (asked,) = old.wait(NOTICE)
    unchanged = me(client, ada.headers).json()["email"]
    statuses = [verify(client, token) for token in (mail.token, mail.token, before.token)]

    assert unchanged == address_of(ada)
    assert statuses == [204, 400, 400]
    changed = me(client, ada.headers).json()
    assert (changed["email"], changed["email_verified"]) == (new, True)
    _, told = old.wait(NOTICE, 2)
    assert asked.subject != told.subject
    assert [log_in(client, name).status_code for name in (new, address_of(ada))] == [200, 401]


@pytest.mark.check("V03")
def test_of_two_new_addresses_the_last_counts(
    running: Service, client: httpx.Client, ada: Person
) -> None:
    """A later request replaces an earlier one; a link mailed again to another stays valid."""
    typo, new = (address_of(ada, domain) for domain in ("exmaple.com", "example.com"))
    for address in (typo, new):
        assert change(client, ada, address).status_code == 202
        Mailbox(running, address).wait()
    assert ask(client, address_of(ada), RESEND) == 202  # a stranger may do so

    (wrong,), (right,) = Mailbox(running, typo).mails(), Mailbox(running, new).mails()
    Mailbox(running, address_of(ada)).wait("verify-email", 2)

    assert [verify(client, token) for token in (wrong.token, right.token)] == [400, 204]
    assert me(client, ada.headers).json()["email"] == new


@pytest.mark.check("V03")
def test_ten_simultaneous_uses_of_a_link_change_one_address(
    running: Service, client: httpx.Client, ada: Person
) -> None:
    """Of ten simultaneous uses of a link one succeeds."""
    new = address_of(ada, "example.com")
    change(client, ada, new)
    (mail,) = Mailbox(running, new).wait()

    statuses = in_threads(10, lambda _: verify(client, mail.token))

    assert sorted(statuses) == [204] + [400] * 9


@pytest.mark.check("V03")
@pytest.mark.parametrize("by", ["a new password", "a reset", "an administrator"])
@on_sqlite
def test_a_change_of_address_can_be_stopped(
    running: Service, client: httpx.Client, admin: Person, ada: Person, by: str
) -> None:
    """A password or an address that is set meanwhile stops a change of the address."""
    new = address_of(ada, "example.com")
    change(client, ada, new)
    (mail,) = Mailbox(running, new).wait()

    if by == "a reset":
        assert reset(client, link(client, running, address_of(ada))) == 204
    elif by == "a new password":
        form = {"current_password": PASSWORD, "new_password": NEW, "confirm_password": NEW}
        path = "/api/users/me/password"
        assert client.put(path, json=form, headers=ada.headers).status_code == 204
    else:
        form = {"email": address_of(ada, "example.net")}
        path = f"/api/users/{ada.id}"
        assert client.patch(path, json=form, headers=admin.headers).status_code == 200

    assert verify(client, mail.token) == 400


@pytest.mark.check("V04")
def test_asking_for_an_address_does_not_tell_whether_it_is_taken(
    running: Service, client: httpx.Client, ada: Person, eve: Person
) -> None:
    """Taken and free addresses get the same response, and 409 when the link is used."""
    taken, free = address_of(eve), f"{new_name()}@example.com"

    responses = [change(client, ada, address) for address in (taken, free, taken)]

    varying = {"date", "x-request-id"}
    shown = [(each.status_code, each.content, {*each.headers.items()}) for each in responses]
    plain = [
        (status, body, {(name, value) for name, value in headers if name not in varying})
        for status, body, headers in shown
    ]
    assert plain == [plain[0]] * 3
    assert plain[0][0] == 202
    *_, last = Mailbox(running, taken).wait("verify-email", 3)
    assert verify(client, last.token) == 409
    assert me(client, eve.headers).json()["email"] == taken
    assert me(client, ada.headers).json()["email"] == address_of(ada)


@pytest.mark.check("V05")
def test_who_registered_the_address_of_another_loses_everything(
    running: Service, client: httpx.Client, ada: Person, key: dict[str, str]
) -> None:
    """A reset by the owner of an unverified address ends sessions, tokens, keys and links."""
    thief = ada  # who registered the address of somebody else
    cookie = client.post("/api/auth/session", json={"username": ada.name, "password": PASSWORD})
    session = {"Cookie": f"session={cookie.cookies['session']}"}
    client.cookies.clear()
    own = address_of(thief, "evil.example")
    change(client, thief, own)
    (pending,) = Mailbox(running, own).wait()

    assert reset(client, link(client, running, address_of(ada))) == 204

    credentials = (thief.headers, session, key)
    assert [me(client, each).status_code for each in credentials] == [401] * 3
    renewed = client.post("/api/auth/refresh", json={"refresh_token": thief.refresh})
    assert renewed.status_code == 401
    assert verify(client, pending.token) == 400
    owner = people.sign_in(client, ada.id, ada.name, NEW)
    assert me(client, owner.headers).json()["email_verified"] is True


@pytest.mark.check("V06")
def test_a_reset_keeps_keys_of_a_verified_account_unless_told_otherwise(
    running: Service, client: httpx.Client, ada: Person, key: dict[str, str]
) -> None:
    """The notice of a reset lists the keys that are still valid, and a reset can revoke them."""
    box = Mailbox(running, address_of(ada))
    assert verify(client, box.wait("verify-email")[0].token) == 204

    assert reset(client, link(client, running, address_of(ada))) == 204
    kept = me(client, key).status_code
    (first,) = box.wait(NOTICE)
    token = link(client, running, address_of(ada))
    refused = reset(client, token, f"{NEW} 2", revoke_api_keys="yes")
    assert reset(client, token, f"{NEW} 2", revoke_api_keys=True) == 204
    _, second = box.wait(NOTICE, 2)

    assert (kept, refused, me(client, key).status_code) == (200, 422, 401)
    prefix = key["X-API-Key"].split("_")[1]
    assert f"- bot (sk_{prefix}_…)" in first.body
    assert prefix not in second.body
    assert key["X-API-Key"] not in first.body


@pytest.mark.check("V06")
def test_the_owner_hears_of_a_new_password(
    running: Service, client: httpx.Client, ada: Person
) -> None:
    """A changed password is told to the address; no mail contains a name or an address."""
    form = {"current_password": PASSWORD, "new_password": NEW, "confirm_password": NEW}
    wrong = form | {"current_password": "wrong"}
    path = "/api/users/me/password"

    statuses = [
        client.put(path, json=each, headers=ada.headers).status_code for each in (wrong, form)
    ]

    assert statuses == [400, 204]
    box = Mailbox(running, address_of(ada))
    (notice,) = box.wait(NOTICE)
    assert "password" in notice.subject
    assert not any(ada.name in mail.body for mail in box.mails())


@pytest.mark.check("V07")
def test_a_link_of_one_kind_is_none_of_another(
    running: Service, client: httpx.Client, ada: Person
) -> None:
    """A link resets or verifies, and is no credential."""
    (mail,) = Mailbox(running, address_of(ada)).wait("verify-email")
    token = link(client, running, address_of(ada))

    places = [{"Authorization": f"Bearer {mail.token}"}, {"Cookie": f"session={mail.token}"}]
    assert [me(client, headers).status_code for headers in places] == [401] * 2
    renewed = client.post("/api/auth/refresh", json={"refresh_token": mail.token})
    assert renewed.status_code == 401
    assert (reset(client, mail.token), verify(client, token)) == (400, 400)
    wrong = [mail.token.swapcase(), mail.token[:-1], f"{mail.token}=", "", ada.refresh]
    assert [verify(client, each) for each in wrong] == [400] * len(wrong)
    assert (verify(client, mail.token), reset(client, token)) == (204, 204)


@pytest.mark.check("V07")
def test_a_link_is_stored_as_a_hash_and_expires(
    running: Service, client: httpx.Client, ada: Person
) -> None:
    """A link that verifies an address expires; only its hash is stored."""
    (mail,) = Mailbox(running, address_of(ada)).wait("verify-email")
    mine = f"owner_id = {ada.id} AND kind = 'verify'"

    assert mail.token not in sql.dump(running)
    sql.query(running, f"UPDATE tokens SET expires_at = '2020-01-02 00:00:00' WHERE {mine}")  # noqa: S608 - ours
    assert verify(client, mail.token) == 400
    assert me(client, ada.headers).json()["email_verified"] is False


@pytest.fixture(scope="module")
def limited(running: Service) -> Iterator[Service]:
    """Offer a service with the limits of a new one."""
    with sibling_service(running, RATE_LIMIT_MAIL="") as sibling:
        sibling.cli("migrate")
        sibling.start(workers=2)
        yield sibling


@pytest.mark.check("V08")
@on_sqlite
def test_requests_for_mails_are_limited_by_network_whatever_the_address(limited: Service) -> None:
    """The 21st request of a network is 429, for any address and either mail; others go on."""
    with from_network(limited, 2) as one, from_network(limited, 3) as other:
        statuses = [
            ask(one, f"{new_name()}@example.org", path)
            for _ in range(10)
            for path in ("/api/auth/password-reset", RESEND)
        ]
        last = one.post(RESEND, json={"email": "a@example.org"})
        person = people.sign_up(one)
        moved = change(one, person, "a@example.org")
        elsewhere = ask(other, address_of(person))

    assert statuses == [202] * 20
    for response in (last, moved):
        assert_problem(response, 429)
        assert int(response.headers["retry-after"]) > 0
    assert elsewhere == 202


@pytest.mark.check("V08")
@on_sqlite
def test_an_address_gets_three_links_an_hour(limited: Service) -> None:
    """More requests are answered like the first ones, but mail nothing."""
    with from_network(limited, 4) as client:
        person = people.sign_up(client)
        box = Mailbox(limited, address_of(person))
        box.wait("verify-email")
        statuses = []
        for number, path in enumerate([RESEND, "/api/auth/password-reset"] * 3):
            statuses.append(ask(client, address_of(person), path))
            if number < 3:
                box.wait(count=number + 2)
        another = people.sign_up(client)
        link(client, limited, address_of(another))  # mailed after all of them

    assert statuses == [202] * 6
    assert len(box.mails()) == 1 + 3


@pytest.mark.check("V08")
@on_sqlite
def test_links_to_a_new_address_keep_no_mail_from_its_owner(limited: Service) -> None:
    """Who asks for another's address as their own gets three links sent, and stops no reset."""
    with from_network(limited, 8) as client:
        owner, stranger = people.sign_up(client), people.sign_up(client)
        box = Mailbox(limited, address_of(owner))
        box.wait("verify-email")
        asked = [change(client, stranger, address_of(owner)).status_code for _ in range(4)]
        elsewhere = f"{new_name()}@example.org"
        others = [change(client, stranger, elsewhere).status_code for _ in range(2)]
        link(client, limited, address_of(owner))
        another = people.sign_up(client)
        link(client, limited, address_of(another))  # mailed after all of them

    assert asked == [202] * 4
    assert others == [202] * 2
    assert Mailbox(limited, elsewhere).mails() == []
    assert len(box.mails("verify-email")) == 1 + 3
    assert len(box.mails("password-reset")) == 1


@pytest.mark.check("V08")
@on_sqlite
def test_a_flood_of_one_network_keeps_no_mail_from_another(
    limited: Service, record_figure: RecordFigure
) -> None:
    """Beside requests of one network without a pause, all requests of another are mailed."""
    with from_network(limited, 5) as client:
        owners = [f"{new_name()}@example.org" for _ in range(OWNERS)]
        for address in owners:
            form = sign_up_form(address.partition("@")[0])
            assert client.post("/api/users", json=form).status_code == 201
    stop = Event()
    refused: list[bool] = []

    def flood() -> None:
        with from_network(limited, 6) as attacker:
            while not stop.is_set():
                refused.append(ask(attacker, f"{len(refused)}@unknown.example") == 429)

    floods = [Thread(target=flood) for _ in range(FLOODERS)]
    for each in floods:
        each.start()
    wait_until(lambda: sum(refused) > OWNERS, "the flood")
    with from_network(limited, 7) as client:
        statuses = [ask(client, address) for address in owners]
    boxes = [Mailbox(limited, address) for address in owners]
    for box in boxes:
        box.wait("password-reset")
    stop.set()
    for each in floods:
        each.join()

    assert statuses == [202] * OWNERS
    assert refused.count(False) == 20
    record_figure(f"reset mails beside a flood: {len(boxes)} of {OWNERS}")


@pytest.mark.check("V09")
@on_sqlite
def test_production_without_mail_says_so_before_it_looks(running: Service) -> None:
    """Without mail settings three calls answer 503 for anybody; a command sets an address."""
    with sibling_service(running, ENVIRONMENT="production", REGISTRATION="open") as sibling:
        sibling.cli("migrate")
        sibling.start()
        with sibling.client() as there:
            ada = people.sign_up(there)
            known, unknown = address_of(ada), f"{new_name()}@example.org"
            responses = [
                there.post(path, json={"email": address})
                for path in ("/api/auth/password-reset", RESEND)
                for address in (known, unknown)
            ]
            responses += [change(there, ada, unknown, word) for word in (PASSWORD, "wrong")]
            named = sibling.cli("set-email", ada.name, address_of(ada, "example.com"))
            moved = me(there, ada.headers).json()

    for response in responses:
        assert_problem(response, 503)
        assert response.json()["detail"] == "This service cannot send mail"
    assert f"The address of {ada.name} is {address_of(ada, 'example.com')}." in named.output
    assert (moved["email"], moved["email_verified"]) == (address_of(ada, "example.com"), True)
    assert "To send mail, set MAIL_FROM, PUBLIC_BASE_URL, SMTP_URL" in sibling.log.read_text(
        "utf-8"
    )
