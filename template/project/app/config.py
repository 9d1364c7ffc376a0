"""Settings that every service has. A part's own settings are a class in that part."""

import re
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator

from app.database import driver
from app.settings import Section, StringList, cached

ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]+)?")


class Settings(Section):
    """How the service runs, and where its database is."""

    environment: Literal["development", "test", "production"] = "production"
    database_url: SecretStr
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8000
    web_concurrency: Annotated[int, Field(ge=1)] = 1
    allowed_hosts: StringList = ()
    cors_origins: StringList = ()
    trusted_proxies: StringList = ()
    max_body_bytes: Annotated[int, Field(ge=1)] = 1_048_576
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["text", "json"] = "json"

    @field_validator("database_url")
    @classmethod
    def database_can_be_reached_by_its_driver(cls, url: SecretStr) -> SecretStr:
        """Refuse a URL that this service's driver would not understand."""
        driver.credentials(url.get_secret_value())
        return url

    @field_validator("cors_origins")
    @classmethod
    def origins_are_exact(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse `*`, since browsers send credentials, and what no browser would send."""
        if not all(ORIGIN.fullmatch(origin) for origin in origins):
            message = "name each origin as browsers do, such as https://app.example.org"
            raise ValueError(message)
        return origins

    @property
    def is_production(self) -> bool:
        """Whether strangers can reach the service: documentation and sign-up are closed."""
        return self.environment == "production"


get_settings = cached(Settings)
