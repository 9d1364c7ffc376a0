"""Sending mail: over SMTP, or into a folder for development."""

import asyncio
import os
import time
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Annotated, Protocol
from urllib.parse import unquote

import aiosmtplib
from pydantic import AnyUrl, UrlConstraints

TIMEOUT_SECONDS = 10
PORTS = {"smtp": 587, "smtps": 465}

SmtpUrl = Annotated[AnyUrl, UrlConstraints(allowed_schemes=[*PORTS], host_required=True)]
"""`smtp://`: STARTTLS if offered, and always with a password; `smtps://`: TLS from the start."""


class NotSent(Exception):
    """The mail was not sent. The reason omits the server's answer, which may quote a secret."""


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
    """Submits messages to a mail server (RFC 6409)."""

    url: AnyUrl

    async def send(self, message: EmailMessage) -> None:
        """Send the message.

        Raises:
            NotSent: The server cannot be reached, or refuses the message.
        """
        url, is_encrypted = self.url, self.url.scheme == "smtps"
        try:
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
