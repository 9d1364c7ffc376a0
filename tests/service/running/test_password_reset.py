"""Password reset, and the mail with the link."""

# ruff: noqa: S608 - the statements are ours, and so are the values in them

import json
import re
import signal
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from subprocess import TimeoutExpired

import httpx
import pytest

from tests.service.running import forged_tokens
from tests.service.running.conftest import on_servers, on_sqlite, sibling_service
from tests.service.running.mail_server import LOGIN, USER_INFO, mail_server, write_certificate
from tests.service.running.threads import in_threads
from tests.support import databases, people, sql
from tests.support.harness import Service, log_records, wait_until
from tests.support.people import PASSWORD, Person, log_in, new_name, sign_up_form

NEW = "another horse and another battery"
LINK = re.compile(r"^(\S+)/password-reset#token=([\w-]{43})\r?$", re.MULTILINE)


def address_of(person: Person) -> str:
    """Return somebody's e-mail address."""
    return f"{person.name}@example.org"


def ask(client: httpx.Client, address: str, **headers: str) -> httpx.Response:
    """Request a link."""
    return client.post("/api/auth/password-reset", json={"email": address}, headers=headers)


def confirm(client: httpx.Client, token: str, password: str = NEW) -> int:
    """Set a password with a token, and return the status."""
    form = {"token": token, "new_password": password, "confirm_password": password}
    return client.post("/api/auth/password-reset/confirm", json=form).status_code


def link_in(mail: EmailMessage) -> tuple[str, str]:
    """Return the base URL of the link in a mail, and its token."""
    ((base, token),) = LINK.findall(mail.get_content())
    return base, token


def written(service: Service, address: str) -> list[Path]:
    """Return the files with links for this address, the oldest first."""
    files = sorted((service.project / "var/mail").glob("*.eml"))
    texts = {file: file.read_text(encoding="utf-8") for file in files}
    return [
        file
        for file, text in texts.items()
        if f"To: {address}\n" in text and "/password-reset#token=" in text
    ]


def tokens_for(client: httpx.Client, service: Service, person: Person, count: int = 1) -> list[str]:
    """Request that many links, each after the last was mailed, and return their tokens."""
    address = address_of(person)
    for number in range(count):
        assert ask(client, address).status_code == 202
        wait_until(lambda n=number: len(written(service, address)) > n, "a mail")
    mails = [
        message_from_bytes(mail.read_bytes(), policy=default) for mail in written(service, address)
    ]
    return [link_in(mail)[1] for mail in mails]


def errors_of(service: Service) -> list[str]:
    """Return the errors that a service logged."""
    return [line["message"] for line in log_records(service.log) if line["level"] == "ERROR"]


def me(client: httpx.Client, headers: dict[str, str]) -> int:
    """Return the status of a request with these headers."""
    return client.get("/api/users/me", headers=headers).status_code


@pytest.mark.check("T17")
@on_sqlite
def test_the_response_does_not_tell_who_has_an_account(
    running: Service, client: httpx.Client, admin: Person, ada: Person, eve: Person
) -> None:
    """Known, unknown and disabled addresses get the same response; only the known one gets mail."""
    disable = {"is_active": False}
    client.patch(f"/api/users/{eve.id}", json=disable, headers=admin.headers)
    unknown = f"{new_name()}@example.org"
    with (
        mail_server() as server,
        sibling_service(
            running, own_database=False, SMTP_URL=f"smtp://127.0.0.1:{server.port}"
        ) as sibling,
    ):
        sibling.start()
        with sibling.client() as there:
            responses = [
                ask(there, address)
                for address in (unknown, address_of(eve), address_of(ada), address_of(ada).upper())
            ]
        sibling.stop()  # after the mails in progress

    assert [response.status_code for response in responses] == [202] * 4
    varying = {"date", "x-request-id"}
    shown = [
        (
            response.content,
            {key: value for key, value in response.headers.items() if key not in varying},
        )
        for response in responses
    ]
    assert shown == [shown[0]] * 4
    assert [mail["To"] for mail in server.mails] == [address_of(ada)] * 2
    assert errors_of(sibling) == []


