"""Rendering of services, and running them."""

import contextlib
import io
import json
import os
import re
import secrets
import shlex
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import copier
import httpx
import yaml

from tests.support import databases, forks
from tests.support.databases import Database
from tests.support.forks import ForkedProcess
from tests.variants.branches import Branch, recorded
from tests.variants.space import documents

ROOT = Path(__file__).parents[2]
RUN = os.environ.get("TEMPLATE_TESTS_RUN", "")
if not re.fullmatch("r[0-9a-f]{8}", RUN):  # anything else may be part of a stranger's name
    RUN = os.environ["TEMPLATE_TESTS_RUN"] = f"r{secrets.token_hex(4)}"
"""The id of this run, in the name of each database and the environment of each process."""
OWNER = os.environ.setdefault("TEMPLATE_TESTS_OWNER", str(os.getpid()))
"""The id of the process that began the run and cleans up after it."""
PLAIN_HTTP = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For clients of services, which have no TLS: the usual context reads all certificates first."""
Answers = Mapping[str, Any]
OBSERVERS: list[Callable[["Service", httpx.Response], None]] = []
"""Functions that are called with every response that a client of a service gets."""
DROP_DATABASE = """
import asyncio, os
from app.database import administration
asyncio.run(administration.drop_database(os.environ["DATABASE_URL"]))
"""

COMMANDS = """
import contextlib, io, json, sys, traceback
from app.cli import cli
ends = []
for arguments in json.loads(sys.argv[1]):
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        try:
            cli.main(arguments)
        except SystemExit as end:
            status = end.code or 0
        except Exception:
            traceback.print_exc()
            status = 1
    ends.append([status, output.getvalue()])
