"""Keys, for programs: shown once, with scopes."""

from dataclasses import replace
from email import message_from_string
from email.policy import default

from tests.options.auth.common import (
    ACCOUNTS,
    COMMON,
    Style,
    is_recorded,
    mails_to,
    token_mailed,
    wait_for_mail,
)
from tests.options.conftest import Mutate
from tests.support import people
from tests.support.live import Live


def keys_authenticate(live: Live) -> None:
    """Check that a key is shown once, has the rights of its scopes, and can be revoked."""
    admin = live.enter(people.ADMIN, style="api_key")
    form = {"name": "reader", "scopes": ["user:read"]}
    created = live.call("POST", "/api/api-keys", admin, json=form).json()
    reader = replace(admin, other_headers={"X-API-Key": created["key"]})
    assert created["key"].startswith(f"sk_{created['prefix']}_")
    assert live.call("GET", "/api/webhook/ping", reader).json() == {"status": "ok"}
    assert live.call("GET", "/api/webhook/ping").status_code == 401
    assert live.call("GET", "/api/users?size=1", reader).is_success
    assert live.call("PATCH", f"/api/users/{admin.id}", reader, json={}).status_code == 403
    assert live.call("PATCH", "/api/users/me", reader, json={"age": 36}).status_code == 403
    with live.service.client(headers=reader.headers) as own:
        assert is_recorded(live, own, "api_key")
    for moment in (1, "2001-01-01T00:00:00Z"):
        late = live.call("POST", "/api/api-keys", admin, json=form | {"expires_at": moment})
        assert late.status_code == 422
    moment = "2999-01-01T01:00:00+01:00"
    lasting = live.call("POST", "/api/api-keys", admin, json=form | {"expires_at": moment})
    assert lasting.json()["expires_at"] == "2999-01-01T00:00:00Z"
    kept = live.call("GET", "/api/api-keys?size=100", admin).json()["items"]
    assert created["key"] not in str(kept)
    assert [each["last_used_at"] is None for each in kept[-2:]] == [False, True]
    mistyped = replace(reader, other_headers={"X-API-Key": created["key"].swapcase()})
    assert live.call("GET", "/api/users/me", mistyped).status_code == 401
    path = f"/api/api-keys/{created['id']}"
    assert live.call("DELETE", path, admin).status_code == 204
    assert live.call("GET", "/api/webhook/ping", reader).status_code == 401


def keys_end_with_a_reset_on_demand(live: Live) -> None:
    """Check that the notice of a reset lists valid keys, and that the reset can revoke them."""
    if live.styles == ["api_key"]:  # no mail, no reset
        return
    pat = live.sign_up("pat")
    email, path = f"{pat.name}@example.org", "/api/auth/verify-email"
    form = {"token": token_mailed(live, email, "verify-email")}
    assert live.call("POST", path, json=form).status_code == 204
    made = live.call("POST", "/api/api-keys", pat, json={"name": "bot"}).json()
    bot = replace(pat, other_headers={"X-API-Key": made["key"]})
    assert 'name="revoke_api_keys"' in live.call("GET", "/password-reset").text
    new = "a new password for pat"
    form = {"new_password": new, "confirm_password": new}
    path = "/api/auth/password-reset"
    for place, change in enumerate(({}, {"revoke_api_keys": True})):
        live.call("POST", path, json={"email": email})
        token = token_mailed(live, email, "password-reset", place=place)
        reset = live.call("POST", f"{path}/confirm", json=form | change | {"token": token})
        assert reset.status_code == 204
        expected = 401 if change else 200
        assert live.call("GET", "/api/webhook/ping", bot).status_code == expected
    wait_for_mail(lambda: _mentions(live, email, "- none") == 1)
    assert _mentions(live, email, f"- bot (sk_{made['prefix']}_…)") == 1


def _mentions(live: Live, address: str, line: str) -> int:
    """Return how many mails to this address have the line."""
    mails = mails_to(live.service, address)
    return sum(line in message_from_string(mail, policy=default).get_content() for mail in mails)


ANSWER = Style(
    name="auth/api_key",
    implies=(ACCOUNTS,),
    words=r"api[ _-]key|webhook",
    tests=frozenset({"accounts/test_api_key"}),
    recipes=frozenset({"create-api-key"}),
    promise="A key is shown once and stored as SHA-256",
    heading="Keys, for programs",
    in_readme="| `uv run just create-api-key USER` |",
    place="`X-API-Key`",
    maker=".api_key_commands.issue_key",
    uses=(keys_authenticate, keys_end_with_a_reset_on_demand, *COMMON),
)


def test_each_mutation_breaks_a_promise(mutate: Mutate) -> None:
    mutate(ANSWER)
