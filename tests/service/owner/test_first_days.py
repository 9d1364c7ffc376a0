"""The first days of an owner: commands, tests and changes that people try early."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import copier
import pytest
import yaml

from tests.conftest import Render, require_server
from tests.service.resources.trial import LINT_IMPORTS
from tests.support import databases, harness, janitor, people
from tests.support.harness import ROOT, Outcome, Project, Service, run, wait_until

FAILS = """
from fastapi import FastAPI
from httpx import AsyncClient


async def test_of_an_owner(app: FastAPI, client: AsyncClient) -> None:
    async def crash() -> None:
        raise RuntimeError("the reason")

    app.add_api_route("/crash", crash)

    assert (await client.get("/crash")).is_success
"""


@pytest.fixture
def service(request: pytest.FixtureRequest, template: Path, tmp_path: Path) -> Iterator[Service]:
    """Offer a service with notes that a test may edit, on SQLite or on the database it names."""
    database = getattr(request, "param", "sqlite")
    require_server(database)
    answers = {"database": database, "project_slug": harness.new_slug("days")}
    with Service(harness.render(template, tmp_path / "service", answers), database) as opened:
        yield opened


def test_fix_formats_and_removes_unused_imports(service: Service) -> None:
    module = service.project / "app/long.py"
    module.write_text(f'"""Too long."""\nimport os, sys\nALL = [{"sys.path, " * 12}]\n')

    fixed = _just(service, "fix")

    assert fixed.status == 0, fixed.text
    assert max(map(len, module.read_text().splitlines())) <= 100
    assert "import os" not in module.read_text()


@pytest.mark.parametrize("recipe", ["dev", "serve"])
def test_ctrl_c_ends_quietly(service: Service, recipe: str) -> None:
    """A terminal sends SIGINT to all processes in it."""
    service.cli("migrate")
    with service.log.open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            ["just", "--no-deps", recipe],  # its dependencies would install
            cwd=service.project.path,
            env=service.environment | WITHOUT_SYNC,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    wait_until(lambda: "startup complete" in service.log.read_text("utf-8"), recipe, service.log)
    os.killpg(process.pid, signal.SIGINT)

    assert process.wait(timeout=20) in {0, 130}
    assert not re.search("recipe|Traceback|Aborted", service.log.read_text("utf-8"))


def test_seed_adds_notes_to_an_existing_account(service: Service) -> None:
    service.cli("migrate")
    service.start()
    with service.client() as client:
        client.post("/api/users", json=people.sign_up_form("ada")).raise_for_status()

        first, second = (service.cli("seed").output for _ in range(2))

        tokens = people.tokens_of(people.log_in(client, "ada", people.PASSWORD))
        notes = client.get("/api/notes", headers={"Authorization": f"Bearer {tokens[0]}"})
    assert notes.json()["total"] == 25
    assert "ada exists already.\nAdded 25 notes of ada.\n" in first
    assert "Added" not in second


def test_a_failing_test_prints_short_lines_once(service: Service) -> None:
    (service.project / "tests/test_own.py").write_text(FAILS)

    told = service.python("-m", "pytest", "tests/test_own.py", check=False)

    _, _, captured = told.output.partition("Captured")
    assert told.status == 1
    assert captured.count("RuntimeError: the reason") == 1
    assert max(map(len, captured.splitlines())) < 200
    assert len(captured) < 1500


@pytest.mark.parametrize("service", ["sqlite", "postgres"], indirect=True)
def test_workers_of_xdist_have_databases_of_their_own(service: Service) -> None:
    """They are dropped at the end."""
    is_file = not databases.named(service.database).server
    tests = ["tests"] if is_file else ["tests/notes", "tests/web/test_health.py"]

    done = service.python("-m", "pytest", "-n", "2", *tests)

    assert re.search(r"\d passed", done.output)
    assert [*service.project.path.glob("*.sqlite3*")] == []
    name = service.database_url.rpartition("/")[2]
    assert [found for _, found in janitor.databases() if found.startswith(name)] == []


def test_a_list_may_be_the_default_in_a_schema(service: Service) -> None:
    schemas = service.project / "app/notes/schemas.py"
    source = schemas.read_text().replace(
        "    body: ", "    tags: list[str] = []\n    counts: dict[str, int] = {}\n    body: ", 1
    )
    schemas.write_text(source)

    told = service.run(sys.executable, "-m", "ruff", "check", "--no-cache", check=False)

    assert "tags: list[str] = []" in source
    assert told.status == 0, told.text


@pytest.mark.parametrize("service", databases.NAMES, indirect=True)
def test_an_owners_unique_column_is_named(service: Service) -> None:
    models = service.project / "app/notes/models.py"
    title = "title = fields.CharField(max_length=200"
    assert title in models.read_text()
    models.write_text(models.read_text().replace(title, f"{title}, unique=True"))
    service.cli("migrate")
    service.cli("make-migration", "unique_titles")
    service.cli("migrate")
    service.start()
    with service.client() as client:
        ada = people.sign_up(client, "ada")
        note = {"title": "email and username", "body": ""}

        first, second = (
            client.post("/api/notes", json=note, headers=ada.headers) for _ in range(2)
        )

    assert first.status_code == 201
    assert second.status_code == 409
    assert second.json()["detail"] == "Another row has the same title"


@pytest.mark.parametrize("service", ["sqlite", "postgres"], indirect=True)
def test_an_empty_database_is_never_up_to_date(service: Service, tmp_path: Path) -> None:
    """`doctor` says so from another folder too, and when the migrations are missing."""
    service.cli("migrate")
    service.cli("rollback", "--to", "0")

    elsewhere = _doctor_elsewhere(service, tmp_path)
    shutil.rmtree(service.project / "migrations/models")
    without_files = _doctor_elsewhere(service, tmp_path)

    assert elsewhere.status == without_files.status == 1
    assert re.search(r"✗ schema: \d+_accounts, \d+_notes not applied", elsewhere.output)
    assert "models is missing" in without_files.text
    assert "up to date" not in elsewhere.text + without_files.text


def test_settings_and_files_are_found_from_any_folder(template: Path, tmp_path: Path) -> None:
    project = harness.render(template, tmp_path / "service", {"database": "sqlite"})
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    environment = harness.clean_environment() | {"PYTHONPATH": str(project.path)}

    for command in ("setup", "migrate"):
        words = [sys.executable, "-m", "app.cli", command]
        run(words, cwd=elsewhere, environment=environment)

    assert (project / ".env").exists()
    assert (project / "db.sqlite3").exists()
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("name", ["users", "schemas", "routes.users"])
def test_check_refuses_an_import_of_another_parts_rules(service: Service, name: str) -> None:
    path = service.project / "app/notes/service.py"
    text = path.read_text(encoding="utf-8")
    path.write_text(f"{text}\nimport app.accounts.{name}\n", encoding="utf-8")

    checked = service.python(*LINT_IMPORTS, check=False)

    assert checked.status == 1
    assert f"app.notes.service -> app.accounts.{name}" in checked.text


def test_the_version_is_that_of_pyproject(service: Service) -> None:
    path = service.project / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('version = "0.1.0"', 'version = "2.7.1"'), encoding="utf-8")

    document = json.loads(service.cli("openapi").output)

    assert document["info"]["version"] == "2.7.1"


def test_doctor_works_where_the_encoding_lacks_characters(service: Service) -> None:
    service.environment["PYTHONIOENCODING"] = "cp1252"  # of a pipe on Windows

    told = service.cli("doctor", check=False)

    assert told.output.startswith("\\u2713 settings: complete")
    assert "Traceback" not in told.text


def test_doctor_recommends_setup_after_an_answer_that_needs_a_setting(
    template: Path, tmp_path: Path
) -> None:
    """After the recommended command `doctor` is satisfied."""
    before = harness.render(template, tmp_path / "before", {"auth": [], "example": "none"})
    after = harness.render(template, tmp_path / "after", {"auth": ["jwt"], "example": "none"})
    _cli(before, "setup")
    shutil.copy(before / ".env", after / ".env")

    doctor, setup, again = (_cli(after, name) for name in ("doctor", "setup", "doctor"))

    assert "SECRET_KEY: is missing\n  fix: run `just setup`" in doctor.output
    assert setup.output.startswith("Added to .env: SECRET_KEY, ")
    assert "✓ settings: complete" in again.output


def test_git_ignores_sqlite_files_with_every_database(render: Render, tmp_path: Path) -> None:
    """After a change from SQLite to PostgreSQL the file with accounts and hashes is still there."""
    for database in databases.NAMES:
        copy = tmp_path / database
        shutil.copytree(render(database=database).path, copy)
        names = ["db.sqlite3", "db.sqlite3-wal", "db.sqlite3-shm"]
        environment = harness.clean_environment()
        run(["git", "init", "-q"], cwd=copy, environment=environment)

        ignored = run(["git", "check-ignore", *names], cwd=copy, environment=environment)

        assert ignored.output.split() == names


def test_a_changed_database_says_that_rows_stay() -> None:
    text = (ROOT / "copier.yml").read_text(encoding="utf-8").partition("!include")[0]
    settings: dict[str, str] = next(yaml.safe_load_all(text))

    message = " ".join(settings["_message_after_update"].split())
    assert "Rows do not move" in message
    assert message.index("commit the update") < message.index("just restart-migrations`")


@pytest.mark.parametrize("is_there", [False, True], ids=["relative", "full"])
def test_a_template_that_is_not_found_is_explained(
    template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_there: bool
) -> None:
    shutil.copytree(template, tmp_path / "tpl")
    monkeypatch.chdir(tmp_path)
    source = str(tmp_path / "tpl") if is_there else "tpl"
    copier.run_copy(source, "svc", defaults=True, quiet=True, settings=copier.Settings())
    command = [sys.executable, "-m", "tools.template"]

    told = run(
        command, cwd=tmp_path / "svc", environment=harness.clean_environment(), check=is_there
    )

    assert told.status == (0 if is_there else 1)
    assert ("recorded as tpl, and there is no such folder" in told.errors) != is_there
    assert "python -m tools.template" in Project(tmp_path / "svc").text("justfile")


def test_a_newcomer_is_told_of_git_and_of_what_to_read(render: Render) -> None:
    project = render(ci="github")

    assert "git init" in project.output
    assert "Read README.md first, then app/notes/" in project.output
    readme = project.text("README.md")
    assert "git init" in readme
    assert "in a subfolder" in readme


WITHOUT_SYNC = {"UV_NO_SYNC": "1", "UV_PROJECT_ENVIRONMENT": sys.prefix}
"""Variables that let `uv run` use this environment as it is."""


def _just(service: Service, *words: str) -> Outcome:
    environment = service.environment | WITHOUT_SYNC
    return run(["just", *words], cwd=service.project.path, environment=environment, check=False)


def _doctor_elsewhere(service: Service, folder: Path) -> Outcome:
    return run(
        [sys.executable, "-m", "app.cli", "doctor"],
        cwd=folder,
        environment=service.environment | {"PYTHONPATH": str(service.project.path)},
        check=False,
    )


def _cli(project: Project, *words: str) -> Outcome:
    """Run a command that has no settings but those of `.env`."""
    command = [sys.executable, "-m", "app.cli", *words]
    return run(command, cwd=project.path, environment=harness.clean_environment(), check=False)
