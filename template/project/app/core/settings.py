"""Settings from the environment and `.env`, all checked before the service starts."""

import json
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Annotated, TypeVar

from pydantic import BeforeValidator, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


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


def cached(section: type[AnySection]) -> Callable[[], AnySection]:
    """Return a function that reads the section once and raises WrongSettings if it cannot."""

    @lru_cache
    def get() -> AnySection:
        check([section])
        return section()

    return get


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


StringList = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
"""A list written as JSON or separated by commas."""
