"""A database server that is stopped, killed, frozen or not started yet."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.conftest import start_service
from tests.service.running.conftest import name_the_server, sibling_service
from tests.support import databases, people, sql
from tests.support.harness import Service, wait_until
from tests.support.private_servers import NotInstalled, PrivateServer, StopMode, private_server
from tests.support.problems import assert_problem
from tests.support.scenarios import ENOUGH_NOTES, WRITERS, hang_under_load, restart_under_load
from tests.variants.rows import RUNNING, Row

REMOTE = [row for row in RUNNING if databases.named(row.database).server]


@pytest.fixture(scope="module", params=REMOTE, ids=str)
def pair(
    request: pytest.FixtureRequest, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[PrivateServer, Service]]:
    """Offer a private server and a service with its database there."""
    row: Row = request.param
    folder = tmp_path_factory.mktemp("served") / str(row)
    with ExitStack() as stack:
        try:
            server = stack.enter_context(private_server(row.database))
        except NotInstalled as error:
            if os.environ.get("REQUIRE_SERVICES") == "1":
                pytest.fail(str(error))
            pytest.skip(str(error))
        url = f"{server.url}/running"
        opened = contextmanager(start_service)(template, folder, row, DATABASE_URL=url)
        yield server, stack.enter_context(opened)


@pytest.fixture(autouse=True)
def _name(request: pytest.FixtureRequest, pair: tuple[PrivateServer, Service]) -> None:
    name_the_server(request, pair[1])


def probes(service: Service) -> tuple[int, int]:
    """Return the statuses of liveness and readiness."""
    with service.client() as client:
        live, ready = client.get("/health/live"), client.get("/health/ready")
    return live.status_code, ready.status_code


@pytest.mark.check("P01")
def test_readiness_sees_a_stopped_server(pair: tuple[PrivateServer, Service]) -> None:
    """While the database is stopped the service is alive and not ready, without details."""
    server, service = pair
    server.stop()
    try:
        stopped = probes(service)
        with service.client() as client:
            details = client.get("/health/ready").json()
    finally:
        server.start()
    wait_until(lambda: probes(service) == (200, 200), "readiness", service.log)

    assert stopped == (200, 503)
    failing = {"database": "failing", "migrations": "failing"}
    assert details == {"status": "failing", "checks": failing}


@pytest.mark.check("P01")
def test_readiness_sees_a_hanging_server(pair: tuple[PrivateServer, Service]) -> None:
    """While the server accepts connections and never responds, the probe fails in time."""
    server, service = pair
    with server.hanging():
        hanging = [probes(service) for _ in range(3)]
    wait_until(lambda: probes(service) == (200, 200), "readiness", service.log)

    assert hanging == [(200, 503)] * 3


@pytest.mark.check("D07")
@pytest.mark.parametrize("how", ["shutdown", "kill"])
def test_a_restart_under_load_loses_nothing(
    pair: tuple[PrivateServer, Service], how: StopMode
) -> None:
    """During a restart of the database, writers get success or 503; no success is lost."""
    server, service = pair

    recovery = restart_under_load(service, server, how)

    assert recovery.unexpected == []
    assert recovery.lost == set()
    assert recovery.doubled == set()
    assert recovery.unavailable > 0
    assert recovery.acknowledged >= 2 * ENOUGH_NOTES
    assert recovery.most_failures <= 5
    assert "Unexpected error" not in service.log.read_text(encoding="utf-8")


@pytest.mark.check("D08")
def test_a_service_starts_before_its_server(pair: tuple[PrivateServer, Service]) -> None:
    """Started before its database, the service is alive with 503, and ready afterwards."""
    server, service = pair
    with sibling_service(service, own_database=False) as sibling:
        server.stop()
        try:
            sibling.start(workers=2)
            down = [probes(sibling) for _ in range(3)]
            with sibling.client() as client:
                refused = client.post("/api/users", json=people.sign_up_form(people.new_name()))
            migration = sibling.cli("migrate", check=False)
            still_running = sibling.process is not None and sibling.process.poll() is None
        finally:
            server.start()
        wait_until(lambda: probes(sibling) == (200, 200), "readiness", sibling.log)
        with sibling.client() as client:
            people.sign_up(client)

    assert down == [(200, 503)] * 3
    assert_problem(refused, 503)
    assert refused.headers["retry-after"].isdigit()
    assert still_running
    assert migration.status == 1
    assert "Traceback" not in migration.text


@pytest.mark.check("L03")
def test_a_hung_server_makes_no_request_hang(pair: tuple[PrivateServer, Service]) -> None:
    """While the server does not respond, writers get 503; afterwards all write again."""
    server, service = pair

    hang = hang_under_load(service, server.hanging())

    assert hang.unexpected == []
    assert hang.lost == set()
    assert hang.unavailable >= WRITERS
    assert hang.acknowledged >= WRITERS
    assert "Unexpected error" not in service.log.read_text(encoding="utf-8")


@pytest.mark.check("L14")
def test_readiness_sees_a_read_only_server(pair: tuple[PrivateServer, Service]) -> None:
    """After a refused write, readiness fails until the server accepts writes again."""
    server, service = pair
    administration = f"{server.url}/{server.own_database}"
    described = databases.server(service.database)
    with sql.session(administration) as session:
        for statement in described.create_plain_user:
            session.execute(statement)
    url = service.database_url.replace(described.administrator, described.plain_user)
    with sibling_service(service, own_database=False, DATABASE_URL=url) as sibling:
        sibling.start()
        with sibling.client() as client:
            ready = [client.get("/health/ready")]
            owner = people.sign_up(client)
            with sql.session(administration) as session:
                for statement in described.make_read_only:
                    session.execute(statement)
                refused = client.post(
                    "/api/notes", json={"title": "t", "body": ""}, headers=owner.headers
                )
                read = client.get("/api/notes", headers=owner.headers)
                ready += [client.get("/health/ready") for _ in range(2)]
                for statement in described.make_writable:
                    session.execute(statement)
            ready.append(client.get("/health/ready"))
            written = client.post(
                "/api/notes", json={"title": "t", "body": ""}, headers=owner.headers
            )
        text = sibling.log.read_text(encoding="utf-8")

    assert_problem(refused, 503)
    assert refused.headers["retry-after"].isdigit()
    assert read.status_code == 200
    assert [response.status_code for response in ready] == [200, 503, 503, 200]
    assert ready[1].json()["checks"] == {"database": "ok", "migrations": "ok", "writes": "failing"}
    assert written.status_code == 201
    assert "read-only" in text or "read only" in text
    assert "Unexpected error" not in text


@pytest.mark.check("D18")
def test_a_refused_user_is_told_so(pair: tuple[PrivateServer, Service]) -> None:
    """A wrong user or password is called that by the commands, and not a server that is away."""
    _, service = pair
    stranger = service.database_url.replace(
        databases.server(service.database).administrator, "stranger:wrong@"
    )
    with sibling_service(service, own_database=False, DATABASE_URL=stranger) as sibling:
        ends = [sibling.cli(command, check=False) for command in ("migrate", "doctor", "seed")]

    for end in ends:
        assert end.status == 1
        assert "refused the user or the password" in end.text
        assert "wrong@" not in end.text
        assert "does not answer" not in end.text


@pytest.mark.check("D19")
def test_a_service_needs_no_right_to_alter_tables(pair: tuple[PrivateServer, Service]) -> None:
    """A role that `migrate` grants its rights to reads and writes rows, and cannot alter tables."""
    server, service = pair
    described = databases.server(service.database)
    with sql.session(f"{server.url}/{server.own_database}") as session:
        session.execute(described.create_user.format(name="clerk"))
    with sibling_service(service) as sibling:
        whole = sibling.database_url
        limited = whole.replace(described.administrator, "clerk:clerk@")
        sibling.environment |= {"DATABASE_URL": limited, "MIGRATION_DATABASE_URL": whole}
        sibling.environment["MIGRATION_GRANT_TO"] = "nobody_here"
        refused = sibling.cli("migrate", check=False)
        sibling.environment["MIGRATION_GRANT_TO"] = "clerk"
        sibling.cli("migrate")
        sibling.start()
        with sibling.client() as client:
            ready = client.get("/health/ready")
            owner = people.sign_up(client)
            made = client.post("/api/notes", json={"title": "t", "body": ""}, headers=owner.headers)
            gone = client.delete(f"/api/notes/{made.json()['id']}", headers=owner.headers)
        with sql.session(limited) as session, pytest.raises(Exception, match=r"(?i)denied|owner"):
            session.execute("ALTER TABLE notes ADD COLUMN more INT")
        sibling.stop()
        sibling.environment["DATABASE_URL"] = whole

    assert refused.status == 1
    assert "MIGRATION_GRANT_TO" in refused.text
    assert "Traceback" not in refused.text
    assert [ready.status_code, made.status_code, gone.status_code] == [200, 201, 204]
