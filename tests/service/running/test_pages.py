"""The HTML pages, in a real browser and by keyboard alone."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from selenium.webdriver.common.by import By

from tests.service.running.browser import Window, browser, mailed_link
from tests.service.running.conftest import on_sqlite
from tests.support.harness import Service
from tests.support.people import PASSWORD, Person, log_in

PATIENCE_SECONDS = 30
NAME = "User name or e-mail address"

pytestmark = on_sqlite


@pytest.fixture
def window(running: Service) -> Iterator[Window]:
    """Offer a browser."""
    with browser(running.url) as opened:
        yield opened


def link_for(client: httpx.Client, service: Service, person: Person) -> str:
    """Request a password reset, and return the mailed link without the service's host."""
    address = f"{person.name}@example.org"
    client.post("/api/auth/password-reset", json={"email": address})
    parts = urlsplit(mailed_link(service, address))
    return f"{parts.path}#{parts.fragment}"


@pytest.mark.check("S01")
def test_people_sign_in_and_out(window: Window, client: httpx.Client, ada: Person) -> None:
    """People sign in and out by keyboard and read the errors; no script can read the cookie."""
    window.open("/sign-in")
    window.type(NAME, ada.name, "not the password", "")  # by the button
    window.wait_for_alert("The name or the password is wrong")
    window.type("Password", PASSWORD)
    window.wait_for_focus("Sign out")
    window.wait_for_alert("")
    (cookie,) = window.driver.get_cookies()
    seen = window.driver.execute_script("return [document.cookie, Object.keys(localStorage)]")

    assert f"You are signed in as {ada.name}." in window.text()
    assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == ("session", True, "Lax")
    assert seen == ["", []]

    window.open("/sign-in")
    window.type("Sign out")
    window.wait_for_focus(NAME)
    old = {"Cookie": f"session={cookie['value']}"}
    assert window.driver.get_cookies() == []
    assert client.get("/api/users/me", headers=old).status_code == 401
    assert window.complaints() == []


@pytest.mark.check("S04")
def test_another_site_signs_nobody_in(window: Window, eve: Person) -> None:
    """A form on another site that sends its owner's password leaves the visitor signed out."""
    inputs = f"<input name=username value={eve.name}><input name=password value='{PASSWORD}'>"
    action = f"{window.url}/api/auth/session"
    window.driver.get(f"data:text/html,<form method=post action={action}>{inputs}<button>")
    window.driver.find_element(By.TAG_NAME, "button").click()
    window.wait_for_text("This request comes from another site")

    window.open("/sign-in")
    window.wait_for_focus(NAME)
    assert window.driver.get_cookies() == []


@pytest.mark.check("T18")
def test_people_set_a_new_password(
    window: Window, running: Service, client: httpx.Client, ada: Person
) -> None:
    """The mailed link sets a password, which signs in; the token leaves the address bar."""
    new = PASSWORD[::-1]
    window.open("/password-reset")
    window.wait_for_alert("Open the link in the mail again.")

    window.open(link_for(client, running, ada))
    window.type("New password", new, PASSWORD)
    window.wait_for_alert("The two passwords differ")
    assert window.driver.current_url == f"{window.url}/password-reset"
    window.type("New password", new, new)
    window.wait_for_alert("The password is set. You can sign in with it.")
    window.open("/sign-in")
    window.type(NAME, ada.name, new)
    window.wait_for_focus("Sign out")

    assert log_in(client, ada.name).status_code == 401
    assert window.complaints() == []


@pytest.mark.parametrize(
    ("path", "labels", "alert"),
    [
        ("/sign-in", (NAME, "Password"), "The name or the password is wrong"),
        (
            "/password-reset#token=x",
            ("New password", "Repeat the new password"),
            "The link is not valid any more; ask for another one",
        ),
    ],
    ids=["sign-in", "password-reset"],
)
def test_the_pages_say_when_the_service_does_not_answer(
    window: Window, path: str, labels: tuple[str, str], alert: str
) -> None:
    """A lost request is reported, and the form can be sent again."""
    first, last = labels
    window.open(path)
    window.wait_for_focus(first)
    window.set_offline(offline=True)
    window.type(first, PASSWORD, PASSWORD)
    window.wait_for_alert("The service does not answer. Try again in a moment.")
    window.set_offline(offline=False)
    window.type(last)
    window.wait_for_alert(alert)

    assert window.complaints() == []


@pytest.mark.check("E02")
@pytest.mark.parametrize("path", ["/sign-in", "/password-reset"])
def test_the_pages_load_nothing_and_tell_nobody_else(window: Window, path: str) -> None:
    """The browser blocks whatever a page would load, or send to another site."""
    window.open(path)
    window.driver.execute_async_script("""
        const [done] = arguments;
        const script = Object.assign(document.createElement("script"), { src: "/health/live" });
        document.body.append(script, Object.assign(new Image(), { src: "/health/live" }));
        const own = Object.assign(document.createElement("script"), { text: "window.ran = 1" });
        document.body.append(own);
        fetch("http://127.0.0.1:1/").catch(done);
    """)

    assert window.driver.execute_script("return window.ran") is None

    complaints = [text for text in window.complaints() if "Content Security Policy" in text]
    for directive in ("script-src", "img-src", "connect-src"):
        assert any(directive in complaint for complaint in complaints), complaints


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_the_documentation_asks_nobody_else(window: Window, path: str) -> None:
    """Swagger UI and ReDoc work with the service's own files; the browser blocks other requests."""
    window.open(path)
    window.wait_for_text("Create Note")

    window.driver.execute_async_script("""
        const [done] = arguments;
        fetch("http://127.0.0.1:1/").catch(done);
    """)

    complaints = window.complaints()
    blocked = [text for text in complaints if "Content Security Policy" in text]
    assert any("connect-src" in text for text in blocked)
    assert [text for text in complaints if text not in blocked] == []
    assert all("127.0.0.1:1/" in text or "cdn.redoc.ly" in text for text in blocked)
