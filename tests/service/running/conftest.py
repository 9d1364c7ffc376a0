"""Services with settings of their own, people, and the database servers for the summary."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

import httpx
import pytest

from tests.conftest import start_service
from tests.service.running import documented, forged_tokens
from tests.support import databases, people, sql
from tests.support.harness import OBSERVERS, Service
from tests.support.people import Person
from tests.variants.rows import RUNNING, Row

SQLITE = RUNNING[0]
ORIGIN = "https://app.example.org"

on_sqlite = pytest.mark.parametrize("running", [SQLITE], indirect=True, ids=str)
"""Runs a test on SQLite alone: it does not depend on the database."""
on_servers = pytest.mark.parametrize(
    "running",
    [row for row in RUNNING if databases.named(row.database).server],
    indirect=True,
    ids=str,
)
"""Runs a test on database servers alone, since SQLite has one writer at a time."""

_number = count(1)


@contextmanager
def sibling_service(
    service: Service, *, own_database: bool = True, **environment: str
) -> Iterator[Service]:
    """Offer a second service of the same project with other settings: not migrated, not started.

    Its database is a new one that is dropped afterwards, or the same one.
    """
    url = service.database_url
    if own_database:
        folder, _, name = url.rpartition("/")
        url = f"{folder}/b{next(_number)}_{name}"
    sibling = Service(service.project, service.database, {"DATABASE_URL": url, **environment})
    sibling.log = service.log.with_name(f"{service.log.stem}-{next(_number)}.log")
    try:
        yield sibling
    finally:
        sibling.stop()
        if own_database:
            sibling.drop_database()


@pytest.fixture(scope="package", autouse=True)
def _every_answer_is_documented() -> Iterator[None]:
    """Compare each response that a client gets here with the OpenAPI document."""
    OBSERVERS.append(documented.check)
    yield
    OBSERVERS.remove(documented.check)


@pytest.fixture(scope="session")
def client(running: Service) -> Iterator[httpx.Client]:
    """Offer a client of the running service."""
    with running.client() as http:
        yield http


@pytest.fixture(scope="session")
def admin(running: Service, client: httpx.Client) -> Person:
    """Offer the administrator of the running service."""
    return people.create_admin(running, client)


@pytest.fixture(scope="session")
def key(running: Service) -> bytes:
    """Offer the key that signs the running service's access tokens."""
    return forged_tokens.key_of(running)


@pytest.fixture
def ada(client: httpx.Client) -> Person:
    """Offer an account without permissions."""
    return people.sign_up(client, "ada")


@pytest.fixture
def eve(client: httpx.Client) -> Person:
    """Offer another account without permissions."""
    return people.sign_up(client, "eve")


Start = Callable[..., Service]


@pytest.fixture(scope="module")
def start(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Offer a function that renders, migrates and starts a row until the end of the module."""
    with ExitStack() as stack:

        def started(row: Row = SQLITE, **environment: str) -> Service:
            folder = tmp_path_factory.mktemp("started") / str(row)
            opened = contextmanager(start_service)(template, folder, row, **environment)
            return stack.enter_context(opened)

        yield started


@pytest.fixture(autouse=True)
def _name_the_running_server(request: pytest.FixtureRequest) -> None:
    """Record the database server of this test for the summary."""
    if "running" in request.fixturenames:
        name_the_server(request, request.getfixturevalue("running"))


def name_the_server(request: pytest.FixtureRequest, service: Service) -> None:
    """Record the database server of a test for the summary."""
    line = f"rows found in {where(service.database_url)}"
    request.node.user_properties.append(("figure", line))


def where(url: str) -> str:
    """Return the server's version and its address, without a password or the name of a database."""
    has_server = databases.of_url(url).server is not None
    address = url.rpartition("/")[0].rpartition("@")[2] if has_server else url
    return f"{sql.server_version(url)} at {address}"
