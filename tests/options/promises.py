"""What each answer promises: claims that fail when the option is there but does nothing.

A claim reads a rendered service, or uses a running one. Each row of test_rows.py makes the
claims of all its answers; test_bites.py takes what an answer brings away again, piece by piece,
and expects that one of its claims notices.
"""

import ast
import html
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import httpx
import yaml
from jose import jwt

from tests.support import harness, people, sql
from tests.support.harness import Outcome, Project, Service
from tests.support.people import Person
from tests.variants import checks


@dataclass
class Live:
    """A running service and the people who use it."""

    service: Service
    client: httpx.Client
    told: dict[str, Outcome]
    """How each command ended that was run before the service started."""

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
        """Open an account, where only keys let in by the administrator, and sign in."""
        name = people.new_name(prefix)
        who = self.admin if self.styles == ["api_key"] else None
        answer = self.call("POST", "/api/users", who, json=people.sign_up_form(name))
        assert answer.status_code == 201, answer.text
        return self.enter(name)

    def enter(self, name: str, password: str = people.PASSWORD, style: str = "") -> Person:
        """Sign in in the way that is named, or the first that there is."""
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


Claim = TypeVar("Claim")
ReadClaim = Callable[[Project], None]
UseClaim = Callable[[Live], None]
READ: dict[str, list[ReadClaim]] = {}
USE: dict[str, list[UseClaim]] = {}


def reads(*answers: str) -> Callable[[ReadClaim], ReadClaim]:
    """Register a claim about the files of a service with any of these answers."""
    return lambda claim: _register(READ, answers, claim)


def uses(*answers: str) -> Callable[[UseClaim], UseClaim]:
    """Register a claim about a running service with any of these answers."""
    return lambda claim: _register(USE, answers, claim)


def _register(table: dict[str, list[Claim]], answers: tuple[str, ...], claim: Claim) -> Claim:
    for answer in answers:
        table.setdefault(answer, []).append(claim)
    return claim


def read(project: Project, *answers: str) -> None:
    """Make the claims of some answers about the files, and that nothing is left of others.

    Raises:
        AssertionError: One does not hold.
    """
    _is_consistent(project)
    for claim in dict.fromkeys(claim for answer in answers for claim in READ.get(answer, ())):
        claim(project)


def use(live: Live, *answers: str) -> None:
    """Make the claims of some answers about the running service.

    Raises:
        AssertionError: One does not hold.
    """
    for claim in dict.fromkeys(claim for answer in answers for claim in USE.get(answer, ())):
        claim(live)


def _is_consistent(project: Project) -> None:
    faults = [*checks.is_silent_about_what_is_off(project)]
    faults += checks.declares_what_it_imports(project)
    assert faults == []


DRIVERS = {"sqlite": "aiosqlite", "postgres": "asyncpg", "mysql": "asyncmy"}
TITLES = {"sqlite": "SQLite", "postgres": "PostgreSQL", "mysql": "MySQL"}
URLS = {
    "sqlite": "sqlite://db.sqlite3",
    "postgres": "postgres://postgres@127.0.0.1:5432/{}",
    "mysql": "mysql://root@127.0.0.1:3306/{}",
}
EVERY_DATABASE = tuple(f"database/{name}" for name in DRIVERS)


@reads(*EVERY_DATABASE)
def the_files_lead_to_the_database(project: Project) -> None:
    """The driver, the address in the settings, and what an owner reads about it."""
    database = project.answers["database"]
    url = URLS[database].format(project.answers["project_slug"].replace("-", "_"))
    assert DRIVERS[database] in checks.names(project.pyproject["project"]["dependencies"])
    assert f"DATABASE_URL={url}" in project.text(".env.example").splitlines()
    assert f"service on {TITLES[database]}" in project.text("README.md")
    assert "*.sqlite3*" in project.text(".gitignore").splitlines()
    if database != "sqlite":
        address = url.partition("@")[2].partition("/")[0]
        assert f"expected at {address}" in project.text("README.md")
        assert f"expected at {address}" in project.said
    if project.answers["ci"] == "github":
        services = _job(project).get("services", {})
        assert set(services) == {database} - {"sqlite"}
        ports = [port for service in services.values() for port in service["ports"]]
        assert all(f"@{port.rpartition(':')[0]}/" in url for port in ports)


