"""The processes: start, responsiveness, replacement."""

import shutil
import signal
from pathlib import Path
from subprocess import DEVNULL, Popen
from sys import executable
from threading import Event

import httpx
import pytest

from tests.service.running.conftest import SQLITE, Start, on_servers, sibling_service
from tests.service.running.threads import in_threads
from tests.support import people, processes
from tests.support.harness import Service, free_port, wait_until
from tests.support.people import log_in


@pytest.fixture(scope="module")
def service(start: Start) -> Service:
    """Offer a service whose processes may be killed."""
    return start(SQLITE)


@pytest.mark.check("P01")
def test_liveness_depends_on_nothing(running: Service) -> None:
    """Before its first migration the service is alive, not ready, and names the failing check."""
    with sibling_service(running) as fresh:
        fresh.start()
        with fresh.client() as client:
            live, ready = client.get("/health/live"), client.get("/health/ready")
            fresh.cli("migrate")
            later = client.get("/health/ready")

    assert live.status_code == 200
    assert ready.status_code == 503
    assert ready.json()["status"] == "failing"
    assert ready.json()["checks"]["migrations"] == "failing"
    assert later.status_code == 200
    assert later.json() == {"status": "ok", "checks": {"database": "ok", "migrations": "ok"}}


@pytest.mark.check("P04")
def test_hashing_does_not_block_the_event_loop(service: Service) -> None:
    """While passwords are hashed without pause, probes are still answered between the hashes."""
    loops, logins_each = 6, 6
    with service.client() as client:
        person = people.sign_up(client)
        over = Event()
        answered: list[int] = []

        def work(number: int) -> list[int]:
            if number < loops:
                return [log_in(client, person.name).status_code for _ in range(logins_each)]
            with service.client() as probe:
                while not over.is_set():
                    answered.append(probe.get("/health/live").status_code)
            return []

        def hurry(number: int) -> list[int]:
            try:
                return work(number)
            finally:
                if number < loops:
                    finished.append(number)
                    if len(finished) == loops:
                        over.set()

        finished: list[int] = []
        statuses = [status for part in in_threads(loops + 1, hurry) for status in part]

    assert statuses == [200] * loops * logins_each
    assert set(answered) == {200}
    assert len(answered) > len(statuses)  # a dozen, if they waited for hashes


WRONG = {
    "SECRET_KEY": "hunter2-short",
    "DATABASE_URL": "oracle://scott:tiger@db/orcl",
    "PORT": "99999",
    "CORS_ORIGINS": "*",
    "JWT_EXPIRE_MINUTES": "forever-and-a-day",
}


@pytest.mark.check("P09")
@pytest.mark.parametrize("by", ["serve", "uvicorn", "migrate"])
def test_wrong_settings_are_named_all_at_once(service: Service, by: str) -> None:
    """Several wrong settings end the start with status 1 and one message: all names, no value."""
    commands = {
        "serve": ("-m", "app.cli", "serve"),
        "uvicorn": ("-m", "uvicorn", "app.main:app", "--port", str(service.port)),
        "migrate": ("-m", "app.cli", "migrate"),
    }
    with sibling_service(service, own_database=False, **WRONG) as sibling:
        end = sibling.python(*commands[by], check=False)

    named = [name for name in WRONG if name in end.errors]
    values = ("hunter2", "tiger", "99999", "forever-and-a-day")
    assert end.status == 1
    assert named == list(WRONG) if by != "migrate" else named
    assert not any(value in end.text for value in values)
    assert "Traceback" not in end.text
    assert end.output == ""


@pytest.mark.check("P09")
def test_missing_settings_are_named(service: Service) -> None:
    """Missing settings are named all at once too."""
    with sibling_service(service, own_database=False, SECRET_KEY="", DATABASE_URL="") as sibling:
        end = sibling.cli("serve", check=False)

    assert end.status == 1
    assert "SECRET_KEY: is missing" in end.errors
    assert "DATABASE_URL: is missing" in end.errors


@pytest.mark.check("P09")
def test_a_port_in_use_is_reported_in_one_sentence(service: Service) -> None:
    """If another process uses the port, the start says so and ends."""
    with sibling_service(service, own_database=False, PORT=str(service.port)) as sibling:
        end = sibling.cli("serve", check=False)

    assert end.status == 1
    assert str(service.port) in end.errors
    assert "Traceback" not in end.text


@pytest.mark.check("P10")
def test_a_dead_worker_is_replaced(service: Service) -> None:
    """A killed worker is replaced, again and again; no zombie process remains."""
    with service.client() as client:
        person = people.sign_up(client)
        for _ in range(5):
            before = processes.workers(service)
            processes.kill({min(before)})
            wait_until(
                lambda old=before: len(processes.workers(service) - {min(old)}) == 2,
                "a new worker",
                service.log,
            )
            assert processes.zombies(service) == []
        wait_until(lambda: _responds(client), "a response", service.log)
        assert client.get("/api/users/me", headers=person.headers).status_code == 200


def _responds(client: httpx.Client) -> bool:
    try:
        return client.get("/health/live").is_success
    except httpx.TransportError:
        return False


FAULTS = {
    "raises": "raise RuntimeError('broken')",
    "imports": "import no_such_module",
    "starts": """
from contextlib import asynccontextmanager

@asynccontextmanager
async def broken(app):
    raise RuntimeError('broken')
    yield

app.router.lifespan_context = broken
""",
}


@pytest.mark.check("P10")
@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_service_that_cannot_start_ends(
    service: Service, tmp_path: Path, workers: str, fault: str
) -> None:
    """A service whose workers fail to start ends by itself, with an exit status other than 0."""
    broken = tmp_path / "broken"
    shutil.copytree(service.project.path, broken, ignore=shutil.ignore_patterns("*.sqlite3*"))
    with (broken / "app/main.py").open("a", encoding="utf-8") as main:
        main.write(f"\n{FAULTS[fault]}\n")
    environment = service.environment | {"WEB_CONCURRENCY": workers, "PORT": str(free_port())}
    command = [executable, "-m", "app.cli", "serve"]
    with Popen(command, cwd=broken, env=environment, stdout=DEVNULL, stderr=DEVNULL) as process:
        try:
            status = process.wait(timeout=30)
        finally:
            if process.poll() is None:
                processes.kill({*processes.children(process.pid), process.pid})

    assert status not in {0, -signal.SIGTERM}


@pytest.mark.check("P09")
@on_servers
def test_a_maximum_pool_size_below_the_minimum_is_refused(running: Service) -> None:
    """Settings that contradict each other are named before the start."""
    with sibling_service(running, own_database=False, DB_POOL_MIN="20", DB_POOL_MAX="5") as sibling:
        end = sibling.cli("serve", check=False)

    assert end.status == 1
    assert "DB_POOL_MAX: allow at least as many as DB_POOL_MIN" in end.errors
    assert "Traceback" not in end.text
