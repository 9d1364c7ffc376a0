"""PostgreSQL behind PgBouncer, where each transaction may get another session."""

import os
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.conftest import require_server, skip_or_fail
from tests.service.running.threads import in_threads
from tests.support import databases, harness, people
from tests.support.harness import Service, free_port, wait_until
from tests.support.private_servers import NotInstalled, binary
from tests.variants.rows import RUNNING, SPACE

SESSIONS = 2
CLIENTS, NOTES_EACH = 12, 18
POSTGRES = next(row for row in RUNNING if row.database == "postgres")
INI = """
[databases]
* = host={host} port={port} user={user}{password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {own_port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {sessions}
"""


@contextmanager
def pgbouncer() -> Iterator[str]:
    """Offer the URL of a PgBouncer before the tests' server, without the name of a database."""
    try:
        program = binary("pgbouncer")
    except NotInstalled as error:
        skip_or_fail(str(error))
    server = urlsplit(databases.server("postgres").url)
    port = free_port()
    user = "nobody" if os.geteuid() == 0 else None  # it refuses to run as root
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ini, log = folder / "pgbouncer.ini", folder / "pgbouncer.log"
        settings = INI.format(
            host=server.hostname,
            port=server.port or 5432,
            user=server.username,
            password=f" password={server.password}" if server.password else "",
            own_port=port,
            sessions=SESSIONS,
        )
        ini.write_text(settings, encoding="utf-8")
        if user:
            shutil.chown(folder, user)
        with (
            log.open("w", encoding="utf-8") as output,
            subprocess.Popen([program, str(ini)], stderr=output, user=user) as process,
        ):
            try:
                wait_until(
                    lambda: "process up" in log.read_text(encoding="utf-8"), "PgBouncer", log
                )
                yield f"postgres://postgres@127.0.0.1:{port}"
            finally:
                process.terminate()


@pytest.mark.check("D17")
def test_a_service_behind_pgbouncer(template: Path, tmp_path: Path) -> None:
    """Behind PgBouncer every request is served; migrations use the address of the server."""
    require_server("postgres")
    answers = SPACE.non_defaults(POSTGRES.answers) | {"project_slug": harness.new_slug("t")}
    project = harness.render(template, tmp_path / "service", answers)
    with pgbouncer() as url, Service(project, "postgres") as service:
        direct = service.database_url
        pooled = f"{url}/{databases.name_of(direct)}?statement_cache_size=0"
        service.environment |= {"DATABASE_URL": pooled, "MIGRATION_DATABASE_URL": direct}
        migrated = service.cli("migrate")
        service.start()
        statuses = Counter(
            status for each in in_threads(CLIENTS, lambda _: _write(service)) for status in each
        )
        again = service.cli("migrate")
        undone = service.cli("rollback", "--to", "0")
        service.stop()
        service.environment["DATABASE_URL"] = direct

    assert "Applied" in migrated.output
    assert statuses == {201: CLIENTS * NOTES_EACH}
    assert "Nothing to apply" in again.output
    assert "Undid" in undone.output


def _write(service: Service) -> list[int]:
    with service.client() as client:
        owner = people.sign_up(client)
        return [
            client.post(
                "/api/notes", json={"title": "t", "body": ""}, headers=owner.headers
            ).status_code
            for _ in range(NOTES_EACH)
        ]