@uses(*EVERY_DATABASE)
def the_rows_are_in_the_database(live: Live) -> None:
    """A plain driver finds the service's database where the answer says, and so does `doctor`."""
    service = live.service
    scheme = service.database_url.partition("://")[0]
    assert scheme == service.project.answers["database"]
    version = sql.server_version(service.database_url)
    assert version in live.told["doctor"].output
    assert live.call("GET", "/health/ready").json()["checks"]["database"] == "ok"
    if service.project.answers["auth"]:
        assert sql.count(service, "roles") == 2


@reads(*EVERY_DATABASE)
def the_files_lead_to_the_migrations(project: Project) -> None:
    """Those of its tables and no others, each in the database's own SQL."""
    parts = ["accounts"] * bool(project.answers["auth"])
    parts += ["notes"] * (project.answers["example"] == "notes")
    assert [path.stem.partition("_")[2] for path in _migrations(project)] == parts
    for path in _migrations(project):
        dialect = f'DIALECT = "{project.answers["database"]}"'
        assert dialect in path.read_text(encoding="utf-8").splitlines()
    helpers = {"sqlite": "sqlite_tables", "postgres": "postgres_casts", "mysql": "mysql_statements"}
    helper = helpers[project.answers["database"]]
    assert "async def " in project.text(f"migrations/{helper}.py")
    page = project.text("docs/migrations.md")
    folder = harness.ROOT / "template/options/database" / project.answers["database"]
    for fragment in folder.glob("migrations*.md"):
        assert fragment.read_text(encoding="utf-8").strip() in page


@uses(*EVERY_DATABASE)
def aerich_keeps_its_books(live: Live) -> None:
    """Every migration is in its table, and its own commands know them."""
    service = live.service
    names = [path.name for path in _migrations(service.project)]
    if names:  # a service without tables has no books yet
        recorded = sql.query(service, "SELECT version FROM aerich ORDER BY id")
        assert [version for (version,) in recorded] == names
    assert live.told["make-migration"].output.startswith("Nothing to write")
    aerich = str(service.interpreter.with_name("aerich"))
    told = service.run(aerich, "history").output
    assert told.split() == names or not names
    assert "No available heads" in service.run(aerich, "heads").output


MAIL_SECONDS = 10
STYLES = ("auth/jwt", "auth/session", "auth/api_key")
SETTINGS = {
    "accounts": {"SECRET_KEY", "RATE_LIMIT_LOGIN"},
    "login": {"REGISTRATION", "SMTP_URL", "MAIL_FROM", "PUBLIC_BASE_URL"},
    "auth/jwt": {"SECRET_KEYS_PREVIOUS", "JWT_EXPIRE_MINUTES", "JWT_REFRESH_EXPIRE_DAYS"},
    "auth/session": {"SESSION_IDLE_MINUTES", "SESSION_MAX_DAYS"},
}
TESTS = {
    "accounts": {
        "factories",
        "accounts/test_accounts",
        "accounts/test_passwords",
        "accounts/test_registration",
        "accounts/test_roles",
        "accounts/test_users",
        "database/test_queries",
    },
    "login": {"accounts/test_login"},
    "auth/jwt": {"accounts/test_jwt", "accounts/test_refresh_tokens"},
    "auth/session": {"accounts/test_session"},
    "auth/api_key": {"accounts/test_api_key"},
}
"""What each brings to `.env.example` and to the service's own tests."""


