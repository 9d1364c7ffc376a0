"""The applications as processes: children that take orders, and servers as in production."""

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from statistics import quantiles
from typing import Any
from urllib.parse import urlencode

from tests.support.harness import ROOT, Project, Service, free_port
from tools.bench.child import Order

R2 = "tools.bench.reference"
R2A = "tools.bench.reference_signed_in"
OURS = "app.main"
LISTS = 200
USERS = 200
ADMIN, PASSWORD = "person-001", "bench-password"
ROWS = f"""
import asyncio
from app.accounts import passwords
from app.config import get_settings
from app.database.connection import connected
from app.accounts.models import User
from app.accounts import roles

async def main():
    secret = await passwords.create_hash({PASSWORD!r})
    names = [f"person-{{number:03}}" for number in range(1, {USERS} + 1)]
    async with connected(get_settings()):
        await User.bulk_create(
            User(username=n, username_key=n, email=f"{{n}}@example.org", password_hash=secret)
            for n in names
        )
        admin = await User.get(username={ADMIN!r})
        await roles.replace(admin, [roles.ADMIN])

asyncio.run(main())
"""
CREDENTIALS = f"""
import asyncio, json
from app.accounts.api_key_commands import issue_key
from app.accounts.routes import jwt, session
from app.config import get_settings
from app.database.connection import connected
from app.accounts.models import User

async def main():
    async with connected(get_settings()):
        admin = await User.get(username={ADMIN!r})
        token = (await jwt.open_session(admin, get_settings())).access_token
        _, cookie = await session.start(admin, get_settings())
        print(json.dumps([token, cookie, await issue_key(admin, "bench")]))

asyncio.run(main())
"""
SERVER = """
import os, sys, uvicorn
from concurrent.futures import ThreadPoolExecutor
from app.accounts import passwords
if sys.argv[1] == "unlimited":
    passwords._pool = ThreadPoolExecutor(40)  # as many as the usual pool has
    passwords._THREAD_COUNT = 40
options = {"log_config": None, "access_log": False}
uvicorn.run("app.main:app", port=int(os.environ["PORT"]), **options)
"""
LOOPS = 4
LOGIN_SECONDS = 4
PROBE_SECONDS = 0.005


@dataclass(frozen=True)
class Logins:
    """Responsiveness of a service while people sign in without pause.

    Attributes:
        p99: Seconds after which 99 of 100 calls of `/health/live` were answered.
        rate: Sign-ins per second.
    """

    p99: float
    rate: float


