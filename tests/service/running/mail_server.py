"""A mail server for services to send to."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from ipaddress import ip_address
from pathlib import Path
from threading import Event
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from anyio import to_thread
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.harness import free_port

ADDRESS = "127.0.0.1"
LOGIN = ("mailer", "p/ss:w@rd#7")
USER_INFO = "mailer:p%2Fss%3Aw%40rd%237"
PATIENCE_SECONDS = 30


@dataclass
class MailServer:
    """The state of the server: received mails, and replies that it refuses with."""

    port: int
    mails: list[EmailMessage] = field(default_factory=list)
    """The accepted mails, the oldest first."""
    logins: list[tuple[str, str]] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)
    """Replies to refuse a command such as RCPT; `{link}` is the line of the mail with the link."""
    accepts_mail: Event = field(default_factory=Event)
    """While it is not set, a mail is neither accepted nor refused."""
    refused: str = ""
    """The last command that it refused."""
    has_pending_mail: Event = field(default_factory=Event)

    async def handle_RCPT(
        self, _smtp: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Accept or refuse a recipient."""
        envelope.rcpt_tos.append(address)
        return self._answer("RCPT")

    async def handle_DATA(self, _smtp: SMTP, _session: Session, envelope: Envelope) -> str:
        """Accept or refuse a mail."""
        content = envelope.content
        assert isinstance(content, bytes)
        self.has_pending_mail.set()
        await to_thread.run_sync(self.accepts_mail.wait, PATIENCE_SECONDS)
        mail = message_from_bytes(content, policy=default)
        if "DATA" not in self.refusals:
            self.mails.append(mail)
        lines = mail.get_content().splitlines()
        return self._answer("DATA", *(line for line in lines if "#token=" in line))

    def _answer(self, command: str, link: str = "") -> str:
        if command not in self.refusals:
            return "250 OK"
        self.refused = command
        return self.refusals[command].format(link=link)

    def authenticate(
        self,
        _smtp: SMTP,
        _session: Session,
        _envelope: Envelope,
        _mechanism: str,
        given: Any,  # noqa: ANN401
    ) -> AuthResult:
        """Accept the one user, `LOGIN`."""
        assert isinstance(given, LoginPassword)
        self.logins.append((given.login.decode(), given.password.decode()))
        return AuthResult(success=self.logins[-1] == LOGIN, handled=False)


@contextmanager
def mail_server(
    certificate: Path | None = None, *, encrypts_at_once: bool = False
) -> Iterator[MailServer]:
    """Run a mail server: encrypted from the start, or after STARTTLS, or not at all."""
    server = MailServer(free_port())
    server.accepts_mail.set()
    options: dict[str, Any] = {"authenticator": server.authenticate}
    if certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        if encrypts_at_once:
            options |= {"ssl_context": context, "auth_require_tls": False}
        else:
            options |= {"tls_context": context, "require_starttls": True}
    controller = Controller(server, hostname=ADDRESS, port=server.port, **options)
    controller.start()
    try:
        yield server
    finally:
        controller.stop()


def write_certificate(path: Path) -> Path:
    """Write a self-signed certificate for the server, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, ADDRESS)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address(ADDRESS))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    as_pkcs8, in_clear = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path.write_bytes(certificate.public_bytes(pem) + key.private_bytes(pem, as_pkcs8, in_clear))
    return path
