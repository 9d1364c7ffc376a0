"""URLs of SQLite files, and Tortoise's connection to them."""

from typing import Any

from pydantic import BaseModel

from app import ROOT

EXAMPLE_URL = "sqlite://db.sqlite3"
LOCK_TIMEOUT_SECONDS = 5


class ServerSettings(BaseModel):
    """A file has no server: no pool of connections, and no roles."""


def credentials(url: str) -> dict[str, Any]:
    """Parse the file's path from the URL: `sqlite:///absolute`, or relative to the project.

    Raises:
        ValueError: The URL names no file; the message says what to write.
    """
    path, has_options, _ = url.removeprefix("sqlite://").partition("?")
    if has_options:
        raise ValueError(f"it can have no options after `?`; write a URL such as {EXAMPLE_URL}")
    if not url.startswith("sqlite://") or not path:
        raise ValueError(f"write a URL such as {EXAMPLE_URL}")
    return {"file_path": str(ROOT / path)}


def connection(
    url: str, _server: ServerSettings, *, timeout_seconds: float | None = None
) -> dict[str, Any]:
    """Return the connection: write-ahead log, busy timeout; Tortoise turns foreign keys on.

    Args:
        url: The URL of the file.
        timeout_seconds: The time limit of a statement. Without one, as in migrations, a statement
            still waits only shortly for locks.
    """
    wait = LOCK_TIMEOUT_SECONDS if timeout_seconds is None else timeout_seconds
    pragmas = {"busy_timeout": round(wait * 1000), "journal_mode": "WAL", "synchronous": "NORMAL"}
    limits = {"timeout_seconds": timeout_seconds}
    return {"engine": "app.database.client", "credentials": credentials(url) | pragmas | limits}
