"""Sending mail: over SMTP, or into a folder for development."""

import os
import smtplib
import ssl
import time
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from anyio import to_thread

TIMEOUT_SECONDS = 10
PORTS = {"smtp": 587, "smtps": 465}


class Mailer(Protocol):
    """Whatever can send mail."""

    async def send(self, message: EmailMessage) -> None:
        """Send a message that is complete."""


@dataclass(frozen=True)
class FolderMailer:
    """Writes each message into a file, which mail programs open."""

    folder: Path

    async def send(self, message: EmailMessage) -> None:
        """Write the message where its owner alone can read it."""
        await to_thread.run_sync(self._write, bytes(message))

    def _write(self, content: bytes) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{time.time_ns()}-{os.urandom(4).hex()}.eml"
        path.touch(mode=0o600)
        path.write_bytes(content)


@dataclass(frozen=True)
class SmtpMailer:
    """Hands messages to a server (RFC 6409).

    Args:
        url: `smtp://` for a line that becomes encrypted if the server offers it, and must with
            a password in the URL; `smtps://` for one that is encrypted from the start.
    """

    url: str

    async def send(self, message: EmailMessage) -> None:
        """Send the message, in a thread.

        Raises:
            OSError: The server cannot be reached, or refuses.
        """
        await to_thread.run_sync(self._send, message)

    def _send(self, message: EmailMessage) -> None:
        parts = urlsplit(self.url)
        host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
        encryption = ssl.create_default_context()
        if parts.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                host, port, timeout=TIMEOUT_SECONDS, context=encryption
            )
        else:
            server = smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS)
        with server:
            server.ehlo()
            if parts.scheme == "smtp" and (server.has_extn("starttls") or parts.password):
                server.starttls(context=encryption)
            if parts.username and parts.password:
                server.login(unquote(parts.username), unquote(parts.password))
            server.send_message(message)
