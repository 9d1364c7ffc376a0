"""Settings of the HTTP server, its middleware and its logs."""

import re
from typing import Annotated, Literal

from pydantic import BaseModel, Field, field_validator

from app.web.types import StringList

ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]+)?")


class WebSettings(BaseModel):
    """The environment, the HTTP server, accepted hosts and origins, and logs."""

    environment: Literal["development", "test", "production"] = "production"
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8000
    web_concurrency: Annotated[int, Field(ge=1)] = 1
    drain_seconds: Annotated[int, Field(ge=0)] = 8
    allowed_hosts: StringList = ()
    cors_origins: StringList = ()
    trusted_proxies: StringList = ()
    max_body_bytes: Annotated[int, Field(ge=1)] = 1_048_576
    body_timeout_seconds: Annotated[int, Field(ge=1)] = 30
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["text", "json"] = "json"

    @field_validator("cors_origins")
    @classmethod
    def origins_are_exact(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse `*`, as browsers send credentials, and anything that is not an exact origin."""
        if not all(ORIGIN.fullmatch(origin) for origin in origins):
            raise ValueError("name each origin as browsers do, such as https://app.example.org")
        return origins

    @property
    def is_production(self) -> bool:
        """Return whether this is production, where documentation and registration are closed."""
        return self.environment == "production"
