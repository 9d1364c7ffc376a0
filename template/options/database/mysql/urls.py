"""URLs of MySQL and MariaDB, and the connection pool of asyncmy."""

import ssl
from math import ceil
from typing import Any
from urllib.parse import unquote

from app.database import server_urls

EXAMPLE_URL = "mysql://user:password@127.0.0.1:3306/database"
LOCK_TIMEOUT_SECONDS = 5
ServerSettings = server_urls.ServerSettings
COLLATION = "utf8mb4_bin"
STRICT = "CONCAT_WS(',', NULLIF(@@sql_mode, ''), 'STRICT_TRANS_TABLES')"
"""The server's mode, but that it refuses what a column cannot hold, and invents or cuts nothing."""
KNOWN = {"ssl", "ssl_ca", "connect_timeout"}
"""Options of a URL: `ssl=true` for TLS, `ssl_ca` for the file of a private authority."""


def credentials(url: str) -> dict[str, Any]:
    """Parse the URL into keyword arguments of `asyncmy.connect`.

    Raises:
        ValueError: The URL is not one of MySQL; the message says what to write.
    """
    parts, options = server_urls.split(url, schemes={"mysql"}, example=EXAMPLE_URL)
    for name in options:
        if name not in KNOWN:
            raise server_urls.unknown(name, KNOWN)
    if not parts.hostname:
        raise ValueError(f"write a URL such as {EXAMPLE_URL}")
    seconds = options.get("connect_timeout", "5")
    if not (seconds.isascii() and seconds.isdigit() and int(seconds)):
        raise ValueError("its option connect_timeout must be a whole number")
    arguments: dict[str, Any] = {
        "host": parts.hostname,
        "port": parts.port or 3306,
        "user": unquote(parts.username or "root"),
        "password": unquote(parts.password or ""),
        "database": unquote(parts.path.removeprefix("/")),
        "connect_timeout": int(seconds),
    }
    if context := _tls(options):
        arguments["ssl"] = context
    return arguments


def _tls(options: dict[str, str]) -> ssl.SSLContext | None:
    authority = options.get("ssl_ca")
    encrypted = options.get("ssl", "false" if authority is None else "true")
    if encrypted not in {"true", "false"}:
        raise ValueError("its option ssl must be true or false")
    if encrypted == "false":
        return None
    if authority is not None:
        server_urls.readable("ssl_ca", authority)
    return ssl.create_default_context(cafile=authority)


def connection(
    url: str, size: ServerSettings, *, timeout_seconds: float | None = None
) -> dict[str, Any]:
    """Return Tortoise's configuration of the connection pool.

    Args:
        url: The URL of the database.
        size: The size of the pool.
        timeout_seconds: The time limit of a statement. Without one, as in migrations, a statement
            still waits only shortly for locks.
    """
    pool = {
        "minsize": size.db_pool_min,
        "maxsize": size.db_pool_max,
        "pool_recycle": 300,
        "charset": "utf8mb4",
        "init_command": f"SET {', '.join(_session(timeout_seconds))}",
        "timeout_seconds": timeout_seconds,
    }
    return {"engine": "app.database.client", "credentials": credentials(url) | pool}


def _session(timeout_seconds: float | None) -> list[str]:
    """Return the settings of each session; the server ends statements that nobody awaits."""
    lock_wait = LOCK_TIMEOUT_SECONDS if timeout_seconds is None else ceil(timeout_seconds)
    settings = [
        "time_zone = '+00:00'",
        f"collation_connection = '{COLLATION}'",
        f"sql_mode = {STRICT}",
        f"lock_wait_timeout = {lock_wait}",
        f"innodb_lock_wait_timeout = {lock_wait}",
    ]
    if timeout_seconds is not None:  # MySQL reads the first comment, MariaDB the second
        settings[-1] += (
            f" /*!50708 , max_execution_time = {ceil(timeout_seconds * 1000)} */"
            f" /*M! , max_statement_time = {timeout_seconds} */"
        )
    return settings
