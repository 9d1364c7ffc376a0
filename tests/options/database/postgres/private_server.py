"""PostgreSQL, started from the installed binaries."""

import signal
from pathlib import Path

from tests.support.private_servers import PrivateServer, binary

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
"""The directories of the binaries on Debian, by version."""


class PostgreSQL(PrivateServer):
    """PostgreSQL, stopped by an immediate shutdown, after which it recovers from its log."""

    kind = "PostgreSQL"
    owner = "postgres"
    shutdown_signal = signal.SIGQUIT
    own_database = "postgres"

    @property
    def url(self) -> str:
        """The URL of the server, for the creation of databases."""
        return f"postgres://postgres@127.0.0.1:{self.port}"

    def prepare(self) -> None:
        """Initialize the data directory."""
        options = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C")
        self.run(binary("initdb", *BINARIES), "-D", str(self.folder / "data"), *options)

    def command(self) -> list[str]:
        """Return the command that starts the server."""
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": "on",
            "max_connections": 60,
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        return [binary("postgres", *BINARIES), "-D", str(self.folder / "data"), *options]


PRIVATE_SERVER = PostgreSQL
