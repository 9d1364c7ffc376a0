"""Services with settings of their own, people, and the list of servers that were used."""

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
"""For what has nothing to do with the database."""
on_servers = pytest.mark.parametrize(
    "running",
    [row for row in RUNNING if databases.named(row.database).server],
    indirect=True,
    ids=str,
)
"""For transactions that wait for each other: SQLite has one writer at a time."""

_number = count(1)


@contextmanager
def sibling_service(
    service: Service, *, own_database: bool = True, **environment: str
) -> Iterator[Service]:
    """Offer the same project once more with other settings: not migrated, not started.

    Its database is a new one that goes away with it, or the same one.
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
    """Compare each answer that a client gets here with the OpenAPI document."""
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
    """Offer somebody without rights."""
    return people.sign_up(client, "ada")


@pytest.fixture
def eve(client: httpx.Client) -> Person:
    """Offer somebody else without rights."""
    return people.sign_up(client, "eve")


Start = Callable[..., Service]


@pytest.fixture(scope="module")
def start(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Offer a function that renders, migrates and starts a row until the module is over."""
    with ExitStack() as stack:

        def started(row: Row = SQLITE, **environment: str) -> Service:
            folder = tmp_path_factory.mktemp("started") / str(row)
            opened = contextmanager(start_service)(template, folder, row, **environment)
            return stack.enter_context(opened)

        yield started


@pytest.fixture(autouse=True)
def _name_the_running_server(request: pytest.FixtureRequest) -> None:
    """Note where the rows of this test are, for the summary."""
    if "running" in request.fixturenames:
        name_the_server(request, request.getfixturevalue("running"))


def name_the_server(request: pytest.FixtureRequest, service: Service) -> None:
    """Note where the rows of a test are, for the summary."""
    line = f"rows found in {where(service.database_url)}"
    request.node.user_properties.append(("figure", line))


def where(url: str) -> str:
    """Return the server's version and its address, without a password or the name of a database."""
    has_server = databases.of_url(url).server is not None
    address = url.rpartition("/")[0].rpartition("@")[2] if has_server else url
    return f"{sql.server_version(url)} at {address}"
