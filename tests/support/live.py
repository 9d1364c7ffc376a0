"""A running service, the people who use it, and the output of its commands."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import httpx

from tests.support import people
from tests.support.harness import Outcome, Service
from tests.support.people import Person


@dataclass
class Live:
    """A running service and the people who use it."""

    service: Service
    client: httpx.Client
    outcomes: dict[str, Outcome]
    """The outcome of each command that was run before the service started, by name."""

    @property
    def styles(self) -> list[str]:
        """The ways to sign in."""
        styles: list[str] = self.service.project.answers["auth"]
        return styles

    @cached_property
    def ada(self) -> Person:
        """Somebody with an account."""
        return self.sign_up("ada")

    @cached_property
    def eve(self) -> Person:
        """Somebody else with an account."""
        return self.sign_up("eve")

    @cached_property
    def admin(self) -> Person:
        """The administrator, made by the service's own command."""
        return self.enter(people.ADMIN)

    def sign_up(self, prefix: str) -> Person:
        """Open an account and sign in; in a service with keys alone the administrator opens it."""
        name = people.new_name(prefix)
        who = self.admin if self.styles == ["api_key"] else None
        answer = self.call("POST", "/api/users", who, json=people.sign_up_form(name))
        assert answer.status_code == 201, answer.text
        return self.enter(name)

    def enter(self, name: str, password: str = people.PASSWORD, style: str = "") -> Person:
        """Sign in in this way, or in the first that the service has."""
        enter = {"jwt": self._for_tokens, "session": self._for_cookie, "api_key": self._for_key}
        anonymous = enter[style or self.styles[0]](name, password)
        me = self.call("GET", "/api/users/me", anonymous)
        assert me.status_code == 200, me.text
        assert me.json()["username"] == name
        return replace(anonymous, id=me.json()["id"])

    def _for_tokens(self, name: str, password: str) -> Person:
        tokens = people.tokens_of(people.log_in(self.client, name, password))
        return Person(0, name, *tokens, password)

    def _for_cookie(self, name: str, password: str) -> Person:
        with self.service.client() as own:
            form = {"username": name, "password": password}
            answer = own.post("/api/auth/session", data=form)
            assert answer.status_code == 200, answer.text
            headers = {
                "Cookie": f"session={own.cookies['session']}",
                "X-CSRF-Token": answer.json()["csrf_token"],
            }
        return Person(0, name, "", "", password, headers)

    def _for_key(self, name: str, password: str) -> Person:
        told = self.service.cli("create-api-key", name).output
        headers = {"X-API-Key": told.split()[-1]}
        return Person(0, name, "", "", password, headers)

    def call(
        self,
        method: str,
        path: str,
        who: Person | None = None,
        **options: Any,  # noqa: ANN401 - those of httpx
    ) -> httpx.Response:
        """Send a request as somebody."""
        headers = who.headers if who else {}
        return self.client.request(method, path, headers=headers, **options)


def prepare(service: Service) -> dict[str, Outcome]:
    """Run each command once, the migrations first, and seed twice.

    Raises:
        AssertionError: A command failed.
    """
    commands = {
        "migrate": ("migrate",),
        "make-migration": ("make-migration", "nothing"),
        "doctor": ("doctor",),
    }
    if service.project.answers["auth"]:
        commands |= {
            "create-admin": ("create-admin", *people.ADMIN_OPTIONS),
            "purge": ("purge",),
            "seed": ("seed",),
            "seed again": ("seed",),
        }
    ends = service.cli_at_once(*commands.values(), stdin=f"{people.PASSWORD}\n")
    told = dict(zip(commands, ends, strict=True))
    failed = [f"{name}: {end.output}" for name, end in told.items() if end.status != 0]
    assert not failed, "\n".join(failed)
    return told