@reads(*STYLES)
def the_files_lead_to_the_ways_in(project: Project) -> None:
    """The settings and tests of each chosen style, and what an owner reads about it."""
    chosen = checks.chosen(project.answers)
    lines = project.text(".env.example").splitlines()
    settings = {line.partition("=")[0] for line in lines if re.match("[A-Z_]+=", line)}
    for answer, names in SETTINGS.items():
        assert (settings & names == names) == (answer in chosen)
    tests = {name[len("tests/") : -len(".py")] for name in project.files if "tests/" in name}
    for answer, names in TESTS.items():
        assert (tests & names == names) == (answer in chosen)
    dev = checks.names(project.pyproject["dependency-groups"]["dev"])
    assert ("types-python-jose" in dev) == ("auth/jwt" in chosen)
    assert ("create-api-key" in _recipes(project)) == ("auth/api_key" in chosen)
    assert ("var/" in project.text(".gitignore").splitlines()) == ("login" in chosen)
    page = project.text("SECURITY.md")
    for answer, title in SIGN_IN_TITLES.items():
        assert (f"\n### {title}\n" in page) == (answer in chosen)
    for answer, promise in PROMISES.items():
        assert (f"| {promise} " in page) == (answer in chosen)
    places = {"jwt": "`Authorization`", "api_key": "`X-API-Key`", "session": "the cookie"}
    order = [place for style, place in places.items() if style in project.answers["auth"]]
    assert (f"Of {', '.join(order)}, the first" in page) == (len(order) > 1)
    factories = project.text("tests/factories.py")
    first = next(style for style in ("jwt", "session", "api_key") if f"auth/{style}" in chosen)
    module, _, name = MAKERS[first].rpartition(".")
    assert f"from app.accounts{module} import {name}\n" in factories
    logins = {"jwt": "/api/auth/login", "session": "/api/auth/session"}
    assert [style for style in logins if logins[style] in factories] == [first][: "login" in chosen]
    assert f"await {name}" in factories
    readme = project.text("README.md")
    assert "SECURITY.md" in readme
    assert ("| `uv run just create-api-key USER` |" in readme) == ("auth/api_key" in chosen)
    assert ("Open an account:" in readme) == ("login" in chosen)
    public = project.text("tests/accounts/test_roles.py")
    for answer, paths in PUBLIC.items():
        found = [f', "{path}"),' in public for path in paths]
        assert found == [answer in chosen] * len(paths)


MAKERS = {"jwt": ".routes.jwt", "session": ".routes.session", "api_key": ".api_key_commands.give"}
"""What makes the credentials of tests."""
PUBLIC = {
    "login": ["/password-reset", "/api/auth/password-reset", "/api/users"],
    "auth/jwt": ["/api/auth/login", "/api/auth/logout", "/api/auth/refresh"],
    "auth/session": ["/sign-in", "/api/auth/session"],
}
PROMISES = {
    "accounts": "What is not public answers strangers with 401",
    "login": "Every failed sign-in looks and costs the same",
    "auth/jwt": "A forged, expired or incomplete token opens nothing",
    "auth/session": "A cookie alone changes nothing",
    "auth/api_key": "A key is shown once and stored as SHA-256",
}
SIGN_IN_TITLES = {
    "auth/jwt": "Tokens, for apps",
    "auth/session": "A cookie, for browsers",
    "auth/api_key": "Keys, for programs",
    "login": "A forgotten password",
}


@reads(*STYLES)
def the_files_lead_to_accounts(project: Project) -> None:
    """The stubs, the settings, the recipes, and what an owner reads about them."""
    dev = checks.names(project.pyproject["dependency-groups"]["dev"])
    readme = project.text("README.md")
    assert {"types-passlib", "types-zxcvbn"} <= dev
    assert {"create-admin", "purge", "seed"} <= set(_recipes(project))
    assert "Create the first administrator with `uv run just create-admin`" in readme
    assert "uv run just create-admin" in project.said
    assert "dependencies=SIGNED_IN" in project.text("app/main.py")
    folder = "tools/resources/pattern/"
    patterns = {name[len(folder) :] for name in project.files if name.startswith(folder)}
    assert {f"owned/{name}.py.j2" for name in ("api", "models", "service", "test")} <= patterns
    assert {f"public/{name}.py.j2" for name in ("api", "permissions", "test")} <= patterns


@uses("auth/jwt")
def tokens_open_the_door(live: Live) -> None:
    """Only a good token does; a refresh token works once; after the logout nothing works."""
    ada = live.ada
    assert live.call("GET", "/api/users/me", ada).json()["username"] == ada.name
    assert live.call("GET", "/api/users/me").status_code == 401
    head, _, signature = ada.access.rpartition(".")
    forged = f"{head}.{signature[::-1]}"
    answer = live.client.get("/api/users/me", headers={"Authorization": f"Bearer {forged}"})
    assert answer.status_code == 401
    form = people.sign_up_form(people.new_name("nobody"))  # not even where strangers may sign up
    answer = live.client.post("/api/users", json=form, headers={"Authorization": "Bearer x"})
    assert answer.status_code == 401
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