@pytest.mark.check("A15")
@on_servers
def test_the_response_waits_for_no_query(
    running: Service, client: httpx.Client, ada: Person
) -> None:
    """A request is answered before the address is looked up, so its duration discloses nothing."""
    with sql.session(running.database_url) as database:
        for statement in databases.server(running.database).lock_table:
            database.execute(statement.format(table="users"))

        responses = [ask(client, address) for address in (address_of(ada), "nobody@example.org")]

        assert [response.status_code for response in responses] == [202] * 2
        assert written(running, address_of(ada)) == []
    wait_until(lambda: written(running, address_of(ada)), "the mail")


@pytest.mark.check("A15")
@on_sqlite
def test_the_response_waits_for_no_mail(
    running: Service, client: httpx.Client, ada: Person
) -> None:
    """The response does not wait for the mail server; a mail in progress survives the shutdown."""
    with (
        mail_server() as server,
        sibling_service(
            running, own_database=False, SMTP_URL=f"smtp://127.0.0.1:{server.port}"
        ) as sibling,
    ):
        sibling.start()
        server.accepts_mail.clear()
        with sibling.client() as there:
            assert ask(there, address_of(ada)).status_code == 202
            assert server.has_pending_mail.wait(20)
            assert ask(there, address_of(ada)).status_code == 202
            assert me(there, ada.headers) == 200
        before = list(server.mails)
        assert sibling.process
        sibling.process.send_signal(signal.SIGINT)
        with pytest.raises(TimeoutExpired):
            sibling.process.wait(timeout=1)  # it waits for the mails
        server.accepts_mail.set()
        sibling.process.wait(timeout=20)

    assert before == []
    assert len(server.mails) == 2


@pytest.mark.check("T18")
def test_a_link_works_once_and_revokes_every_session(
    running: Service, client: httpx.Client, ada: Person
) -> None:
    """A link sets a password once; a refused attempt does not use it up; all sessions end."""
    other = people.sign_in(client, ada.id, ada.name)
    (token,) = tokens_for(client, running, ada)

    assert [confirm(client, token, weak) for weak in ("short", "password123", ada.name)] == [
        422
    ] * 3
    assert me(client, ada.headers) == 200
    assert [confirm(client, token) for _ in range(2)] == [204, 400]
    assert [me(client, person.headers) for person in (ada, other)] == [401, 401]
    renewed = client.post("/api/auth/refresh", json={"refresh_token": other.refresh})
    assert renewed.status_code == 401
    assert [log_in(client, ada.name, word).status_code for word in (PASSWORD, NEW)] == [401, 200]


@pytest.mark.check("T18")
def test_ten_simultaneous_uses_set_one_password(
    running: Service, client: httpx.Client, ada: Person
) -> None:
    """Of ten simultaneous uses of a link one sets its password, and nine change nothing."""
    (token,) = tokens_for(client, running, ada)

    statuses = in_threads(10, lambda number: confirm(client, token, f"{NEW} {number}"))

    assert sorted(statuses) == [204] + [400] * 9
    winner = statuses.index(204)
    assert log_in(client, ada.name, f"{NEW} {winner}").status_code == 200


@pytest.mark.check("T18")
def test_a_link_is_short_lived_and_stored_as_a_hash(
    running: Service, client: httpx.Client, ada: Person
) -> None:
    """A link works for an hour, or until a newer one is mailed; only its hash is stored."""
    older, token = tokens_for(client, running, ada, 2)
    mine = f"owner_id = {ada.id} AND kind = 'reset'"
    stored = sql.dump(running)
    times = sql.query(running, f"SELECT created_at, expires_at FROM tokens WHERE {mine}")

    assert forged_tokens.sha256(token) in stored
    assert token not in stored
    moments = [[datetime.fromisoformat(str(moment)) for moment in row] for row in times]
    assert all(end - start <= timedelta(hours=1) for start, end in moments)
    assert confirm(client, older) == 400
    sql.query(running, f"UPDATE tokens SET expires_at = '2020-01-02 00:00:00' WHERE {mine}")
    assert confirm(client, token) == 400
    assert me(client, ada.headers) == 200


