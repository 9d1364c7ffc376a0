"""Promises of a service with accounts, whichever ways to sign in it has."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx

from tests.support import harness, people, sql
from tests.support.answers import Answer, ReadPromise, UsePromise, answers, chosen
from tests.support.harness import Project, Service
from tests.support.live import Live
from tests.support.rendered import recipes
from tests.variants import checks

PRECEDENCE = ("jwt", "api_key", "session")
"""Credentials in the order in which they are tried: of two in one request the first counts."""
PREFERENCE = ("jwt", "session", "api_key")
"""Ways to sign in, the preferred one first: it signs people in, also in the service's tests."""
MAIL_SECONDS = 10


@dataclass(frozen=True, kw_only=True)
class AuthAnswer(Answer):
    """An answer that adds something to accounts, by the names that an owner sees."""

    settings: frozenset[str] = frozenset()
    """Its lines of `.env.example`."""
    tests: frozenset[str]
    """Its modules below `tests/` of the service."""
    promise: str
    """Its row of the table in SECURITY.md."""
    heading: str = ""
    """Its section there."""
    public: tuple[str, ...] = ()
    """The paths that it opens to strangers."""
    recipes: frozenset[str] = frozenset()
    dev_dependencies: frozenset[str] = frozenset()
    ignored: frozenset[str] = frozenset()
    """Its lines of `.gitignore`."""
    in_readme: str = ""


def the_files_have_accounts(project: Project) -> None:
    """Check that all that the chosen answers add is there, and nothing that others would add."""
    given = chosen(project.answers)
    lines = project.text(".env.example").splitlines()
    settings = {line.partition("=")[0] for line in lines if re.match("[A-Z_]+=", line)}
    tests = {name[len("tests/") : -len(".py")] for name in project.files if "tests/" in name}
    dev = checks.names(project.pyproject["dependency-groups"]["dev"])
    ignored = set(project.text(".gitignore").splitlines())
    public = project.text("tests/accounts/test_roles.py")
    page, readme = project.text("SECURITY.md"), project.text("README.md")
    for answer in answers().values():
        if isinstance(answer, AuthAnswer):
            is_chosen = answer.name in given
            for names, present in (
                (answer.settings, settings),
                (answer.tests, tests),
                (answer.dev_dependencies, dev),
                (answer.recipes, set(recipes(project))),
                (answer.ignored, ignored),
                (answer.public, {path for path in answer.public if f', "{path}"),' in public}),
            ):
                assert set(names) & present == (set(names) if is_chosen else set()), answer.name
            assert (f"| {answer.promise} " in page) == is_chosen
            if answer.heading:
                assert (f"\n### {answer.heading}\n" in page) == is_chosen
            if answer.in_readme:
                assert (answer.in_readme in readme) == is_chosen
    assert "uv run just create-admin" in project.output
    assert "dependencies=REQUIRE_SIGN_IN" in project.text("app/main.py")
    contract = project.pyproject["tool"]["importlinter"]["contracts"][-1]
    assert "app.** -> app.accounts.access" in contract["ignore_imports"]
    folder = "tools/resources/pattern/"
    patterns = {name[len(folder) :] for name in project.files if name.startswith(folder)}
    assert {f"owned/{name}.py.j2" for name in ("api", "models", "service", "test")} <= patterns
    assert {f"public/{name}.py.j2" for name in ("api", "permissions", "test")} <= patterns


def the_files_name_the_ways_in(project: Project) -> None:
    """Check the order of credentials, and the way to sign in that tests use."""
    styles = {each.style: each for each in answers().values() if isinstance(each, Style)}
    chosen_styles = project.answers["auth"]
    order = [styles[name].place for name in PRECEDENCE if name in chosen_styles]
    assert (f"Of {', '.join(order)}, the first" in project.text("SECURITY.md")) == (len(order) > 1)
    factories = project.text("tests/factories.py")
    first = styles[next(name for name in PREFERENCE if name in chosen_styles)]
    module, _, name = first.maker.rpartition(".")
    assert f"from app.accounts{module} import {name}\n" in factories
    assert f"await {name}" in factories
    for style in styles.values():
        if style.login:
            assert (style.login in factories) == (style is first)


