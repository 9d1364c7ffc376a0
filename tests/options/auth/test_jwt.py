"""Tokens, for apps: a password brings an access token and a refresh token."""

from tests.options.auth.common import (
    ACCOUNTS,
    COMMON,
    LOGIN,
    Style,
    addresses_are_verified_by_mail,
    passwords_are_reset_by_mail,
    people_cannot_guess,
)
from tests.options.conftest import Mutate
from tests.support import people
from tests.support.live import Live


def tokens_authenticate(live: Live) -> None:
    """Check that valid tokens alone are accepted, refresh tokens once, and none after a logout."""
    ada = live.ada
    assert live.call("GET", "/api/users/me", ada).json()["username"] == ada.name
    assert live.call("GET", "/api/users/me").status_code == 401
    head, _, signature = ada.access.rpartition(".")
    forged = f"{head}.{signature[::-1]}"
    response = live.client.get("/api/users/me", headers={"Authorization": f"Bearer {forged}"})
    assert response.status_code == 401
    form = people.sign_up_form(people.new_name("nobody"))  # not even where strangers may sign up
    response = live.client.post("/api/users", json=form, headers={"Authorization": "Bearer x"})
    assert response.status_code == 401
    assert people_cannot_guess(live, "/api/auth/login", ada.name)
    if "session" in live.styles:
        with_both = live.enter(ada.name, style="session").headers | {"Authorization": "Bearer x"}
        assert live.client.get("/api/auth/session", headers=with_both).status_code == 401
    other = people.sign_in(live.client, ada.id, ada.name)
    _, first = people.tokens_of(people.log_in(live.client, ada.name))
    access, second = people.tokens_of(
        live.client.post("/api/auth/refresh", json={"refresh_token": first})
    )
    assert second != first
    headers = {"Authorization": f"Bearer {access}"}
    assert live.client.get("/api/users/me", headers=headers).is_success
    for used in (first, second):  # the first is in two hands, so the second ends with it
        again = live.client.post("/api/auth/refresh", json={"refresh_token": used})
        assert again.status_code == 401
    assert live.client.get("/api/users/me", headers=headers).status_code == 401
    assert live.call("GET", "/api/users/me", other).is_success
    end = live.client.post("/api/auth/logout", json={"refresh_token": other.refresh})
    assert end.status_code == 204
    assert live.call("GET", "/api/users/me", other).status_code == 401


ANSWER = Style(
    name="auth/jwt",
    implies=(ACCOUNTS, LOGIN),
    words=r"\bjwt\b|jose|(access|refresh).tokens?\b|oauth|SECRET_KEYS_PREVIOUS",
    settings=frozenset({"SECRET_KEYS_PREVIOUS", "JWT_EXPIRE_MINUTES", "JWT_REFRESH_EXPIRE_DAYS"}),
    tests=frozenset({"accounts/test_jwt", "accounts/test_refresh_tokens"}),
    dev_dependencies=frozenset({"types-python-jose"}),
    promise="A forged, expired or incomplete token is refused",
    heading="Tokens, for apps",
    public=("/api/auth/login", "/api/auth/logout", "/api/auth/refresh"),
    place="`Authorization`",
    maker=".routes.jwt",
    login="/api/auth/login",
    uses=(
        tokens_authenticate,
        passwords_are_reset_by_mail,
        addresses_are_verified_by_mail,
        *COMMON,
    ),
)


def test_each_mutation_breaks_a_promise(mutate: Mutate) -> None:
    mutate(ANSWER)


def test_each_mutation_breaks_a_promise_beside_a_service_without_accounts(mutate: Mutate) -> None:
    mutate(ANSWER, on={"auth": ["jwt"], "example": "none"}, off={"auth": [], "example": "none"})
