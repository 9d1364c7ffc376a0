"""URLs of PostgreSQL, with the options of libpq that asyncpg knows, and its connection pool."""

from typing import Any
from urllib.parse import unquote, urlencode

from app.database import server_urls

EXAMPLE_URL = "postgres://user:password@127.0.0.1:5432/database"
LOCK_TIMEOUT_SECONDS = 5
ServerSettings = server_urls.ServerSettings

CHOICES = {
    "sslmode": ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    "target_session_attrs": (
        *("any", "primary", "standby", "prefer-standby"),
        *("read-write", "read-only"),
    ),
    "channel_binding": ("disable", "prefer"),  # asyncpg has none, so it cannot be required
}
FILES = {"sslrootcert", "sslcert", "sslkey"}
NUMBERS = {"connect_timeout", "statement_cache_size"}
KNOWN = {"host", "application_name", "options", *CHOICES, *FILES, *NUMBERS}
"""Options of a URL: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS.

`statement_cache_size` is asyncpg's: 0 for PgBouncer in transaction mode.
"""


def credentials(url: str) -> dict[str, Any]:
    """Parse the URL into keyword arguments of `asyncpg.connect`.

    Raises:
        ValueError: The URL is not one of PostgreSQL; the message says what to write.
    """
    schemes = {"postgres", "postgresql"}
    parts, options = server_urls.split(url, schemes=schemes, example=EXAMPLE_URL)
    for name, value in options.items():
        _check(name, value)
    if options.get("sslmode", "").startswith("verify-") and "sslrootcert" not in options:
        raise ValueError("its sslmode needs sslrootcert, a file with the certificate authority")
    options.pop("channel_binding", None)
    arguments = {
        "host": options.pop("host", None) or parts.hostname,
        "port": parts.port or 5432,
        "user": unquote(parts.username or "postgres"),
        "password": unquote(parts.password) if parts.password else None,
        "database": unquote(parts.path.removeprefix("/")),
        "timeout": int(options.pop("connect_timeout", 5)),
    }
    if size := options.pop("statement_cache_size", None):
        arguments["statement_cache_size"] = int(size)
    if options:
        arguments["dsn"] = f"postgres://?{urlencode(options)}"  # asyncpg reads the others here
    return {name: value for name, value in arguments.items() if value is not None}


def _check(name: str, value: str) -> None:
    if name not in KNOWN:
        raise server_urls.unknown(name, KNOWN)
    if name in CHOICES and value not in CHOICES[name]:
        raise ValueError(f"its option {name} must be one of {', '.join(CHOICES[name])}")
    is_number = value.isascii() and value.isdigit()
    if name in NUMBERS and not (is_number and (int(value) or name != "connect_timeout")):
        raise ValueError(f"its option {name} must be a whole number")
    if name in FILES:
        server_urls.readable(name, value)


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
    pool: dict[str, Any] = {
        "minsize": size.db_pool_min,
        "maxsize": size.db_pool_max,
        "max_inactive_connection_lifetime": 60,
        "timeout_seconds": timeout_seconds,
    }
    if timeout_seconds is None:
        pool["server_settings"] = {"lock_timeout": f"{LOCK_TIMEOUT_SECONDS}s"}
    return {"engine": "app.database.client", "credentials": credentials(url) | pool}