def accounts_have_rights(live: Live) -> None:
    """Check that passwords and roles can be changed, with the permission alone."""
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


def accounts_have_commands(live: Live) -> None:
    """Check that expired tokens are purged, and example rows are added."""
    assert live.outcomes["purge"].output == "Deleted 0 expired or revoked tokens.\n"
    assert live.outcomes["seed"].output.count(" with the password ") == 3
    assert live.outcomes["seed again"].output.count("exists already") == 3
    assert sql.count(live.service, "users") >= 3


def passwords_are_reset_by_mail(live: Live) -> None:
    """Check that a mailed link sets a new password, once."""
    sam = live.sign_up("sam")
    email = f"{sam.name}@example.org"
    asked = live.call("POST", "/api/auth/password-reset", json={"email": email})
    assert asked.status_code == 202
    token = token_mailed(live, email, "password-reset")
    new = "a new password for sam"
    form = {"token": token, "new_password": new, "confirm_password": new}
    weak = form | {"new_password": "password1", "confirm_password": "password1"}
    path = "/api/auth/password-reset/confirm"
    assert live.call("POST", path, json=weak).status_code == 422
    assert live.call("POST", path, json=form).status_code == 204
    assert live.call("POST", path, json=form).status_code == 400
    live.enter(sam.name, new)


def addresses_are_verified_by_mail(live: Live) -> None:
    """Check that the address of a new account is verified, and then changed, by mailed links."""
    kim = live.sign_up("kim")
    email, new = f"{kim.name}@example.org", f"{kim.name}@example.com"
    assert live.call("GET", "/api/users/me", kim).json()["email_verified"] is False
    path = "/api/auth/verify-email"
    assert live.call("POST", f"{path}/resend", json={"email": email}).status_code == 202
    form = {"token": token_mailed(live, email, "verify-email", place=1)}
    assert [live.call("POST", path, json=form).status_code for _ in range(2)] == [204, 400]
    assert live.call("GET", "/api/users/me", kim).json()["email_verified"] is True
    change = {"email": new, "current_password": "not the password"}
    assert live.call("PUT", "/api/users/me/email", kim, json=change).status_code == 400
    change["current_password"] = kim.password
    assert live.call("PUT", "/api/users/me/email", kim, json=change).status_code == 202
    form = {"token": token_mailed(live, new, "verify-email")}
    assert live.call("POST", path, json=form).status_code == 204
    assert live.call("GET", "/api/users/me", kim).json()["email"] == new
    notices = [mail for mail in mails_to(live.service, email) if "#token=" not in mail]
    assert len(notices) >= 1
    told = live.service.cli("set-email", kim.name, email).output
    assert told == f"The address of {kim.name} is {email}.\n"
    assert "advice: anyone may register any address" in live.outcomes["doctor"].output


def token_mailed(live: Live, address: str, page: str, *, place: int = 0) -> str:
    """Wait for mails with a link to this page, and return the token in the one at this place."""
    links: list[str] = []

    def are_there() -> bool:
        pattern = rf"http://127\.0\.0\.1:8000/{page}#token=(\S+)"
        texts = mails_to(live.service, address)
        links[:] = [link for text in texts for link in re.findall(pattern, text)]
        return len(links) > place

    wait_for_mail(are_there)
    assert live.call("GET", f"/{page}").headers["content-type"].startswith("text/html")
    return links[place]


def wait_for_mail(is_there: Callable[[], bool]) -> None:
    """Wait for a mail.

    Raises:
        AssertionError: It is not sent: a fault of the service, which has responded already.
    """
    try:
        harness.wait_until(is_there, "a mail", seconds=MAIL_SECONDS)
    except TimeoutError as error:
        raise AssertionError(str(error)) from None


