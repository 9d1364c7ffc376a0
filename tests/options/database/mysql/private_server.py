"""MariaDB, started from the installed binaries."""

import signal

from tests.support.private_servers import PrivateServer, binary


class MariaDB(PrivateServer):
    """MariaDB."""

    kind = "MariaDB"
    owner = "mysql"
    shutdown_signal = signal.SIGTERM
    own_database = "mysql"

    @property
    def url(self) -> str:
        """The URL of the server, for the creation of databases."""
        return f"mysql://root@127.0.0.1:{self.port}"

    def prepare(self) -> None:
        """Initialize the data directory."""
        options = ("--skip-test-db", "--auth-root-authentication-method=normal")
        data = f"--datadir={self.folder / 'data'}"
        self.run(binary("mariadb-install-db"), "--no-defaults", data, *options)

    def command(self) -> list[str]:
        """Return the command that starts the server."""
        settings = {
            "datadir": self.folder / "data",
            "socket": self.folder / "server.sock",
            "pid-file": self.folder / "server.pid",
            "port": self.port,
            "bind-address": "127.0.0.1",
            "innodb-buffer-pool-size": "64M",
            "innodb-flush-log-at-trx-commit": 1,
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        return [binary("mariadbd"), "--no-defaults", *options]


PRIVATE_SERVER = MariaDB
