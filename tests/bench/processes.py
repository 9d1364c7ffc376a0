"""The applications as processes: children that take orders, and servers as in production."""

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from tests.bench.child import Order
from tests.harness import ROOT, Project, Service, free_port

R2 = "tests.bench.reference"
R2A = "tests.bench.reference_signed_in"
OURS = "app.main"
LISTS = 200
USERS = 200
ADMIN, PASSWORD = "person-001", "bench-password"
ROWS = f"""
import asyncio
from app.core import passwords
from app.database import connected
from app.models.user import User
from app.services import role as role_service

async def main():
    secret = await passwords.create_hash({PASSWORD!r})
    names = [f"person-{{number:03}}" for number in range(1, {USERS} + 1)]
    async with connected():
        await User.bulk_create(
            User(username=n, username_key=n, email=f"{{n}}@example.org", password_hash=secret)
            for n in names
        )
        admin = await User.get(username={ADMIN!r})
        await role_service.assign(admin.id, [role_service.ADMIN])

asyncio.run(main())
"""


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
        pool = "" if database == "sqlite" else "?minsize=1&maxsize=10"
        self.reference_environment = self.environment | {"DATABASE_URL": self.database_url + pool}

    def fill(self) -> None:
        """Make the tables and rows, with the service's own code."""
        self.drop_database()
        self.cli("migrate")
        self.python("-c", ROWS)

    def child(self, module: str, **settings: str) -> subprocess.Popen[str]:
        """Start an application that obeys orders, with these settings besides the usual ones."""
        environment = self.environment if module == OURS else self.reference_environment
        return subprocess.Popen(
            [sys.executable, "-m", "tests.bench.child", module, str(self.project.path)],
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


def obey(child: subprocess.Popen[str], order: Order) -> Any:  # noqa: ANN401 - what JSON holds
    """Give an order and return the answer."""
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
    """Wait for the server to listen, which nothing but trying tells."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    while process.poll() is None:
        try:
            connection.connect()
        except ConnectionRefusedError:
            time.sleep(0.002)  # nothing tells when another process opens its port
        else:
            return connection
    sys.exit(f"{process.args!r} ended with {process.returncode}")


def _get(connection: HTTPConnection, target: str, token: str = "") -> None:
    connection.request("GET", target, headers={"Authorization": f"Bearer {token}"} if token else {})
    answer = connection.getresponse()
    answer.read()
    if answer.status != HTTPStatus.OK:
        sys.exit(f"{target} answered {answer.status}")


def _resident_mib(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmRSS"))) / 1024
