"""Mail: sent over SMTP, or written into a folder in development."""

import asyncio
import logging
import math
import os
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import localtime
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, Protocol
from urllib.parse import unquote

import aiosmtplib
from email_validator import validate_email
from fastapi import FastAPI
from pydantic import (
    AnyUrl,
    Field,
    HttpUrl,
    NameEmail,
    Secret,
    UrlConstraints,
    ValidationInfo,
    field_validator,
)

from app import ROOT, TITLE
from app.web.errors import AppError
from app.web.settings import WebSettings

log = logging.getLogger(__name__)

FOLDER = ROOT / "var/mail"
TIMEOUT_SECONDS = 10
CONNECTIONS = 10
MAX_PENDING = 1000
"""More mails at once are an attack."""
SHUTDOWN_SECONDS = 5
PORTS = {"smtp": 587, "smtps": 465}
REQUIRED = {"smtp_url", "mail_from", "public_base_url"}
"""The settings without which production sends no mail."""

SmtpUrl = Annotated[AnyUrl, UrlConstraints(allowed_schemes=[*PORTS], host_required=True)]
"""`smtp://`: STARTTLS if offered, and always with a password; `smtps://`: TLS from the start."""

pending: set[asyncio.Task[None]] = set()
"""Tasks that send mails; only the shutdown of the service waits for them."""

_connections = asyncio.Semaphore(CONNECTIONS)


class MailSettings(WebSettings):
    """The mail server, the sender, and the base URL of the links in mails."""

    smtp_url: Secret[SmtpUrl] | None = None
    mail_from: NameEmail = NameEmail("", "noreply@example.org")
    public_base_url: Annotated[HttpUrl, Field(validate_default=True)] = HttpUrl(
        "http://127.0.0.1:8000"
    )

    @field_validator("public_base_url")
    @classmethod
    def base_url_has_root_path(cls, url: HttpUrl, earlier: ValidationInfo) -> HttpUrl:
        """Return the URL with ROOT_PATH at its end, also where the setting lacks it."""
        path, root_path = (url.path or "").rstrip("/"), earlier.data.get("root_path", "")
        has_root = f"{path}/".endswith(f"{root_path}/")
        return HttpUrl(str(url).rstrip("/") + ("" if has_root else root_path))

    @property
    def can_send_mail(self) -> bool:
        """Return whether mails can be sent; development needs no settings for it."""
        return not self.is_production or self.model_fields_set >= REQUIRED

    def link(self, path: str) -> str:
        """Return the public URL of a path of this service."""
        return f"{str(self.public_base_url).rstrip('/')}/{path}"


class MailNotConfigured(AppError):
    """Production lacks a setting that sending mail requires."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    detail = "This service cannot send mail"


class NotSent(Exception):
    """The mail was not sent. The reason omits the server's answer, which may quote a secret."""


@dataclass(frozen=True)
class MailText:
    """A subject and a body, with names in braces to be replaced by values."""

    subject: str
    body: str


class Mailer(Protocol):
    """An object that sends mail."""

    async def send(self, message: EmailMessage) -> None:
        """Send a complete message."""


@dataclass(frozen=True)
class FolderMailer:
    """Writes each message to an `.eml` file, which mail programs open (mode 600)."""

    folder: Path

    async def send(self, message: EmailMessage) -> None:
        """Write the message."""
        await asyncio.to_thread(self._write, bytes(message))

    def _write(self, content: bytes) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.folder / f"{time.time_ns()}-{os.urandom(4).hex()}.eml"
        path.touch(mode=0o600)
        path.write_bytes(content)


@dataclass(frozen=True)
class SmtpMailer:
    """Submits messages to a mail server (RFC 6409), a few at a time."""

    url: AnyUrl

    async def send(self, message: EmailMessage) -> None:
        """Send the message.

        Raises:
            NotSent: The server cannot be reached, or refuses the message.
        """
        url, is_encrypted = self.url, self.url.scheme == "smtps"
        try:
            async with _connections:
                await aiosmtplib.send(
                    message,
                    hostname=url.host,
                    port=url.port or PORTS[url.scheme],
                    username=unquote(url.username) if url.username else None,
                    password=unquote(url.password) if url.password else None,
                    use_tls=is_encrypted,
                    start_tls=True if url.password and not is_encrypted else None,
                    timeout=TIMEOUT_SECONDS,
                )
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            reason = f"{type(error).__name__} {getattr(error, 'code', '')}".strip()
            raise NotSent(reason) from None


def require_settings(settings: MailSettings) -> None:
    """Require that mails can be sent.

    Raises:
        MailNotConfigured: Production lacks a setting; the log names it.
    """
    if not settings.can_send_mail:
        missing = sorted(REQUIRED - settings.model_fields_set)
        log.warning("To send mail, set %s", ", ".join(missing).upper())
        raise MailNotConfigured


async def send(settings: MailSettings, address: str, text: MailText, **values: str) -> None:
    """Send a text to an address; `values` replace the names in its body.

    Raises:
        MailNotConfigured: Production lacks a setting.
        NotSent: The mail server cannot be reached, or refuses the message.
    """
    require_settings(settings)
    url = settings.smtp_url
    mailer: Mailer = SmtpMailer(url.get_secret_value()) if url else FolderMailer(FOLDER)
    await mailer.send(_message(settings.mail_from, address, text, values))


def soon(work: Coroutine[Any, Any, None]) -> None:
    """Start work that sends mails; as nobody awaits it, failures are logged."""
    if len(pending) >= MAX_PENDING:
        work.close()
        log.error("No mail was sent: %d are pending", MAX_PENDING)
        return
    task = asyncio.create_task(_log_failures(work))
    pending.add(task)
    task.add_done_callback(pending.discard)


async def wait_for_pending(timeout_seconds: float | None = None) -> None:
    """Wait until the pending mails are sent, at most so long."""
    if pending:
        await asyncio.wait(pending, timeout=timeout_seconds)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Wait a few seconds for pending mails when the service shuts down, and count those left."""
    yield
    # After SIGTERM app/server.py sets the monotonic time at which the process must end.
    left = getattr(app.state, "ends_at", math.inf) - time.monotonic()
    await wait_for_pending(max(0, min(left, SHUTDOWN_SECONDS)))
    if pending:
        log.error("No mail was sent: the service stopped while %d were pending", len(pending))


async def _log_failures(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except MailNotConfigured:
        pass  # it is logged where it is raised
    except AppError as refusal:
        log.info("A mail was left out: %s", refusal)
    except NotSent as reason:
        log.error("No mail was sent: %s", reason)  # noqa: TRY400 - a traceback adds nothing
    except Exception:
        log.exception("No mail was sent")


def _message(
    sender: NameEmail, address: str, text: MailText, values: dict[str, str]
) -> EmailMessage:
    body = text.body.format_map(values)
    message = EmailMessage()
    message["From"] = Address(sender.name, addr_spec=sender.email)
    message["To"] = validate_email(address, check_deliverability=False).ascii_email or address
    message["Subject"] = text.subject.format(service=TITLE)
    message["Date"] = localtime()
    message["Auto-Submitted"] = "auto-generated"  # no automatic replies (RFC 3834)
    # 7bit keeps a link on one line; any other script needs base64.
    message.set_content(body, cte="7bit" if body.isascii() else "base64")
    return message