@uses("auth/session")
def a_cookie_opens_the_door(live: Live) -> None:
    """It is closed to scripts; other sites, and a missing token, change nothing."""
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
        assert _is_recorded(live, own, "session")
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


@uses("auth/api_key")
def keys_open_the_door(live: Live) -> None:
    """A key is shown once, does what its scopes say, and ends when it is revoked."""
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
        assert _is_recorded(live, own, "api_key")
    for moment in (1, "2001-01-01T00:00:00Z"):
        late = live.call("POST", "/api/api-keys", admin, json=form | {"expires_at": moment})
        assert late.status_code == 422
    moment = "2999-01-01T01:00:00+01:00"
    lasting = live.call("POST", "/api/api-keys", admin, json=form | {"expires_at": moment})
    assert lasting.json()["expires_at"] == "2999-01-01T00:00:00Z"
    kept = live.call("GET", "/api/api-keys", admin).json()
    assert created["key"] not in str(kept)
    assert [each["last_used_at"] is None for each in kept[-2:]] == [False, True]
    mistyped = replace(reader, other_headers={"X-API-Key": created["key"].swapcase()})
    assert live.call("GET", "/api/users/me", mistyped).status_code == 401
    path = f"/api/api-keys/{created['id']}"
    assert live.call("DELETE", path, admin).status_code == 204
    assert live.call("GET", "/api/webhook/ping", reader).status_code == 401


def _is_recorded(live: Live, own: httpx.Client, kind: str) -> bool:
    """Whether a request renews the time of the last use of a credential."""
    before = datetime.now(UTC) - timedelta(minutes=10)
    moment = before.strftime("%Y-%m-%d %H:%M:%S")
    sql.query(
        live.service,
        f"UPDATE tokens SET last_used_at = '{moment}' WHERE kind = '{kind}'",  # noqa: S608 - ours
    )
    assert own.get("/api/users/me").is_success
    renewed = f"kind = '{kind}' AND last_used_at > '{moment}'"
    return sql.count(live.service, "tokens", renewed) == 1


@uses("auth/jwt", "auth/session")
def passwords_are_reset_by_mail(live: Live) -> None:
    """A mail brings a link that sets a new password, once."""
    sam = live.sign_up("sam")
    email = f"{sam.name}@example.org"
    asked = live.call("POST", "/api/auth/password-reset", json={"email": email})
    assert asked.status_code == 202
    mail = _mail_to(live.service, email)
    page, token = re.search(r"(\S+)#token=(\S+)", mail).groups()  # type: ignore[union-attr]
    assert page == "http://127.0.0.1:8000/password-reset"
    assert live.call("GET", "/password-reset").headers["content-type"].startswith("text/html")
    new = "a new password for sam"
    form = {"token": token, "new_password": new, "confirm_password": new}
    weak = form | {"new_password": "password1", "confirm_password": "password1"}
    path = "/api/auth/password-reset/confirm"
    assert live.call("POST", path, json=weak).status_code == 422
    assert live.call("POST", path, json=form).status_code == 204
    assert live.call("POST", path, json=form).status_code == 400
    live.enter(sam.name, new)


def _mail_to(service: Service, address: str) -> str:
    """Wait until the development's mail folder has a message to somebody, and return it."""
    found: list[str] = []

    def is_there() -> bool:
        paths = (service.project / "var/mail").glob("*.eml")
        found.extend(text for path in paths if address in (text := path.read_text()))
        return bool(found)

    try:
        harness.wait_until(is_there, f"a mail to {address}", seconds=MAIL_SECONDS)
    except TimeoutError as error:  # here the service's fault: the answer has gone out
        raise AssertionError(str(error)) from None
    return found[0]


