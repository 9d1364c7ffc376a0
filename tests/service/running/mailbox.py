"""The mails that a service in development writes into a folder."""

import re
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default

from tests.support.harness import Service, wait_until

LINK = re.compile(r"^(\S+/(password-reset|verify-email)#token=([\w-]{43}))\r?$", re.MULTILINE)
NOTICE = ""
"""The page of mails without a link."""


@dataclass(frozen=True)
class Mail:
    """A mail, and the link in it if there is one, with its page and token."""

    subject: str
    body: str
    link: str = ""
    page: str = NOTICE
    token: str = ""


@dataclass(frozen=True)
class Mailbox:
    """The mails to one address."""

    service: Service
    address: str

    def mails(self, page: str | None = None) -> list[Mail]:
        """Return the mails whose link leads to this page, or all, the oldest first."""
        found = []
        for file in sorted((self.service.project / "var/mail").glob("*.eml")):
            mail = message_from_bytes(file.read_bytes(), policy=default)
            if mail["To"] == self.address:
                body = mail.get_content()
                links = LINK.findall(body)
                found.append(Mail(mail["Subject"], body, *(links[0] if links else ())))
        return [mail for mail in found if page in {None, mail.page}]

    def wait(self, page: str | None = None, count: int = 1) -> list[Mail]:
        """Wait until there are that many such mails, and return them."""
        what = f"{count} mails to {self.address}"
        wait_until(lambda: len(self.mails(page)) >= count, what, self.service.log)
        return self.mails(page)
