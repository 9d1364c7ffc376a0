"""URLs of database servers, and the settings of services that use one."""

from typing import Annotated
from urllib.parse import SplitResult, parse_qsl, urlsplit

from pydantic import BaseModel, Field, ValidationInfo, field_validator

ENCODE = (
    "percent-encode special characters of the user and the password:"
    " %23 for `#`, %2F for `/`, %3F for `?`, %40 for `@`"
)


class ServerSettings(BaseModel):
    """The size of the connection pool of each worker process, and who else uses the tables."""

    migration_grant_to: str = ""
    db_pool_min: Annotated[int, Field(ge=1)] = 1
    db_pool_max: Annotated[int, Field(ge=2)] = 10

    @field_validator("db_pool_max")
    @classmethod
    def maximum_is_at_least_minimum(cls, largest: int, fields: ValidationInfo) -> int:
        """Refuse a maximum below the minimum."""
        if largest < fields.data.get("db_pool_min", 1):
            raise ValueError("allow at least as many as DB_POOL_MIN")
        return largest


def split(url: str, *, schemes: set[str], example: str) -> tuple[SplitResult, dict[str, str]]:
    """Split a URL into its parts, with a valid port, and its options.

    Raises:
        ValueError: It is not such a URL; the message says what to write, and repeats no part of it.
    """
    rest = url.partition("://")[2]
    address, _, options = rest.partition("?")
    user, _, _ = address.rpartition("@")
    if "#" in rest or "/" in user or "@" in user or (not user and "@" in options):
        raise ValueError(ENCODE)
    try:
        parts = urlsplit(url)
        has_port = parts.port != 0
    except ValueError:
        parts, has_port = urlsplit(""), False
    if parts.scheme not in schemes or not parts.path.strip("/") or not has_port:
        raise ValueError(f"write a URL such as {example}; {ENCODE}")
    return parts, dict(parse_qsl(options, keep_blank_values=True))


def unknown(option: str, known: set[str]) -> ValueError:
    """Return the error for an option that the driver does not have."""
    return ValueError(f"it has no option {option}; there are {', '.join(sorted(known))}")


def readable(option: str, path: str) -> str:
    """Return the path of a file that an option names.

    Raises:
        ValueError: It cannot be read.
    """
    try:
        with open(path, "rb"):  # noqa: PTH123 - nothing else is done with it
            return path
    except OSError as error:
        raise ValueError(f"its option {option} names a file that cannot be read") from error
