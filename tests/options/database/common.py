"""Promises of a service with any database."""

from dataclasses import dataclass

from tests.support import harness, sql
from tests.support.answers import Answer, ReadPromise, UsePromise, answers
from tests.support.harness import Project
from tests.support.live import Live
from tests.support.rendered import job, migrations
from tests.variants import checks


def the_files_lead_to_the_database(project: Project) -> None:
    """Check the driver, the URL in the settings, and the texts that name the database."""
    database = chosen_by(project)
    url = database.url.format(project.answers["project_slug"].replace("-", "_"))
    assert database.driver in checks.names(project.pyproject["project"]["dependencies"])
    assert f"DATABASE_URL={url}" in project.text(".env.example").splitlines()
    assert f"service on {database.title}" in project.text("README.md")
    assert "*.sqlite3*" in project.text(".gitignore").splitlines()
    address = url.partition("@")[2].partition("/")[0]
    for module in ("pooled", "server_urls"):  # a file has neither a pool nor an address
        assert (f"app/database/{module}.py" in project.files) == bool(address)
    if address:
        assert f"expected at {address}" in project.text("README.md")
        assert f"expected at {address}" in project.output
    if project.answers["ci"] == "github":
        services = job(project).get("services", {})
        assert set(services) == ({project.answers["database"]} if address else set())
        ports = [port for service in services.values() for port in service["ports"]]
        assert all(f"@{port.rpartition(':')[0]}/" in url for port in ports)


def the_rows_are_in_the_database(live: Live) -> None:
    """Check that a plain driver and `doctor` connect to the database that was chosen."""
    service = live.service
    scheme = service.database_url.partition("://")[0]
    assert scheme == service.project.answers["database"]
    version = sql.server_version(service.database_url)
    assert version in live.outcomes["doctor"].output
    assert live.call("GET", "/health/ready").json()["checks"]["database"] == "ok"
    if service.project.answers["auth"]:
        assert sql.count(service, "roles") == 2


def the_files_lead_to_the_migrations(project: Project) -> None:
    """Check that each part with tables has its migration, in the SQL of the database."""
    parts = ["accounts"] * bool(project.answers["auth"])
    parts += ["notes"] * (project.answers["example"] == "notes")
    assert [path.stem.partition("_")[2] for path in migrations(project)] == parts
    for path in migrations(project):
        dialect = f'DIALECT = "{project.answers["database"]}"'
        assert dialect in path.read_text(encoding="utf-8").splitlines()
    assert "async def " in project.text(f"migrations/{chosen_by(project).helper}.py")
    page = project.text("docs/migrations.md")
    folder = harness.ROOT / "template/options/database" / project.answers["database"]
    for fragment in folder.glob("migrations*.md"):
        assert fragment.read_text(encoding="utf-8").strip() in page


def aerich_records_migrations(live: Live) -> None:
    """Check that the table of aerich lists all migrations, as do its own commands."""
    service = live.service
    names = [path.name for path in migrations(service.project)]
    if names:  # without migrations there is no table of aerich yet
        recorded = sql.query(service, "SELECT version FROM aerich ORDER BY id")
        assert [version for (version,) in recorded] == names
    assert live.outcomes["make-migration"].output.startswith("Nothing to write")
    aerich = str(service.interpreter.with_name("aerich"))
    output = service.run(aerich, "history").output
    assert output.split() == names or not names
    assert "No available heads" in service.run(aerich, "heads").output


@dataclass(frozen=True, kw_only=True)
class DatabaseAnswer(Answer):
    """A database, by the names under which an owner knows it."""

    title: str
    driver: str
    """The distribution of its driver."""
    url: str
    """The URL in a new service, with a placeholder for the name of the database."""
    helper: str
    """The module of `migrations/` that the files load."""
    reads: tuple[ReadPromise, ...] = (
        the_files_lead_to_the_database,
        the_files_lead_to_the_migrations,
    )
    uses: tuple[UsePromise, ...] = (the_rows_are_in_the_database, aerich_records_migrations)


def chosen_by(project: Project) -> DatabaseAnswer:
    """Return the database of a service."""
    answer = answers()[f"database/{project.answers['database']}"]
    assert isinstance(answer, DatabaseAnswer)
    return answer