@pytest.mark.check("T18")
@on_sqlite
def test_a_mailed_token_only_resets_a_password(
    running: Service, client: httpx.Client, ada: Person
) -> None:
    """A mailed token is no access or refresh token, and no other token resets a password."""
    (token,) = tokens_for(client, running, ada)
    places = [
        {"Authorization": f"Bearer {token}"},
        {"X-API-Key": token},
        {"Cookie": f"session={token}"},
    ]

    assert [me(client, headers) for headers in places] == [401] * 3
    renewed = client.post("/api/auth/refresh", json={"refresh_token": token})
    assert renewed.status_code == 401
    others = [ada.refresh, token.swapcase(), token[:-1], f"{token}=", "", ada.access[:200]]
    assert [confirm(client, other) for other in others] == [400] * len(others)
    assert confirm(client, token) == 204


@pytest.mark.check("T18")
@on_sqlite
def test_no_request_changes_the_content_of_the_mail(running: Service, client: httpx.Client) -> None:
    """The settings decide where the link leads; no header or name changes the mail."""
    address = f"{new_name()}@bücher.example"
    form = sign_up_form(new_name()) | {"username": f"evil.example {new_name()}", "email": address}
    assert client.post("/api/users", json=form).status_code == 201
    hosts = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Origin": "evil.example"}
    with (
        mail_server() as server,
        sibling_service(
            running,
            own_database=False,
            SMTP_URL=f"smtp://127.0.0.1:{server.port}",
            MAIL_FROM='"Example, Inc." <noreply@example.org>',
            PUBLIC_BASE_URL="https://app.example.org/",
        ) as sibling,
    ):
        sibling.start()
        with sibling.client() as there:
            injected = [ask(there, f"{address}{more}") for more in ("\nBcc: a@b.org", ", a@b.org")]
            assert ask(there, address, **hosts).status_code == 202
        sibling.stop()

    (mail,) = server.mails
    assert [response.status_code for response in injected] == [422] * 2
    assert link_in(mail)[0] == "https://app.example.org"
    assert "evil" not in mail.as_string()
    assert mail["From"] == '"Example, Inc." <noreply@example.org>'
    assert mail["To"] == address.replace("bücher", "xn--bcher-kva")
    assert {"Date", "Auto-Submitted"} <= set(mail.keys())


@pytest.mark.check("T18")
@on_sqlite
def test_mail_files_are_readable_by_their_owner_alone(
    running: Service, client: httpx.Client, ada: Person
) -> None:
    """Mails that development writes into a folder are readable by their owner only."""
    tokens_for(client, running, ada)

    (mail,) = written(running, address_of(ada))

    assert [path.stat().st_mode & 0o777 for path in (mail, mail.parent)] == [0o600, 0o700]


@pytest.mark.check("T18")
@on_sqlite
@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_mail_is_sent_encrypted(running: Service, ada: Person, tmp_path: Path, scheme: str) -> None:
    """With a password the connection uses TLS, from the start or by STARTTLS, and verifies it."""
    certificate = write_certificate(tmp_path / "server.pem")
    with (
        mail_server(certificate, encrypts_at_once=scheme == "smtps") as server,
        sibling_service(
            running,
            own_database=False,
            SMTP_URL=f"{scheme}://{USER_INFO}@127.0.0.1:{server.port}",
            SSL_CERT_FILE=str(certificate),
        ) as sibling,
    ):
        sibling.start()
        with sibling.client() as there:
            ask(there, address_of(ada))
        sibling.stop()

    assert [mail["To"] for mail in server.mails] == [address_of(ada)]
    assert server.logins == [LOGIN]


