"""Mailed links: they reset a password, or verify an address; and notices of such changes."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from tortoise import timezone

from app import TITLE, mail
from app.accounts import mail_texts, tokens, users
from app.accounts.models import Token, User
from app.accounts.schemas import UserUpdateByAdmin
from app.config import Settings, get_settings
from app.env_file import EXAMPLE
from app.mail import FolderMailer, MailText
from tests.conftest import ChangeSettings, LogLines, run
from tests.factories import PASSWORD, add_user, headers_of, log_in

ADA, NEW = "ada@example.org", "ada@example.com"
LINK = re.compile(r"^http://127\.0\.0\.1:8000/([a-z-]+)#token=([\w-]{43})$", re.MULTILINE)
FORM = {"username": "ada", "email": ADA, "password": PASSWORD, "confirm_password": PASSWORD}
End = Callable[[User], Awaitable[object]]
ENDS: dict[str, End] = {
    "its time": lambda _: Token.all().update(expires_at=timezone.now()),
    "a new password": lambda ada: users.save_password_hash(ada, expected_hash=ada.password_hash),
    "a new address": lambda ada: users.update(ada, UserUpdateByAdmin(email=NEW)),
    "an address set in the table": lambda _: User.all().update(email=NEW),
    "a disabled account": lambda ada: users.update(ada, UserUpdateByAdmin(is_active=False)),
}


@dataclass(frozen=True)
class Mail:
    """A mail that was sent."""

    to: str
    subject: str
    body: str

    @property
    def token(self) -> str:
        """The token of its link."""
        ((_page, token),) = LINK.findall(self.body)
        return str(token)


@dataclass(frozen=True)
class Outbox:
    """The mails that were sent."""

    folder: Path

    async def mails(self, text: MailText) -> list[Mail]:
        """Wait for pending mails, and return those with this text, the oldest first."""
        await mail.wait_for_pending()
        files = [message_from_bytes(file.read_bytes(), policy=default) for file in self._files]
        found = [Mail(each["To"], each["Subject"], each.get_content()) for each in files]
        return [each for each in found if each.subject == text.subject.format(service=TITLE)]

    @property
    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("*.eml"))


@pytest.fixture
def sent(database: None, outbox: Path) -> Outbox:
    """Offer the mails that were sent."""
    return Outbox(outbox)


async def ask(client: AsyncClient, path: str, address: str) -> None:
    response = await client.post(f"/api/auth/{path}", json={"email": address})
    assert (response.status_code, response.content) == (202, b"null")
    await mail.wait_for_pending()


async def reset(client: AsyncClient, token: str, password: str = f"new {PASSWORD}") -> int:
    form = {"token": token, "new_password": password, "confirm_password": password}
    return (await client.post("/api/auth/password-reset/confirm", json=form)).status_code


async def verify(client: AsyncClient, token: str) -> int:
    return (await client.post("/api/auth/verify-email", json={"token": token})).status_code


async def change_address(client: AsyncClient, address: str, password: str = PASSWORD) -> int:
    form = {"email": address, "current_password": password}
    return (await client.put("/api/users/me/email", json=form)).status_code


async def is_verified(client: AsyncClient, headers: dict[str, str]) -> object:
    return (await client.get("/api/users/me", headers=headers)).json()["email_verified"]


async def test_only_the_newest_reset_link_works_and_only_once(
    client: AsyncClient, sent: Outbox
) -> None:
    signed_in = await headers_of(await add_user("ada"))
    await users.update(await add_user("disabled"), UserUpdateByAdmin(is_active=False))

    for address in (ADA, "nobody@example.org", "disabled@example.org", ADA, ADA, ADA):
        await ask(client, "password-reset", address)

    mails = await sent.mails(mail_texts.RESET_PASSWORD)
    assert [each.to for each in mails] == [ADA] * 3  # the fourth in an hour replaces none
    older, token = mails[1].token, mails[2].token
    assert await reset(client, older) == 400
    assert await reset(client, token, "password123") == 422
    assert (await client.get("/api/users/me", headers=signed_in)).status_code == 200
    assert [await reset(client, token) for _ in range(2)] == [204, 400]
    assert (await client.get("/api/users/me", headers=signed_in)).status_code == 401
    assert (await log_in(client, "ada")).status_code == 401
    assert (await log_in(client, "ada", f"new {PASSWORD}")).status_code == 200


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
async def test_a_reset_link_is_invalid_after_its_expiry_or_a_change_of_the_account(
    client: AsyncClient, sent: Outbox, end: End
) -> None:
    ada = await add_user("ada")
    await ask(client, "password-reset", ADA)

    await end(ada)

    (link,) = await sent.mails(mail_texts.RESET_PASSWORD)
    assert await reset(client, link.token) == 400


@pytest.mark.settings(RATE_LIMIT_LOGIN="2/day")
async def test_attempts_with_one_link_are_rate_limited(client: AsyncClient, sent: Outbox) -> None:
    await add_user("ada")
    await ask(client, "password-reset", ADA)
    (link,) = await sent.mails(mail_texts.RESET_PASSWORD)

    assert [await reset(client, link.token, "password123") for _ in "123"] == [422, 422, 429]


@pytest.mark.parametrize("path", ["password-reset", "verify-email/resend"])
async def test_asking_for_a_link_tells_nobody_who_has_an_account(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    await User.filter(id=(await add_user("ada")).id).update(email_verified=False)
    can_send = asyncio.Event()
    monkeypatch.setattr(FolderMailer, "send", lambda *_: can_send.wait())

    async with asyncio.timeout(30):  # the answer does not wait for the mail
        answers = [
            await client.post(f"/api/auth/{path}", json={"email": address})
            for address in (ADA, "nobody@example.org")
        ]

    assert [(each.status_code, each.content) for each in answers] == [(202, b"null")] * 2
    can_send.set()


async def test_a_mailed_token_is_no_credential(client: AsyncClient, sent: Outbox) -> None:
    await add_user("ada")
    await ask(client, "password-reset", ADA)
    (link,) = await sent.mails(mail_texts.RESET_PASSWORD)

    headers = {"Authorization": f"Bearer {link.token}"}
    response = await client.get("/api/users/me", headers=headers)

    assert response.status_code == 401
    assert await verify(client, link.token) == 400


@pytest.mark.settings(REQUIRE_VERIFIED_EMAIL="true", RATE_LIMIT_LOGIN="2/day")
async def test_a_new_account_signs_in_after_its_address_is_verified(
    client: AsyncClient, sent: Outbox
) -> None:
    assert (await client.post("/api/users", json=FORM)).json()["email_verified"] is False
    (link,) = await sent.mails(mail_texts.VERIFY_ADDRESS)
    refused = [await log_in(client, "ada") for _ in range(3)]  # right passwords, all of them

    assert [each.status_code for each in refused] == [403] * 3
    assert "/api/auth/verify-email/resend" in refused[0].json()["detail"]
    assert (await log_in(client, "ada", "wrong")).status_code == 401
    assert await reset(client, link.token) == 400
    assert [await verify(client, link.token) for _ in range(2)] == [204, 400]
    assert (await log_in(client, "ada")).status_code == 200


async def test_a_link_is_resent_until_the_address_is_verified(
    client: AsyncClient, sent: Outbox
) -> None:
    await client.post("/api/users", json=FORM)
    (first,) = await sent.mails(mail_texts.VERIFY_ADDRESS)
    await ask(client, "verify-email/resend", ADA)
    second = (await sent.mails(mail_texts.VERIFY_ADDRESS))[-1]

    assert [await verify(client, link.token) for link in (first, second)] == [400, 204]
    await ask(client, "verify-email/resend", ADA)
    assert len(await sent.mails(mail_texts.VERIFY_ADDRESS)) == 2


async def test_administrators_vouch_for_addresses(client: AsyncClient, sent: Outbox) -> None:
    headers = await headers_of(await add_user("root", role="admin"))

    added = (await client.post("/api/users", json=FORM, headers=headers)).json()
    await User.filter(id=added["id"]).update(email_verified=False)
    path = f"/api/users/{added['id']}"
    changed = (await client.patch(path, json={"email": NEW}, headers=headers)).json()

    assert added["email_verified"] is True
    assert (changed["email"], changed["email_verified"]) == (NEW, True)
    assert await sent.mails(mail_texts.VERIFY_ADDRESS) == []
    assert [each.to for each in await sent.mails(mail_texts.ADDRESS_CHANGED)] == [ADA]


async def test_an_address_changes_when_the_mailed_link_is_used(
    client: AsyncClient, sent: Outbox
) -> None:
    client.headers.update(await headers_of(await add_user("ada")))
    assert await change_address(client, NEW, "wrong") == 400
    assert [await change_address(client, to) for to in ("other@example.com", NEW)] == [202] * 2
    other, link = await sent.mails(mail_texts.VERIFY_NEW_ADDRESS)

    assert [each.to for each in (other, link)] == ["other@example.com", NEW]
    assert [each.to for each in await sent.mails(mail_texts.ADDRESS_WILL_CHANGE)] == [ADA] * 2
    assert (await client.get("/api/users/me")).json()["email"] == ADA
    assert [await verify(client, token) for token in (other.token, link.token)] == [400, 204]
    assert (await client.get("/api/users/me")).json()["email"] == NEW
    assert [each.to for each in await sent.mails(mail_texts.ADDRESS_CHANGED)] == [ADA]


async def test_a_taken_address_is_refused_when_its_link_is_used(
    client: AsyncClient, sent: Outbox
) -> None:
    await add_user("eve")
    client.headers.update(await headers_of(await add_user("ada")))

    assert await change_address(client, "eve@example.org") == 202
    (link,) = await sent.mails(mail_texts.VERIFY_NEW_ADDRESS)
    assert [await verify(client, link.token) for _ in range(2)] == [409, 409]
    assert (await client.get("/api/users/me")).json()["email"] == ADA


async def test_a_password_set_meanwhile_stops_a_change_of_address(
    client: AsyncClient, sent: Outbox
) -> None:
    client.headers.update(await headers_of(await add_user("ada")))
    await change_address(client, NEW)
    (link,) = await sent.mails(mail_texts.VERIFY_NEW_ADDRESS)
    words = {"new_password": PASSWORD[::-1], "confirm_password": PASSWORD[::-1]}

    form = {"current_password": PASSWORD, **words}
    assert (await client.put("/api/users/me/password", json=form)).status_code == 204

    assert await verify(client, link.token) == 400
    assert [each.to for each in await sent.mails(mail_texts.PASSWORD_CHANGED)] == [ADA]


@pytest.mark.parametrize("was_verified", [True, False])
async def test_a_reset_ends_all_that_an_unverified_owner_made(
    client: AsyncClient, sent: Outbox, *, was_verified: bool
) -> None:
    ada = await add_user("ada")
    await User.all().update(email_verified=was_verified)
    named, _ = await tokens.issue(ada, "test", name="a program", expires_at=None)
    await ask(client, "password-reset", ADA)
    (link,) = await sent.mails(mail_texts.RESET_PASSWORD)

    assert await reset(client, link.token) == 204

    await named.refresh_from_db()
    assert (named.revoked_at is None) == was_verified
    assert await is_verified(client, await headers_of(await User.get(id=ada.id)))
    assert [each.to for each in await sent.mails(mail_texts.PASSWORD_RESET)] == [ADA]


@pytest.mark.settings(RATE_LIMIT_MAIL="2/day")
async def test_mails_are_limited_by_network(client: AsyncClient) -> None:
    paths = ("password-reset", "verify-email/resend", "password-reset")

    answers = [await client.post(f"/api/auth/{each}", json={"email": ADA}) for each in paths]

    assert [each.status_code for each in answers] == [202, 202, 429]
    assert int(answers[-1].headers["retry-after"]) > 0


async def test_notices_of_one_kind_are_limited_by_address(
    client: AsyncClient, sent: Outbox
) -> None:
    client.headers.update(await headers_of(await add_user("ada")))

    for number in range(5):
        assert await change_address(client, f"{number}@example.com") == 202

    assert len(await sent.mails(mail_texts.ADDRESS_WILL_CHANGE)) == 3


@pytest.mark.settings(ENVIRONMENT="production", REGISTRATION="open")
async def test_production_without_mail_says_so(client: AsyncClient, log_lines: LogLines) -> None:
    paths = ("password-reset", "verify-email/resend")

    calls = [await client.post(f"/api/auth/{path}", json={"email": ADA}) for path in paths]

    assert [each.status_code for each in calls] == [503] * 2
    assert {each.json()["detail"] for each in calls} == {"This service cannot send mail"}
    assert "To send mail, set MAIL_FROM, PUBLIC_BASE_URL, SMTP_URL" in str(log_lines())


async def test_the_log_says_why_no_mail_was_sent(
    client: AsyncClient, change_settings: ChangeSettings, log_lines: LogLines
) -> None:
    await add_user("ada")
    change_settings(SMTP_URL="smtp://127.0.0.1:1")

    await ask(client, "password-reset", ADA)

    (error,) = [line["message"] for line in log_lines() if line["level"] == "ERROR"]
    assert error.startswith("No mail was sent: SMTPConnectError")


async def test_mails_that_are_pending_when_the_service_stops_are_counted(
    app: FastAPI, log_lines: LogLines
) -> None:
    can_send = asyncio.Event()

    async def send() -> None:
        await can_send.wait()

    app.state.ends_at = time.monotonic()
    async with mail.lifespan(app):
        mail.soon(send())
    can_send.set()
    await mail.wait_for_pending()

    assert "the service stopped while 1 were pending" in log_lines()[-1]["message"]


@pytest.mark.parametrize(
    ("base", "prefix", "link"),
    [
        ("https://shop", "/shop", "https://shop/shop/x"),
        ("https://a.org/shop/", "/shop", "https://a.org/shop/x"),
        ("https://a.org/my-shop", "/shop", "https://a.org/my-shop/shop/x"),
        ("https://a.org:8443", "", "https://a.org:8443/x"),
    ],
)
def test_links_begin_with_the_public_url_and_the_prefix(
    change_settings: ChangeSettings, base: str, prefix: str, link: str
) -> None:
    change_settings(PUBLIC_BASE_URL=base, ROOT_PATH=prefix)

    assert get_settings().link("x") == link


def test_production_sends_no_mail_with_the_settings_that_setup_writes() -> None:
    assert mail.REQUIRED.isdisjoint(Settings(_env_file=EXAMPLE).model_fields_set)


async def test_a_command_sets_an_address(client: AsyncClient, sent: Outbox) -> None:
    await add_user("ada")
    await User.all().update(email_verified=False)

    results = [
        await run("set-email", *words) for words in (("ada", NEW), ("bob", NEW), ("ada", "x"))
    ]

    assert [each.output.partition(":")[0] for each in results] == [
        f"The address of ada is {NEW}.\n",
        "Error",
        "Error",
    ]
    assert (await User.get(username="ada")).email_verified
    assert [each.to for each in await sent.mails(mail_texts.ADDRESS_CHANGED)] == [ADA]