print(json.dumps(ends))
"""

STOPPING_SECONDS = 20
SERVE = ("-m", "app.cli", "serve")
OF_PYTHON = {"PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": "default"}
_number = count(1)


def snapshot(destination: Path) -> Path:
    """Copy all files that git tracks or would track, so that tests see what users will see."""
    listing = ["git", "ls-files", "-co", "--exclude-standard", "-z"]
    names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).exists():
            (destination / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, destination / name)
    return destination


def questions() -> dict[str, dict[str, Any]]:
    """Return the questions of copier.yml by name, the derived ones included."""
    return documents(ROOT)


def render(template: Path, destination: Path, answers: Answers) -> "Project":
    """Render as `copier copy --defaults` does: without trust, without the user's own settings.

    Raises:
        KeyError: There is no such question.
        ValueError: An answer is not allowed, alone or with the others, or was not recorded.
    """
    asked = {name for name, body in documents(template).items() if body.get("when", True)}
    if unknown := set(answers) - asked:
        raise KeyError(f"No such question: {', '.join(sorted(unknown))}")
    output = io.StringIO()
    quiet = contextlib.redirect_stderr(output), contextlib.redirect_stdout(output)
    with recorded() as rendered, quiet[0], quiet[1]:
        copier.run_copy(
            str(template),
            destination,
            data=dict(answers),
            defaults=True,
            unsafe=False,
            settings=copier.Settings(),
        )
    project = Project(destination, frozenset(rendered), output.getvalue())
    for name, answer in answers.items():
        if project.answers[name] != answer:
            raise ValueError(
                f"{name}: {answer!r} was given, {project.answers[name]!r} was recorded"
            )
    return project


@dataclass(frozen=True)
class Project:
    """A rendered service on disk."""

    path: Path
    branches: frozenset[Branch] = frozenset()
    """The branches of the templates that it was made from."""
    output: str = ""
    """The output of Copier, with the final message."""

    def __truediv__(self, name: str) -> Path:
        """Return the path of a file in it."""
        return self.path / name

    @cached_property
    def files(self) -> list[str]:
        """The files as git would track them, but for `uv.lock`."""
        ignored = {".venv", "__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".git"}
        ignored |= {".env", "uv.lock", ".import_linter_cache"}
        paths = (path.relative_to(self.path) for path in self.path.rglob("*") if path.is_file())
        kept = (path for path in paths if ignored.isdisjoint(path.parts))
        return sorted(str(path) for path in kept if ".sqlite3" not in path.name)

    @cached_property
    def pyproject(self) -> dict[str, Any]:
        """The parsed pyproject.toml."""
        return tomllib.loads((self / "pyproject.toml").read_text(encoding="utf-8"))

    @cached_property
    def answers(self) -> dict[str, Any]:
        """The recorded answers."""
        text = (self / ".copier-answers.yml").read_text(encoding="utf-8")
        answers: dict[str, Any] = yaml.safe_load(text)
        return answers

    def text(self, name: str) -> str:
        """Return the content of a file."""
        return (self / name).read_text(encoding="utf-8")

    def lines(self, folder: str) -> int:
        """Count the lines with text in a Python file, or in those below a folder."""
        path = self / folder
        paths = [path] if path.is_file() else path.rglob("*.py")
        texts = (path.read_text(encoding="utf-8") for path in paths)
        return sum(bool(line.strip()) for text in texts for line in text.splitlines())


@dataclass
class Service:
    """A rendered service with a database of its own, and its process if it was started."""

    project: Project
    database: str
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[str] | ForkedProcess | None = None
    log: Path = Path()
    interpreter: Path = Path(sys.executable)
    """Python of an environment in which the service's dependencies are installed."""
    transcript: Path | None = None
    """A file to which commands and their output are appended, if there is one."""

    def __post_init__(self) -> None:
        name = self.project.pyproject["project"]["name"].replace("-", "_")
        self.port = free_port()
        self.log = self.project.path.with_suffix(".log")
        self.environment = (
            clean_environment()
            | {
                "DATABASE_URL": self.database_kind.service_url(name, self.project.path),
                "ENVIRONMENT": "development",
                "LOG_FORMAT": "json",
                "PORT": str(self.port),
                "SECRET_KEY": "c2Vl-IGhvdyB0aGV5-IHJ1biBsaWtlIHBpZ3MgZnJvbS",
                "RATE_LIMIT_LOGIN": "50000/minute",  # what is about them sets lower ones
                "RATE_LIMIT_SIGN_UP": "1000000/hour",
                "RATE_LIMIT_MAIL": "1000000/hour",
            }
            | OF_PYTHON
            | self.environment
        )

    @property
    def database_kind(self) -> Database:
        """The statements and properties of its database."""
        return databases.named(self.database)

    @property
    def url(self) -> str:
        """The base URL of the running service."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def database_url(self) -> str:
        """The Tortoise URL of its database."""
        return self.environment["DATABASE_URL"]

    def cli(self, *arguments: str, check: bool = True, stdin: str | None = None) -> "Outcome":
        """Run one of its commands in this environment's interpreter."""
        return self.python("-m", "app.cli", *arguments, check=check, stdin=stdin)

    def cli_at_once(self, *commands: Sequence[str], stdin: str = "") -> list["Outcome"]:
        """Run several of its commands in one process, since starting one takes a second."""
        done = self.python("-c", COMMANDS, json.dumps(commands), stdin=stdin)
        return [Outcome(status, output, "") for status, output in json.loads(done.output)]

    def python(self, *arguments: str, check: bool = True, stdin: str | None = None) -> "Outcome":
        """Run the interpreter inside the service, as a fork where that is the same."""
        if not forks.can_run(self.interpreter, arguments, self.environment):
            return self.run(str(self.interpreter), *arguments, check=check, stdin=stdin)
        folder = self.project.path
        done = forks.run(arguments, cwd=folder, environment=self.environment, stdin=stdin)
        return _checked(Outcome(*done), arguments, folder, check=check)

    def run(self, *command: str, check: bool = True, stdin: str | None = None) -> "Outcome":
        """Run a command in its folder and its environment."""
        return run(
            command,
            cwd=self.project.path,
            environment=self.environment,
            check=check,
            stdin=stdin,
            transcript=self.transcript,
        )

    def start(self, *, workers: int = 1, command: Sequence[str] = SERVE) -> None:
        """Start it, by its own command or another one of Python, and wait until it responds."""
        environment = self.environment | {"WEB_CONCURRENCY": str(workers)}
        arguments, folder = list(command), self.project.path
        with (
            self.log.open("a", encoding="utf-8") as log,
            Path(os.devnull).open(encoding="utf-8") as no,
        ):
            if workers == 1 and forks.can_run(self.interpreter, arguments, environment):
                self.process = forks.start(
                    arguments, cwd=folder, environment=environment, files=(no, log, log)
                )
            else:
                self.process = subprocess.Popen(
                    [str(self.interpreter), *arguments],
                    cwd=folder,
                    env=environment,
                    stdin=no,
                    stdout=log,
                    stderr=log,
                    text=True,
                    start_new_session=True,
                )
        wait_until(self._answers, f"{self.project.path.name} to start", self.log)

    def died(self) -> str:
        """Return a sentence if it was started and has ended on its own, else an empty text."""
        if self.process is None or self.process.poll() is None:
            return ""
        end = self.log.read_text(encoding="utf-8")[-2000:]
        return f"The service died with status {self.process.returncode}; its log ends:\n{end}"

    def stop(self) -> int:
        """Ask it to stop, as Ctrl-C does, and return its exit status.

        After SIGTERM it would serve for two more seconds.
        """
        if self.process is None:
            return 0
        process, self.process = self.process, None
        process.send_signal(signal.SIGINT)
        try:
            return process.wait(timeout=STOPPING_SECONDS)
        except subprocess.TimeoutExpired:
            raise AssertionError(
                f"The service did not stop within {STOPPING_SECONDS} s of SIGINT"
            ) from None
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def drop_database(self) -> None:
        """Drop its database."""
        self.python("-c", DROP_DATABASE)

    def client(self, **options: Any) -> httpx.Client:  # noqa: ANN401 - httpx's own options
        """Return a client of the running service; observers see the responses."""

        def observe(answer: httpx.Response) -> None:
            for observer in OBSERVERS:
                observer(self, answer)

        hooks = {"response": [observe]}
        return httpx.Client(
            base_url=self.url,
            timeout=20,
            trust_env=False,
            verify=PLAIN_HTTP,
            event_hooks=hooks,
            **options,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            try:
                self.stop()
            finally:
                self.drop_database()
        except AssertionError as failure:
            if error is None:
                raise
            error.add_note(f"It was not cleaned up: {str(failure).splitlines()[-1]}")

    def _answers(self) -> bool:
        if sentence := self.died():
            raise RuntimeError(sentence)
        try:
            answer = httpx.get(f"{self.url}/health/live", trust_env=False, verify=PLAIN_HTTP)
        except httpx.TransportError:
            return False
        return answer.is_success


@dataclass(frozen=True)
class Outcome:
    """The result of a command."""

    status: int
    output: str
    errors: str

    @property
    def text(self) -> str:
        """Its standard output, then its standard error."""
        return self.output + self.errors


def run(  # noqa: PLR0913 - as many as subprocess.run has, but by name
    command: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    check: bool = True,
    stdin: str | None = None,
    transcript: Path | None = None,
) -> Outcome:
    """Run a command to its end; with `check`, raise an error with its output if it fails."""
    began = time.perf_counter()
    done = subprocess.run(
        command,
        cwd=cwd,
        env=dict(environment),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    outcome = Outcome(done.returncode, done.stdout, done.stderr)
    if transcript:
        seconds = time.perf_counter() - began
        with transcript.open("a", encoding="utf-8") as record:
            end = f"[{outcome.status}, {seconds:.1f} s]"
            record.write(f"$ {shlex.join(command)}\n{outcome.text.rstrip()}\n{end}\n\n")
    return _checked(outcome, command, cwd, check=check)


def _checked(outcome: Outcome, command: Sequence[str], cwd: Path, *, check: bool) -> Outcome:
    if check and outcome.status != 0:
        raise AssertionError(
            f"{' '.join(command)} ended with {outcome.status} in {cwd}:\n{outcome.text}"
        )
    return outcome


def clean_environment() -> dict[str, str]:
    """Return the environment without variables that would change a service's settings."""
    kept = (
        "PATH",
        "HOME",
        "LANG",
        "TMPDIR",
        "SSL_",
        "PIP_",
        "UV_",
        "REQUESTS_",
        "CURL_",
        "TEMPLATE_",
    )
    return {
        name: value
        for name, value in os.environ.items()
        if name.startswith(kept) and name != "UV_PROJECT_ENVIRONMENT"
    }


def new_slug(word: str) -> str:
    """Return a unique name for a service, and so for its database."""
    return f"{word}-{RUN}-{os.getpid()}-{next(_number)}"


def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(is_so: Any, what: str, log: Path | None = None, *, seconds: float = 60) -> None:  # noqa: ANN401 - any predicate
    """Poll until the predicate holds.

    Raises:
        TimeoutError: It did not hold in time; the message ends with the log.
    """
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            end = log.read_text(encoding="utf-8")[-4000:] if log else ""
            raise TimeoutError(f"Waited {seconds} s for {what}\n{end}")
        time.sleep(0.05)  # other processes send no event when they are ready


def is_reachable(database: str) -> bool:
    """Return whether the server of a database accepts connections; a file always does.

    Raises:
        LookupError: The tests do not know the database.
    """
    server = databases.named(database).server
    return server is None or accepts(server.url)


def accepts(url: str) -> bool:
    """Return whether the server of a database accepts connections; a file always does."""
    parts = urlsplit(url)
    if not parts.hostname:
        return True
    try:
        with socket.create_connection((parts.hostname, parts.port or 0), timeout=2):
            return True
    except OSError:
        return False


def log_records(path: Path) -> Iterator[dict[str, Any]]:
    """Parse a log of which every line must be JSON."""
    for line in path.read_text(encoding="utf-8").splitlines():
        yield json.loads(line)