@pytest.mark.check("T18")
@on_sqlite
@pytest.mark.parametrize(
    ("encrypts", "settings", "reason"),
    [
        ("", {"SMTP_URL": "smtp://127.0.0.1:1"}, "SMTPConnectError"),
        ("", {"SMTP_URL": "smtp://{user}@127.0.0.1:{port}"}, "SMTPException"),
        ("STARTTLS", {"SMTP_URL": "smtp://{user}@127.0.0.1:{port}"}, "SSLCertVerificationError"),
        (
            "STARTTLS",
            {"SMTP_URL": "smtp://{user}x@127.0.0.1:{port}", "SSL_CERT_FILE": "{certificate}"},
            "SMTPAuthenticationError 535",
        ),
    ],
    ids=["away", "in clear", "not trusted", "wrong password"],
)
def test_a_mail_that_cannot_be_sent_is_a_line_in_the_log(  # noqa: PLR0913, PLR0917 - a table
    running: Service,
    ada: Person,
    tmp_path: Path,
    encrypts: str,
    settings: dict[str, str],
    reason: str,
) -> None:
    """Whatever the fault of the mail server, the response is 202, and the log says why."""
    certificate = write_certificate(tmp_path / "server.pem")
    with mail_server(certificate if encrypts else None) as server:
        known = {"user": USER_INFO, "port": server.port, "certificate": certificate}
        environment = {name: value.format(**known) for name, value in settings.items()}
        with sibling_service(running, own_database=False, **environment) as sibling:
            sibling.start()
            with sibling.client() as there:
                response = ask(there, address_of(ada))
            sibling.stop()

    assert response.status_code == 202
    errors = errors_of(sibling)
    assert [error.partition(f"No mail was sent: {reason}")[0] for error in errors] == [""]
    log = sibling.log.read_text(encoding="utf-8")
    assert not any(secret in log for secret in ("Traceback", "token=", LOGIN[1], USER_INFO))
    assert server.mails == []
    assert written(sibling, address_of(ada)) == []


@pytest.mark.check("T18")
@on_sqlite
def test_a_refusal_of_the_mail_server_does_not_leak_the_link(
    running: Service, client: httpx.Client
) -> None:
    """A server that quotes the mail in its refusal does not get the link into the log."""
    refusals = {"RCPT": "550 no such mailbox", "DATA": "554 refused: {link}"}
    with (
        mail_server() as server,
        sibling_service(
            running, own_database=False, SMTP_URL=f"smtp://127.0.0.1:{server.port}"
        ) as sibling,
    ):
        sibling.start()
        with sibling.client() as there:
            for command, refusal in refusals.items():
                server.refusals = {command: refusal}
                assert ask(there, address_of(people.sign_up(client))).status_code == 202
                wait_until(lambda name=command: server.refused == name, "the refusal")
        sibling.stop()

    errors = errors_of(sibling)
    reasons = ["SMTPRecipientsRefused", "SMTPDataError 554"]
    assert [error.strip() for error in errors] == [f"No mail was sent: {why}" for why in reasons]
    assert "#token=" not in sibling.log.read_text(encoding="utf-8")


@pytest.mark.check("T18")
@on_sqlite
def test_wrong_settings_are_refused_at_the_start(running: Service) -> None:
    """A service does not start with an invalid mail server, sender or base URL."""
    wrong = {
        "SMTP_URL": [
            *("mail.example.org", "http://mail.example.org", "smtp://", "smtp://[::1"),
            *("smtp://mail.example.org:99999", "smtps://user:pass/word@mail.example.org"),
        ],
        "MAIL_FROM": [
            *("nobody", "a@example.org, b@example.org", "a@example.org\nBcc: b@example.org", "<>"),
            *("A\nB <a@example.org>", "Example, Inc. <a@example.org>"),
        ],
        "PUBLIC_BASE_URL": ["app.example.org", "ftp://app.example.org", "https://", "javascript:x"],
    }
    program = """
import json, os, sys
from app.config import WrongSettings, get_settings
for name, guesses in json.load(sys.stdin).items():
    for guess in guesses:
        os.environ[name] = guess
        try:
            get_settings.cache_clear()
            get_settings()
        except WrongSettings as error:
            lines = str(error).splitlines()
            if len(lines) == 2 and lines[1].startswith(f"  {name}: ") and guess not in lines[1]:
                continue
        print(name, guess)
    del os.environ[name]
"""
    with sibling_service(running, own_database=False) as sibling:
        accepted = sibling.python("-c", program, stdin=json.dumps(wrong)).output

    assert accepted == ""
