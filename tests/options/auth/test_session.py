"""A cookie, for browsers: a password opens a session that is stored in the database."""

from tests.options.auth.common import (
    ACCOUNTS,
    COMMON,
    LOGIN,
    Style,
    addresses_are_verified_by_mail,
    is_recorded,
    passwords_are_reset_by_mail,
    people_cannot_guess,
)
from tests.options.conftest import Mutate
from tests.support.live import Live


def a_cookie_opens_the_door(live: Live) -> None:
    """Check that scripts cannot read it, and that a change needs the same site and a CSRF token."""
    ada = live.sign_up("ada")
    name = {"username": ada.name, "password": ada.password}
    with live.service.client() as own:
        assert own.get("/sign-in").headers["content-type"].startswith("text/html")
        opened = own.post("/api/auth/session", json=name)
        cookie = opened.headers["set-cookie"].lower()
        assert all(word in cookie for word in ("httponly", "samesite=lax", "path=/"))
        assert own.get("/api/auth/session").json() == opened.json()
        change = {"age": 36}
        token = {"X-CSRF-Token": opened.json()["csrf_token"]}
        assert is_recorded(live, own, "session")
        assert own.patch("/api/users/me", json=change).status_code == 403
        foreign = token | {"Origin": "https://evil.example"}
        assert own.patch("/api/users/me", headers=foreign, json=change).status_code == 403
        assert own.patch("/api/users/me", headers=token, json=change).json()["age"] == 36
        other = live.enter(ada.name, style="session")
        sessions = own.get("/api/auth/sessions").json()
        (elsewhere,) = [each["id"] for each in sessions[-2:] if not each["current"]]
        path = f"/api/auth/sessions/{elsewhere}"
        assert own.delete(path, headers=token).status_code == 204
        assert live.call("GET", "/api/users/me", other).status_code == 401
        new = "a new password for ada"
        form = {"current_password": ada.password, "new_password": new, "confirm_password": new}
        another = live.enter(ada.name, style="session")
        changed = own.put("/api/users/me/password", json=form, headers=token)
        assert changed.status_code == 204, changed.text
        assert live.call("GET", "/api/users/me", another).status_code == 401
        stolen = {"Cookie": f"session={own.cookies['session']}"}
        assert own.delete("/api/auth/session", headers=token).status_code == 204
        assert live.client.get("/api/users/me", headers=stolen).status_code == 401
    assert people_cannot_guess(live, "/api/auth/session", ada.name)


ANSWER = Style(
    name="auth/session",
    implies=(ACCOUNTS, LOGIN),
    words=r"\bcookies?\b|csrf|sign-in page|SESSION_(IDLE|MAX)",
    settings=frozenset({"SESSION_IDLE_MINUTES", "SESSION_MAX_DAYS"}),
    tests=frozenset({"accounts/test_session"}),
    promise="Unsafe requests need the CSRF token beside the cookie",
    heading="A cookie, for browsers",
    public=("/sign-in", "/api/auth/session"),
    place="the cookie",
    maker=".routes.session",
    login="/api/auth/session",
    uses=(
        a_cookie_opens_the_door,
        passwords_are_reset_by_mail,
        addresses_are_verified_by_mail,
        *COMMON,
    ),
)


def test_each_mutation_breaks_a_promise(mutate: Mutate) -> None:
    mutate(ANSWER)
