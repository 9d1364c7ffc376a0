"""Settings of the HTTP server, its middleware and its logs."""

import ipaddress
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, field_validator

from app.web.types import StringList

ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]+)?")
ROOT_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)*")


def _root_path(text: str) -> str:
    """Return the path without a slash at its end."""
    path = text.rstrip("/")
    if not ROOT_PATH.fullmatch(path):
        raise ValueError("write a path such as /shop")
    return path


def _network(text: str) -> str:
    """Return an address, or a network as uvicorn reads it: `10.0.0.0/24` for `10.0.0.7/24`.

    Raises:
        ValueError: It is no network, or that of all addresses.
    """
    network = ipaddress.ip_network(text, strict=False)
    if network.prefixlen == 0:
        raise ValueError(text)
    return str(network) if "/" in text else text


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
    root_path: Annotated[str, AfterValidator(_root_path)] = ""
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

    @field_validator("allowed_hosts")
    @classmethod
    def hosts_are_named(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse `*`, which accepts every host."""
        if not all(re.search("[a-z0-9]", host.partition(":")[0], re.IGNORECASE) for host in hosts):
            raise ValueError("name each host, such as api.example.org or *.example.org")
        return hosts

    @field_validator("trusted_proxies")
    @classmethod
    def proxies_are_networks(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse `*` and networks of all addresses: anyone could choose an address of a client."""
        try:
            return tuple(_network(proxy) for proxy in proxies)
        except ValueError:
            raise ValueError(
                "write addresses or networks of proxies, such as 10.0.0.0/24; not all"
            ) from None

    @property
    def is_production(self) -> bool:
        """Return whether this is production, where documentation and registration are closed."""
        return self.environment == "production"