def people_cannot_guess(live: Live, path: str, name: str) -> bool:
    """Whether a wrong password is refused and the attempt counted."""
    counted = "login_failures"
    before = sql.count(live.service, counted)
    answer = live.call("POST", path, data={"username": name, "password": "not the password"})
    return answer.status_code == 401 and sql.count(live.service, counted) > before


@uses(*STYLES)
def accounts_have_rights(live: Live) -> None:
    """Passwords change, roles are given, and only who may does it."""
    eve, admin = live.eve, live.admin
    assert live.call("GET", "/api/users", eve).status_code == 403
    found = live.call("GET", "/api/users?size=1&keyword=eve-", admin).json()
    assert [each["username"] for each in found["items"]] == [eve.name]
    assert [role["name"] for role in live.call("GET", "/api/roles", admin).json()] != []
    path = f"/api/users/{eve.id}"
    assert live.call("PUT", f"{path}/roles", admin, json={"roles": ["admin"]}).is_success
    assert live.call("GET", "/api/users?size=1", eve).is_success
    new = "a new password for eve"
    change = {"current_password": eve.password, "new_password": new, "confirm_password": new}
    changed = live.call("PUT", "/api/users/me/password", eve, json=change)
    assert changed.status_code == 204, changed.text
    age = live.call("PATCH", path, admin, json={"age": 36, "is_active": False})
    assert (age.json()["age"], age.json()["is_active"]) == (36, False)
    assert live.call("GET", "/api/users/me", eve).status_code == 401
    live.call("PATCH", path, admin, json={"is_active": True})
    again = live.enter(eve.name, new)
    assert live.call("DELETE", path, admin).status_code == 204
    assert live.call("GET", "/api/users/me", again).status_code == 401
    last = live.call("DELETE", f"/api/users/{admin.id}", admin)
    assert last.status_code == 409
    weak = people.sign_up_form(people.new_name("bob"), "password1")
    assert live.call("POST", "/api/users", admin, json=weak).status_code == 422


@uses(*STYLES)
def accounts_have_commands(live: Live) -> None:
    """Expired tokens are purged, and example rows are added."""
    assert live.told["purge"].output == "Deleted 0 tokens whose time is over.\n"
    assert live.told["seed"].output.count(" with the password ") == 3
    assert live.told["seed again"].output.count("is there already") == 3
    assert sql.count(live.service, "users") >= 3


@reads("example/notes")
def the_files_lead_to_the_example(project: Project) -> None:
    """An owner is told what to read, and has the tests of it."""
    assert "tests/notes/test_notes.py" in project.files
    assert "`app/notes/` is an example" in project.text("README.md")
    assert "`app/notes/` shows. The list" in project.text("README.md")


@uses("example/notes")
def notes_belong_to_their_owner(live: Live) -> None:
    """A note is written, read, found, changed and deleted by its owner, and by nobody else."""
    path = f"/api/notes/{people.write_note(live.client, live.ada, 'Bread', 'Flour and water')}"
    written = live.call("GET", path, live.ada).json()
    assert (written["title"], written["body"]) == ("Bread", "Flour and water")
    stranger = live.sign_up("sam")
    assert live.call("GET", path, stranger).status_code == 404
    assert live.call("GET", "/api/notes", stranger).json()["total"] == 0
    assert live.call("GET", "/api/notes?keyword=brea", live.ada).json()["total"] == 1
    assert live.call("PATCH", path, live.ada, json={"title": "Rye"}).json()["title"] == "Rye"
    assert live.call("DELETE", path, live.ada).status_code == 204
    assert live.call("GET", path, live.ada).status_code == 404
    assert live.call("GET", "/api/notes").status_code == 401
    assert sql.count(live.service, "notes") == 75


@reads("example/none")
def nothing_is_left_of_an_example(project: Project) -> None:
    """There is no module for a noun that belongs to no part, and no name that nothing uses."""
    known = {"__init__", "health", "user", "token", "base", "api_key", "session", "webhook"}
    modules = {path.stem for layer in ("api", "models") for path in _modules(project, layer)}
    assert modules <= known
    assert [*checks.is_formatted(project)] == []