class Bench(Service):
    """The rendered service with 200 users, the first an administrator, and its references.

    All read the same tables, with settings for production and the same size of pool.
    """

    def __init__(self, project: Project, database: str) -> None:
        settings = {
            "ENVIRONMENT": "production",
            "JWT_EXPIRE_MINUTES": "60",
            "PYTHONUNBUFFERED": "",
            "PYTHONWARNINGS": "",
        }
        super().__init__(project, database, settings)
        pool = "?minsize=1&maxsize=10" if self.database_kind.server else ""
        self.reference_environment = self.environment | {"DATABASE_URL": self.database_url + pool}

    def fill(self) -> None:
        """Create the tables and rows, with the service's own code."""
        self.drop_database()
        self.cli("migrate")
        self.python("-c", ROWS)

    def credentials(self) -> list[str]:
        """Return an access token, a session id and a key of the administrator."""
        return list(json.loads(self.python("-c", CREDENTIALS).output))

    def log_in(self, *, unlimited: bool = False) -> Logins:
        """Sign in without pause from four threads, on one processor, and probe the health check.

        `unlimited` hashes all passwords at once in a thread pool, without the service's limit.
        """
        port = free_port()
        with subprocess.Popen(
            [sys.executable, "-c", SERVER, "unlimited" if unlimited else ""],
            cwd=self.project.path,
            env=self.environment | {"PORT": str(port)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=lambda: os.sched_setaffinity(0, {0}),  # noqa: PLW1509 - no threads yet
        ) as process:
            try:
                _connect(port, process).close()
                with ThreadPoolExecutor(LOOPS) as people:
                    end = time.perf_counter() + LOGIN_SECONDS
                    counts = [
                        people.submit(_log_in_until, end, port, process) for _ in range(LOOPS)
                    ]
                    waits = _watch_until(end, port, process)
                    logins = sum(count.result() for count in counts)
            finally:
                process.terminate()
        return Logins(quantiles(waits, n=100)[-1], logins / LOGIN_SECONDS)

    def child(self, module: str, **settings: str) -> subprocess.Popen[str]:
        """Start an application that executes orders, with these settings besides the usual ones."""
        environment = self.environment if module == OURS else self.reference_environment
        return subprocess.Popen(
            [sys.executable, "-m", "tools.bench.child", module, str(self.project.path)],
            cwd=ROOT,
            env=environment | settings,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def serve(self, module: str, target: str, token: str = "") -> tuple[float, float]:
        """Start a server, get the target 200 times one after the other, and stop it.

        Returns:
            Seconds from exec to the first 200 of `/health/live`, and MiB of
            resident memory of the worker in the end.
        """
        port = free_port()
        command, cwd, environment = ["app.cli", "serve"], self.project.path, self.environment
        if module != OURS:
            command = ["uvicorn", f"{module}:app", "--port", str(port), "--no-access-log"]
            cwd, environment = ROOT, self.reference_environment
        started = time.perf_counter()
        with subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=cwd,
            env=environment | {"PORT": str(port)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            try:
                connection = _connect(port, process)
                _get(connection, "/health/live")
                seconds = time.perf_counter() - started
                for _ in range(LISTS):
                    _get(connection, target, token)
                return seconds, _resident_mib(process.pid)
            finally:
                process.terminate()


def send_order(child: subprocess.Popen[str], order: Order) -> Any:  # noqa: ANN401 - what JSON holds
    """Send an order to a child, and return its result."""
    assert child.stdin
    assert child.stdout
    print(json.dumps(asdict(order)), file=child.stdin, flush=True)
    return json.loads(child.stdout.readline() or sys.exit("An application ended; see above"))


def copy_seconds(template: Path, folder: Path) -> float:
    """Run `copier copy --defaults` with an empty home; return its seconds of CPU, git's too."""
    home = folder / "home"
    home.mkdir(parents=True)
    command = ["copier", "copy", "--defaults", "--quiet", str(template), str(folder / "service")]
    environment = {"PATH": os.environ["PATH"], "HOME": str(home)}
    before = os.times()
    subprocess.run(
        [sys.executable, "-m", *command], env=environment, check=True, stderr=subprocess.DEVNULL
    )
    after = os.times()
    return sum(after[2:4]) - sum(before[2:4])


def _connect(port: int, process: subprocess.Popen[bytes]) -> HTTPConnection:
    """Connect to the server, trying again until it listens."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    while process.poll() is None:
        try:
            connection.connect()
        except ConnectionRefusedError:
            time.sleep(0.002)  # a process sends no event when it opens its port
        else:
            return connection
    sys.exit(f"{process.args!r} ended with {process.returncode}")


def _get(connection: HTTPConnection, target: str, token: str = "") -> None:
    connection.request("GET", target, headers={"Authorization": f"Bearer {token}"} if token else {})
    response = connection.getresponse()
    response.read()
    if response.status != HTTPStatus.OK:
        sys.exit(f"{target} answered {response.status}")


def _log_in_until(end: float, port: int, process: subprocess.Popen[bytes]) -> int:
    connection = _connect(port, process)
    form = urlencode({"username": ADMIN, "password": PASSWORD})
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    count = 0
    while time.perf_counter() < end:
        connection.request("POST", "/api/auth/login", form, headers)
        response = connection.getresponse()
        response.read()
        if response.status != HTTPStatus.OK:
            sys.exit(f"A sign-in was answered with {response.status}")
        count += 1
    return count


def _watch_until(end: float, port: int, process: subprocess.Popen[bytes]) -> list[float]:
    connection = _connect(port, process)
    waits = []
    while (began := time.perf_counter()) < end:
        _get(connection, "/health/live")
        waits.append(time.perf_counter() - began)
        time.sleep(PROBE_SECONDS)  # a probe, not a load of its own: that would slow the logins
    return waits


def _resident_mib(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmRSS"))) / 1024
