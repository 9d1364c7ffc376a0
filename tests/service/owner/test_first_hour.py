"""The first hour of a newcomer: the commands of the final message, word for word."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path

import httpx
import pytest

from tests.conftest import RecordFigure, require_server
from tests.support import databases, harness
from tests.support.harness import Project, Service, run, wait_until

ROWS = [*zip(databases.NAMES, cycle(("3.11", "3.12", "3.13")), strict=False)]
PERSON = {
    "username": "ada",
    "email": "ada@example.org",
    "password": "correct horse battery",
    "confirm_password": "correct horse battery",
}
EXAMPLES = {"NAME": "nothing", "USER": PERSON["username"], "ADDRESS": "new@example.org"}


@pytest.mark.parametrize(("database", "version"), ROWS, ids=map("-python".join, ROWS))
def test_the_commands_of_the_final_message_lead_to_a_first_record(
    database: str,
    version: str,
    template: Path,
    tmp_path: Path,
    record_figure: RecordFigure,
) -> None:
    require_server(database)
    slug = harness.new_slug("hour")
    began = time.perf_counter()
    message = _copy(template, tmp_path, database=database, project_slug=slug)
    commands = re.findall(r"^ +(uv run just \S+)", message, re.MULTILINE)
    assert commands[:3] == ["uv run just setup", "uv run just check", "uv run just dev"]

    project = Project(tmp_path / "service")
    service = Service(project, database)
    environment = harness.clean_environment() | {
        "PORT": str(service.port),
        "UV_PYTHON": _interpreter(version),
        "UV_PROJECT_ENVIRONMENT": str(tmp_path / "venv"),  # no part of the project's files
    }
    run(commands[0].split(), cwd=project.path, environment=environment)
    service.environment |= {"DATABASE_URL": _setting(project, "DATABASE_URL")}
    try:
        checking = time.perf_counter()
        run(commands[1].split(), cwd=project.path, environment=environment)
        began += time.perf_counter() - checking
        run(["uv", "run", "just", "migrate"], cwd=project.path, environment=environment)
        with _running(commands[2].split(), project.path, environment, service):
            seconds = time.perf_counter() - began
            with service.client() as client:
                assert client.get("/health/ready").json()["status"] == "ok"
                _write_and_read(client)
        if database == "sqlite":
            for command in _commands(project.text("AGENTS.md"), known=commands):
                run(command, cwd=project.path, environment=environment)
        record_figure(
            f"{database} on Python {version}: first record {seconds:.0f} s after copying began"
        )
        lock = (project / "uv.lock").read_text(encoding="utf-8")
        assert re.search(r'name = "tortoise-orm"', lock)
    finally:
        service.drop_database()


def _commands(page: str, *, known: Sequence[str]) -> list[list[str]]:
    """Return the commands that AGENTS.md names: those of its table, then those of its block.

    The first come without those that are known, and without the one that the block has in full.
    """
    verbs = re.findall(r"^\| `([^`]+)` \|", page.partition("## Commands")[2], re.MULTILINE)
    lines = [f"uv run just {verb}" for verb in verbs if "…" not in verb]
    lines = [_with_examples(line) for line in lines if line not in known]
    lines += re.findall(r"^uv run just .+$", page, re.MULTILINE)
    lines += re.findall(r"`(uv run just remove-resource \w+)`", page)
    assert len(lines) > 6
    return [[*shlex.split(line), *(["--yes"] if "remove" in line else [])] for line in lines]


def _with_examples(line: str) -> str:
    """Return a command with values instead of placeholders."""
    for placeholder, value in EXAMPLES.items():
        line = line.replace(placeholder, value)
    return line


def test_generation_needs_no_network_no_trust_and_writes_nowhere_else(
    template: Path, tmp_path: Path
) -> None:
    """`unshare` removes the network; the empty HOME shows any file that is written to it."""
    before = _tree(template)

    _copy(template, tmp_path, without_network=True)

    written = {path.name for path in tmp_path.iterdir()}
    assert written == {"service", "home"}
    assert _tree(template) == before
    assert not [path for path in (tmp_path / "home").rglob("*") if path.is_file()]


def test_the_default_service_needs_no_server(template: Path, tmp_path: Path) -> None:
    project = harness.render(template, tmp_path / "service", {})

    servers = ("5432", "3306", "6379", "5672")
    text = "\n".join((project / name).read_text(encoding="utf-8") for name in project.files)

    assert not [port for port in servers if f":{port}" in text]


def _copy(template: Path, folder: Path, *, without_network: bool = False, **answers: str) -> str:
    """Run the command line of Copier as a stranger would, and return what it says."""
    home = folder / "home"
    home.mkdir()
    data = [part for name, value in answers.items() for part in ("--data", f"{name}={value}")]
    command = [sys.executable, "-m", "copier", "copy", "--defaults", *data]
    command += [str(template), str(folder / "service")]
    if without_network:
        if not shutil.which("unshare"):
            pytest.skip("unshare, of util-linux, is not installed")
        command = ["unshare", "--net", "--map-root-user", *command]
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    return run(command, cwd=folder, environment=environment).text


@contextmanager
def _running(
    command: list[str], folder: Path, environment: dict[str, str], service: Service
) -> Iterator[None]:
    with service.log.open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        wait_until(lambda: _is_up(service, process), "the service to start", service.log)
        yield
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(timeout=20)


def _is_up(service: Service, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, service.log.read_text(encoding="utf-8")
    try:
        return httpx.get(f"{service.url}/health/ready", trust_env=False).is_success
    except httpx.TransportError:
        return False


def _write_and_read(client: httpx.Client) -> None:
    assert client.post("/api/users", json=PERSON).status_code == 201
    form = {name: PERSON[name] for name in ("username", "password")}
    token = client.post("/api/auth/login", data=form).json()["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"
    written = client.post("/api/notes", json={"title": "First", "body": "Bread"}).json()
    assert client.get(f"/api/notes/{written['id']}").json() == written


def _setting(project: Project, name: str) -> str:
    lines = (project / ".env").read_text(encoding="utf-8").splitlines()
    value = next(line for line in lines if line.startswith(f"{name}=")).partition("=")[2]
    return value.replace("sqlite://", f"sqlite://{project.path}/")


def _interpreter(version: str) -> str:
    """Find an interpreter of this version on the PATH, or beside the shims of pyenv."""
    candidates = [shutil.which(f"python{version}") or ""]
    for folder in os.environ["PATH"].split(os.pathsep):
        if Path(folder).name == "shims":
            found = Path(folder).parent.glob(f"versions/{version}.*/bin/python{version}")
            candidates = [*map(str, found), *candidates]
    for candidate in filter(None, candidates):
        asked = [candidate, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
        if done.stdout.strip() == version:
            return candidate
    pytest.skip(f"Python {version} is not installed")


def _tree(folder: Path) -> list[tuple[str, int]]:
    return sorted((str(path), path.stat().st_size) for path in folder.rglob("*"))
