"""Settings from the environment and `.env`, all checked before the service starts."""

import json
import secrets
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Annotated, TypeVar, cast

from pydantic import BeforeValidator, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ENV = Path(".env")
EXAMPLE = Path(".env.example")
BLANK = "written-by-just-setup"


class Section(BaseSettings):
    """Settings of one part of the service. Every subclass is checked at the start."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )


AnySection = TypeVar("AnySection", bound=Section)


class WrongSettings(SystemExit):
    """Ends the process with a message that names every wrong setting, and no value."""


@lru_cache
def _read(section: type[Section]) -> Section:
    check([section])
    return section()


def cached(section: type[AnySection]) -> Callable[[], AnySection]:
    """Return a function that reads the section once and raises WrongSettings if it cannot."""
    return lambda: cast("AnySection", _read(section))


def check_all() -> None:
    """Read every section there is.

    Raises:
        WrongSettings: At least one setting is missing or wrong.
    """
    check(Section.__subclasses__())


def check(sections: Iterable[type[Section]]) -> None:
    """Read these sections and report all their faults at once, as `check_all` does."""
    faults = sorted({fault for section in sections for fault in _faults(section)})
    if faults:
        heading = "Cannot start. Correct these settings in the environment or in .env:"
        raise WrongSettings("\n  ".join([heading, *faults]))


def _faults(section: type[Section]) -> list[str]:
    try:
        section()
    except ValidationError as error:
        return [
            f"{str(fault['loc'][0]).upper()}: {_sentence(fault['msg'])}"
            for fault in error.errors(include_input=False, include_url=False)
        ]
    return []


def _sentence(message: str) -> str:
    return message.removeprefix("Value error, ").replace("Field required", "is missing")


def _split(value: object) -> object:
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        return json.loads(value)
    return [item.strip() for item in value.split(",") if item.strip()]


Separated = (NoDecode, BeforeValidator(_split))
StringList = Annotated[tuple[str, ...], *Separated]
"""A list written as JSON or separated by commas."""


def write_env() -> bool:
    """Copy `.env.example` with fresh secrets to `.env`, readable by its owner alone.

    Return whether it was written; a file that exists is left as it is.
    """
    lines = [
        line.replace(BLANK, secrets.token_urlsafe(48)) if line.endswith(f"={BLANK}") else line
        for line in EXAMPLE.read_text(encoding="utf-8").splitlines()
    ]
    try:
        ENV.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        return False
    ENV.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return True