@reads("ci/github")
def the_workflow_checks(project: Project) -> None:
    """Each push installs, migrates and checks, with what is pinned and may only read."""
    workflow = yaml.safe_load(project.text(".github/workflows/ci.yml"))
    steps = _job(project)["steps"]
    commands = [step["run"] for step in steps if "run" in step]
    assert [command for command in commands if command.startswith("uv run just")] == [
        "uv run just setup",
        "uv run just migrate",
        "uv run just check",
    ]
    assert set(workflow[True]) == {"push", "pull_request"}  # YAML 1.1 reads `on` as true
    assert workflow["permissions"] == {"contents": "read"}
    assert "GitHub reads `.github/` at the root" in project.text("README.md")
    for step in steps:
        if "uses" in step:
            assert len(step["uses"].partition("@")[2]) == 40


@reads("ci/none")
def no_workflow_is_there(project: Project) -> None:
    """There is no file for any CI."""
    assert not [name for name in project.files if ".github" in name or ".gitlab" in name]


@reads("project_name")
def the_name_is_in_the_title(project: Project) -> None:
    """People read the name."""
    name = project.answers["project_name"]
    assert f"# {name}" in project.text("README.md").splitlines()
    assert project.pyproject["project"]["description"] == name
    assert ast.get_docstring(ast.parse(project.text("app/__init__.py"))) == f"{name}."
    pages = [name for name in project.files if re.fullmatch(r"app/accounts/.+\.html", name)]
    for page in map(project.text, pages):
        assert f" · {html.escape(name)}</title>" in page
        assert f"<h1>{html.escape(name)}</h1>" in page


@uses("project_name")
def the_documentation_has_the_name(live: Live) -> None:
    """So do clients."""
    title = live.call("GET", "/openapi.json").json()["info"]["title"]
    assert title == live.call("GET", "/").json()["name"]
    assert title == live.service.project.answers["project_name"]


@reads("project_slug")
def the_slug_is_the_short_name(project: Project) -> None:
    """Distribution and database are named after it."""
    slug = project.answers["project_slug"]
    assert project.pyproject["project"]["name"] == slug
    if project.answers["database"] != "sqlite":
        assert project.text(".env.example").count(f"/{slug.replace('-', '_')}\n") == 1
        assert f"`{slug.replace('-', '_')}`" in project.text("README.md")


@uses("project_slug")
def tokens_are_issued_under_the_slug(live: Live) -> None:
    """A token of one service is none of another's."""
    if "jwt" in live.service.project.answers["auth"]:
        claims = jwt.get_unverified_claims(live.ada.access)
        assert claims["iss"] == live.service.project.answers["project_slug"]


Given = dict[str, Any]
PRESETS: dict[str, list[tuple[Given, Given]]] = {
    "minimal": [
        ({}, {"database": "sqlite", "auth": [], "example": "none"}),
        ({"auth": ["jwt"]}, {"example": "none"}),
    ],
    "starter": [
        ({}, {"preset": "starter", "database": "sqlite", "auth": ["jwt"], "example": "notes"}),
        ({"auth": []}, {"example": "none"}),
    ],
    "production": [({}, {"database": "postgres", "auth": ["jwt", "api_key"], "example": "notes"})],
}
"""For each preset: what is given besides, and what is then proposed."""


def prepare(service: Service) -> dict[str, Outcome]:
    """Run each command once, the migrations first, and seed twice.

    Raises:
        AssertionError: One did not end well.
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
    ends = service.cli_at_once(*commands.values(), given=f"{people.PASSWORD}\n")
    told = dict(zip(commands, ends, strict=True))
    failed = [f"{name}: {end.output}" for name, end in told.items() if end.status != 0]
    assert not failed, "\n".join(failed)
    return told


def _job(project: Project) -> dict[str, Any]:
    workflow = yaml.safe_load(project.text(".github/workflows/ci.yml"))
    job: dict[str, Any] = workflow["jobs"]["check"]
    return job


def _recipes(project: Project) -> list[str]:
    command = ["just", "--justfile", str(project / "justfile"), "--summary"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def _modules(project: Project, layer: str) -> Iterator[Path]:
    return (project / "app" / layer).glob("*.py")


def _migrations(project: Project) -> list[Path]:
    return sorted((project / "migrations/models").glob("[0-9]*.py"))
