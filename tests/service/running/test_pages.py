"""The HTML pages, in a real browser and by keyboard alone."""

from collections.abc import Iterator

import httpx
import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.service.running.browser import Window, browser
from tests.service.running.conftest import on_sqlite
from tests.service.running.mailbox import Mailbox
from tests.support.harness import Service
from tests.support.people import PASSWORD, Person, log_in

NAME = "User name or e-mail address"

pytestmark = on_sqlite


@pytest.fixture
def window(running: Service) -> Iterator[Window]:
    """Offer a browser."""
    with browser(running.url) as opened:
        yield opened


def link_for(service: Service, person: Person, page: str) -> str:
    """Wait for a mailed link to this page, and return it without the service's host."""
    (mail,) = Mailbox(service, f"{person.name}@example.org").wait(page)
    return f"/{mail.page}#token={mail.token}"


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

    client.post("/api/auth/password-reset", json={"email": f"{ada.name}@example.org"})
    window.open(link_for(running, ada, "password-reset"))
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


@pytest.mark.check("T18", "V06")
def test_people_revoke_their_keys_with_a_new_password(
    window: Window, running: Service, client: httpx.Client, ada: Person
) -> None:
    """A box on the page revokes the API keys of a verified account too."""
    token = link_for(running, ada, "verify-email").partition("=")[2]
    assert client.post("/api/auth/verify-email", json={"token": token}).status_code == 204
    made = client.post("/api/api-keys", json={"name": "bot"}, headers=ada.headers).json()
    client.post("/api/auth/password-reset", json={"email": f"{ada.name}@example.org"})
    window.open(link_for(running, ada, "password-reset"))
    window.wait_for_focus("New password")
    keys = webdriver.ActionChains(window.driver)
    new = PASSWORD[::-1]
    keys.send_keys(new, Keys.TAB, new, Keys.TAB, Keys.SPACE, Keys.ENTER).perform()
    window.wait_for_alert("The password is set. You can sign in with it.")

    key = {"X-API-Key": made["key"]}
    assert client.get("/api/users/me", headers=key).status_code == 401


@pytest.mark.check("V07")
def test_people_verify_their_address(
    window: Window, running: Service, client: httpx.Client, ada: Person
) -> None:
    """Opening a mailed link changes nothing, its button does; the token leaves the address bar."""

    def is_verified() -> object:
        me = client.get("/api/users/me", headers=ada.headers)
        return me.json()["email_verified"]

    window.open("/verify-email")
    window.wait_for_alert("Open the link in the mail again.")
    window.open(link_for(running, ada, "verify-email"))
    window.wait_for_focus("Verify the address")
    before = is_verified()
    assert window.driver.current_url == f"{window.url}/verify-email"
    window.type("Verify the address")
    window.wait_for_alert("The address is verified.")

    assert (before, is_verified()) == (False, True)
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
        (
            "/verify-email#token=x",
            ("Verify the address",),
            "The link is not valid any more; ask for another one",
        ),
    ],
    ids=["sign-in", "password-reset", "verify-email"],
)
def test_the_pages_say_when_the_service_does_not_answer(
    window: Window, path: str, labels: tuple[str, ...], alert: str
) -> None:
    """A lost request is reported, and the form can be sent again."""
    texts = [PASSWORD] * len(labels) if len(labels) > 1 else []  # one is a button
    window.open(path)
    window.wait_for_focus(labels[0])
    window.set_offline(offline=True)
    window.type(labels[0], *texts)
    window.wait_for_alert("The service does not answer. Try again in a moment.")
    window.set_offline(offline=False)
    window.type(labels[-1])
    window.wait_for_alert(alert)

    assert window.complaints() == []


@pytest.mark.check("E02")
@pytest.mark.parametrize("path", ["/sign-in", "/password-reset", "/verify-email"])
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
