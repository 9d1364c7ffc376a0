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
"""`smtp://` encrypts if the server can, and must with a password; `smtps://` from the start."""


class NotSent(Exception):
    """No message went out. The reason repeats nothing that a server said: it may quote a secret."""


class Mailer(Protocol):
    """Whatever can send mail."""

    async def send(self, message: EmailMessage) -> None:
        """Send a message that is complete."""


@dataclass(frozen=True)
class FolderMailer:
    """Writes each message into a file that its owner alone can read; mail programs open it."""

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
    """Hands messages to a server (RFC 6409)."""

    url: AnyUrl

    async def send(self, message: EmailMessage) -> None:
        """Send the message.

        Raises:
            NotSent: The server cannot be reached, or refuses.
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
