"""A service in production, with every debugging switch that someone might set by mistake."""

from collections.abc import Iterator
from sys import executable

import httpx
import pytest

from tests.service.running.conftest import SQLITE, Start
from tests.support import people, sql
from tests.support.harness import Service, run
from tests.support.people import Person, log_in, new_name, sign_up_form
from tests.support.problems import assert_problem


@pytest.fixture(scope="module")
def production(start: Start) -> Service:
    """Offer a service in production with all debugging switches on."""
    return start(SQLITE, ENVIRONMENT="production", DEBUG="1", LOG_LEVEL="DEBUG", RELOAD="1")


@pytest.fixture(scope="module")
def client(production: Service) -> Iterator[httpx.Client]:
    """Offer a client of it."""
    with production.client() as http:
        yield http


@pytest.fixture(scope="module")
def chief(production: Service, client: httpx.Client) -> Person:
    """Offer its administrator."""
    return people.create_admin(production, client)


@pytest.mark.check("E04")
def test_the_documentation_is_closed(client: httpx.Client) -> None:
    """In production the interactive documentation and its document are not served."""
    paths = ["/docs", "/docs/", "/redoc", "/openapi.json", "/docs/oauth2-redirect"]
    paths += ["/docs/assets/swagger-ui-bundle.js", "/api/docs", "/api/openapi.json"]

    assert [client.get(path).status_code for path in paths] == [404] * len(paths)


@pytest.mark.check("E12")
def test_nothing_is_debugged(production: Service, client: httpx.Client, chief: Person) -> None:
    """DEBUG changes nothing in production: no SQL in the log, no traceback in a response."""
    sql.query(production, "ALTER TABLE roles RENAME TO roles_elsewhere")
    try:
        crashed = client.get("/api/roles", headers=chief.headers)
    finally:
        sql.query(production, "ALTER TABLE roles_elsewhere RENAME TO roles")

    assert_problem(crashed, 500)
    assert client.get("/api/roles", headers=chief.headers).status_code == 200
    log = production.log.read_text(encoding="utf-8")
    assert not any(word in log for word in ("SELECT ", "INSERT INTO", "UPDATE `", "argon2id"))


@pytest.mark.check("Z01")
def test_registration_is_closed(client: httpx.Client, chief: Person) -> None:
    """In production only administrators create accounts, unless a setting opens registration."""
    form = sign_up_form(new_name())

    by_stranger = client.post("/api/users", json=form)
    by_chief = client.post("/api/users", json=form, headers=chief.headers)
    access, _ = people.tokens_of(log_in(client, form["username"]))
    other = sign_up_form(new_name())
    headers = {"Authorization": f"Bearer {access}"}
    by_somebody = client.post("/api/users", json=other, headers=headers)

    assert_problem(by_stranger, 401)
    assert by_chief.status_code == 201
    assert_problem(by_somebody, 403)


@pytest.mark.check("Z01")
def test_a_service_as_it_was_set_up_closes_registration_in_production(
    production: Service,
) -> None:
    """The `.env` that `just setup` writes opens registration in development only."""
    ask = "from app.config import get_settings as s; print(s().registration_is_open)"
    production.cli("setup")
    given = {**production.environment}
    given.pop("REGISTRATION", None)

    shown = [
        run([executable, "-c", ask], cwd=production.project.path, environment=given | mode).output
        for mode in ({"ENVIRONMENT": "production"}, {"ENVIRONMENT": "development"})
    ]

    assert shown == ["False\n", "True\n"]
