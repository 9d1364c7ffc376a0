"""Keys, for programs: shown once, with scopes."""

from dataclasses import replace

from tests.options.auth.common import ACCOUNTS, COMMON, Style, is_recorded
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
    uses=(keys_authenticate, *COMMON),
)


def test_each_mutation_breaks_a_promise(mutate: Mutate) -> None:
    mutate(ANSWER)