def mails_to(service: Service, address: str) -> list[str]:
    """Return the messages to this address in the mail folder of development, oldest first."""
    texts = [path.read_text() for path in sorted((service.project / "var/mail").glob("*.eml"))]
    return [text for text in texts if f"To: {address}\n" in text]


def people_cannot_guess(live: Live, path: str, name: str) -> bool:
    """Return whether a wrong password is refused and the attempt counted."""
    counted = "login_failures"
    before = sql.count(live.service, counted)
    answer = live.call("POST", path, data={"username": name, "password": "not the password"})
    return answer.status_code == 401 and sql.count(live.service, counted) > before


def is_recorded(live: Live, own: httpx.Client, kind: str) -> bool:
    """Return whether a request renews the time of the last use of a credential."""
    before = datetime.now(UTC) - timedelta(minutes=10)
    moment = before.strftime("%Y-%m-%d %H:%M:%S")
    sql.query(
        live.service,
        f"UPDATE tokens SET last_used_at = '{moment}' WHERE kind = '{kind}'",  # noqa: S608 - ours
    )
    assert own.get("/api/users/me").is_success
    renewed = f"kind = '{kind}' AND last_used_at > '{moment}'"
    return sql.count(live.service, "tokens", renewed) == 1


@dataclass(frozen=True, kw_only=True)
class Style(AuthAnswer):
    """A way to sign in."""

    place: str
    """The place of the credential in a request, in the words of SECURITY.md."""
    maker: str
    """The function that makes credentials in the service's own tests, below `app.accounts`."""
    login: str = ""
    """The path at which a password is exchanged for the credential."""
    reads: tuple[ReadPromise, ...] = (the_files_have_accounts, the_files_name_the_ways_in)

    @property
    def style(self) -> str:
        """The answer without its question."""
        return self.name.partition("/")[2]


ACCOUNTS = AuthAnswer(
    name="accounts",
    words=(
        r"argon2|passlib|zxcvbn|SECRET_KEY|RATE_LIMIT|app\.auth|create-admin|api/users"
        r"|signed.in"
    ),
    settings=frozenset({"SECRET_KEY", "RATE_LIMIT_LOGIN", "RATE_LIMIT_SIGN_UP"}),
    tests=frozenset(
        {
            "factories",
            "accounts/test_accounts",
            "accounts/test_password_strength",
            "accounts/test_passwords",
            "accounts/test_registration",
            "accounts/test_roles",
            "accounts/test_users",
            "database/test_queries",
        }
    ),
    dev_dependencies=frozenset({"types-passlib", "types-zxcvbn"}),
    recipes=frozenset({"create-admin", "purge", "seed"}),
    promise="Every route that is not public answers strangers with 401",
    in_readme="Create the first administrator with `uv run just create-admin`",
)
LOGIN = AuthAnswer(
    name="login",
    words=(
        r"python-multipart|REGISTRATION=|SMTP|MAIL_FROM|PUBLIC_BASE_URL|password.reset|var/mail"
        r"|RATE_LIMIT_MAIL|REQUIRE_VERIFIED|verify.email|set.email|users/me/email"
    ),
    settings=frozenset(
        {
            *("REGISTRATION", "REQUIRE_VERIFIED_EMAIL", "RATE_LIMIT_MAIL"),
            *("SMTP_URL", "MAIL_FROM", "PUBLIC_BASE_URL"),
        }
    ),
    tests=frozenset({"accounts/test_login", "accounts/test_mailed_links"}),
    recipes=frozenset({"set-email"}),
    promise="Every failed sign-in looks and costs the same",
    heading="A forgotten password",
    public=(
        *("/password-reset", "/api/auth/password-reset", "/api/users"),
        *("/verify-email", "/api/auth/verify-email", "/api/auth/verify-email/resend"),
    ),
    ignored=frozenset({"var/"}),
    in_readme="Register an account:",
)
COMMON: tuple[UsePromise, ...] = (accounts_have_rights, accounts_have_commands)
"""Promises of every way to sign in."""
