"""nginx before a service: at a path prefix that it removes or leaves, and as it is by default."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.support.harness import free_port, wait_until

CONFIGURATION = """
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{removing};
        location {prefix}/ {{
            proxy_pass http://127.0.0.1:{service}/;
            proxy_set_header Host $http_host;
        }}
    }}
    server {{
        listen 127.0.0.1:{leaving};
        location {prefix}/ {{
            proxy_pass http://127.0.0.1:{service};
            proxy_set_header Host $http_host;
        }}
    }}
    server {{
        listen 127.0.0.1:{default};
        location {prefix}/ {{
            proxy_pass http://127.0.0.1:{service}/;
        }}
    }}
}}
"""


class NotInstalled(Exception):  # noqa: N818 - a fact, as all our errors
    """There is no nginx here."""


@dataclass(frozen=True)
class Nginx:
    """The ports of nginx before a service."""

    prefix: str
    removing: int
    """Removes the prefix."""
    leaving: int
    """Leaves the prefix."""
    default: int
    """Removes the prefix, and replaces the Host header by the service's address."""

    def url(self, port: int) -> str:
        """Return the URL of the service at this port."""
        return f"http://127.0.0.1:{port}{self.prefix}"


def choose_ports(prefix: str) -> Nginx:
    """Choose free ports, which a service may have to know before it starts."""
    return Nginx(prefix, free_port(), free_port(), free_port())


@contextmanager
def started(nginx: Nginx, service_port: int, folder: Path) -> Iterator[None]:
    """Run nginx before the service at this port.

    Raises:
        NotInstalled: There is no nginx here.
    """
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if program is None:
        raise NotInstalled("nginx is not installed")
    file = folder / "nginx.conf"
    text = CONFIGURATION.format(
        user="user root;" if os.geteuid() == 0 else "",
        folder=folder,
        service=service_port,
        **vars(nginx),
    )
    file.write_text(text, encoding="utf-8")
    arguments = [program, "-p", str(folder), "-c", str(file), "-g", "daemon off;"]
    with subprocess.Popen(arguments, stderr=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: _answers(nginx), "nginx to start", folder / "error.log")
            yield
        finally:
            process.terminate()


def _answers(nginx: Nginx) -> bool:
    try:
        return httpx.get(f"{nginx.url(nginx.removing)}/health/live", trust_env=False).is_success
    except httpx.TransportError:
        return False
