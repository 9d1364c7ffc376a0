"""A service behind nginx, at a path prefix that nginx removes from requests or leaves there."""

import re
from collections.abc import Iterator
from urllib.parse import urljoin

import httpx
import pytest

from tests.conftest import skip_or_fail
from tests.service.running.browser import Window, browser
from tests.service.running.conftest import SQLITE, Start
from tests.service.running.mailbox import Mailbox
from tests.support import nginx, people
from tests.support.harness import Service
from tests.support.nginx import Nginx, NotInstalled
from tests.support.people import PASSWORD, new_name, sign_up_form

PREFIX = "/shop"
HTML = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def front(
    start: Start, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Nginx, Service]]:
    """Offer nginx and the service behind it."""
    ports = nginx.choose_ports(PREFIX)
    base = f"http://127.0.0.1:{ports.removing}"
    service = start(SQLITE, ROOT_PATH=PREFIX, PUBLIC_BASE_URL=base)
    try:
        with nginx.started(ports, service.port, tmp_path_factory.mktemp("nginx")):
            yield ports, service
    except NotInstalled as error:
        skip_or_fail(str(error))


@pytest.fixture(params=["removing", "leaving"])
def client(request: pytest.FixtureRequest, front: tuple[Nginx, Service]) -> Iterator[httpx.Client]:
    """Offer a client of nginx."""
    ports, _ = front
    url = ports.url(getattr(ports, request.param))
    with httpx.Client(base_url=url, trust_env=False) as http:
        yield http


@pytest.fixture
def window(front: tuple[Nginx, Service]) -> Iterator[Window]:
    """Offer a browser."""
    ports, _ = front
    with browser(ports.url(ports.removing)) as opened:
        yield opened


@pytest.mark.check("C10")
@pytest.mark.parametrize("path", ["/docs", "/redoc", "/"])
def test_all_that_a_page_refers_to_is_there(client: httpx.Client, path: str) -> None:
    """Behind a prefix the start page and the documentation find all that they refer to."""
    page = client.get(path, headers=HTML)

    urls = re.findall(r"""\s(?:src|href|url:|spec-url)\s*=?\s*["']([^"'#][^"']*)["']""", page.text)
    answers = {url: client.get(urljoin(str(page.url), url)).status_code for url in urls}
    assert len(urls) >= 3
    assert all(url.startswith(f"{PREFIX}/") for url in urls)
    assert set(answers.values()) == {200}, answers


@pytest.mark.check("C10")
def test_the_document_names_the_prefix(client: httpx.Client) -> None:
    """Behind a prefix the OpenAPI document and the start page's JSON name it in each URL."""
    document = client.get("/openapi.json").json()
    flows = [
        each["flows"]
        for each in document["components"]["securitySchemes"].values()
        if "flows" in each
    ]

    assert [server["url"] for server in document["servers"]] == [PREFIX]
    assert flows[0]["password"]["tokenUrl"] == f"{PREFIX}/api/auth/login"
    assert flows[0]["password"]["refreshUrl"] == f"{PREFIX}/api/auth/refresh"
    assert client.get("/").json()["docs"] == f"{PREFIX}/docs"


@pytest.mark.check("C10")
def test_each_path_is_answered_once(client: httpx.Client, front: tuple[Nginx, Service]) -> None:
    """With and without the prefix, and with a slash at the end, a path is the same."""
    _, service = front
    paths = ["/health/live", "/health/live/", "/shop/health/live", "/shop", "/shop/", "/"]
    with service.client() as direct:
        statuses = [direct.get(path).status_code for path in paths]
    wrong = client.put("/api/users/me/")

    assert statuses == [200] * len(paths)
    assert client.get("/shop-2").status_code == 404
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET, PATCH")


@pytest.mark.check("C10")
def test_people_sign_in_and_reset_their_passwords(
    window: Window, front: tuple[Nginx, Service]
) -> None:
    """Behind a prefix the pages work, links in mails carry it, and the cookie stays below it."""
    ports, service = front
    form = sign_up_form(new_name())
    with httpx.Client(base_url=window.url, trust_env=False) as client:
        assert client.post("/api/users", json=form).status_code == 201
        client.post("/api/auth/password-reset", json={"email": form["email"]})
    (mail,) = Mailbox(service, form["email"]).wait("password-reset")
    new = PASSWORD[::-1]

    assert mail.link.startswith(f"{ports.url(ports.removing)}/password-reset#token=")
    window.driver.get(mail.link)
    window.type("New password", new, new)
    window.wait_for_alert("The password is set. You can sign in with it.")
    window.open("/sign-in")
    window.type("User name or e-mail address", form["username"], new)
    window.wait_for_focus("Sign out")
    (cookie,) = window.driver.get_cookies()
    window.type("Sign out")
    window.wait_for_focus("User name or e-mail address")

    assert (cookie["name"], cookie["path"]) == ("session", PREFIX)
    assert window.driver.get_cookies() == []
    assert window.complaints() == []


@pytest.mark.check("C11")
def test_a_changed_host_is_named_in_the_log(front: tuple[Nginx, Service]) -> None:
    """Where a proxy changes Host, a refused sign-in of a browser says so in the log, once."""
    ports, service = front
    origin = f"http://127.0.0.1:{ports.default}"
    with service.client() as direct:
        ada = people.sign_up(direct)
    form = {"username": ada.name, "password": PASSWORD}
    url = f"{ports.url(ports.default)}/api/auth/session"

    refused = httpx.post(url, data=form, headers={"Origin": origin}, trust_env=False)

    assert refused.status_code == 403
    (line,) = [
        line for line in service.log.read_text(encoding="utf-8").splitlines() if origin in line
    ]
    assert f"127.0.0.1:{service.port}" in line
    assert "CORS_ORIGINS" in line
