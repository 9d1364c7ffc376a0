"""People who use a running service."""

from dataclasses import dataclass, field
from uuid import uuid4

import httpx

from tests.support.harness import Service

PASSWORD = "correct horse battery staple"
ADMIN = "root"
ADMIN_OPTIONS = ("--username", ADMIN, "--email", f"{ADMIN}@example.org", "--password-stdin")


@dataclass(frozen=True)
class Person:
    """Somebody with an account, signed in."""

    id: int
    name: str
    access: str
    refresh: str
    password: str = field(default=PASSWORD, repr=False)
    other_headers: dict[str, str] | None = field(default=None, repr=False)
    """Headers of their requests if they did not sign in for tokens."""

    @property
    def headers(self) -> dict[str, str]:
        """Headers of their requests."""
        return self.other_headers or {"Authorization": f"Bearer {self.access}"}


def new_name(prefix: str = "ada") -> str:
    """Return a user name that nobody has."""
    return f"{prefix}-{uuid4().hex[:16]}"


def sign_up_form(name: str, password: str = PASSWORD) -> dict[str, str]:
    """Return the form that opens an account with this name."""
    return {
        "username": name,
        "email": f"{name}@example.org",
        "password": password,
        "confirm_password": password,
    }


def log_in(client: httpx.Client, name: str, password: str = PASSWORD) -> httpx.Response:
    """Try to sign in."""
    return client.post("/api/auth/login", data={"username": name, "password": password})


def tokens_of(response: httpx.Response) -> tuple[str, str]:
    """Return the access token and the refresh token of a successful response."""
    assert response.status_code == 200, response.text
    body: dict[str, str] = response.json()
    return body["access_token"], body["refresh_token"]


def sign_in(client: httpx.Client, user_id: int, name: str, password: str = PASSWORD) -> Person:
    """Sign in once more."""
    return Person(user_id, name, *tokens_of(log_in(client, name, password)), password)


def sign_up(client: httpx.Client, prefix: str = "ada", password: str = PASSWORD) -> Person:
    """Open an account under a fresh name, and sign in."""
    name = new_name(prefix)
    response = client.post("/api/users", json=sign_up_form(name, password))
    assert response.status_code == 201, response.text
    return sign_in(client, response.json()["id"], name, password)


def create_admin(service: Service, client: httpx.Client) -> Person:
    """Create the administrator by the service's own command, and sign in."""
    service.cli("create-admin", *ADMIN_OPTIONS, stdin=f"{PASSWORD}\n")
    access, refresh = tokens_of(log_in(client, ADMIN))
    me = client.get("/api/users/me", headers={"Authorization": f"Bearer {access}"}).json()
    return Person(me["id"], ADMIN, access, refresh)


def write_note(client: httpx.Client, owner: Person, title: str = "Bread", body: str = "") -> int:
    """Write a note and return its id."""
    note = {"title": title, "body": body}
    response = client.post("/api/notes", json=note, headers=owner.headers)
    assert response.status_code == 201, response.text
    return int(response.json()["id"])
