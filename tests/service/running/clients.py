"""Clients that third-party generators make from a service's OpenAPI document."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import httpx

from tests.conftest import skip_or_fail
from tests.support.harness import ROOT, Outcome, Service, clean_environment, run

SOURCES = Path(__file__).with_name("typescript")
CACHE = ROOT / ".cache/typescript"
GENERATOR = "openapi-python-client==0.29.1"
IMPORT_ALL = """
import importlib, pkgutil, client
names = [each.name for each in pkgutil.walk_packages(client.__path__, "client.")]
for name in names:
    importlib.import_module(name)
print(*names, sep="\\n")
"""


def write_document(client: httpx.Client, folder: Path) -> Path:
    """Write the OpenAPI document of a running service to a file."""
    path = folder / "openapi.json"
    path.write_text(json.dumps(client.get("/openapi.json").json()), encoding="utf-8")
    return path


def compile_typescript(document: Path) -> Path:
    """Generate types, compile the happy path with them, and return the program."""
    _install_node_packages()
    for source in SOURCES.iterdir():
        shutil.copy(source, CACHE)
    _run(["npx", "--no", "openapi-typescript", str(document), "--output", "api.d.ts"])
    _run(["npx", "--no", "tsc"])
    return CACHE / "happy_path.js"


def run_typescript(program: Path, service: Service, username: str) -> Outcome:
    """Run the client against a running service."""
    return _run(["node", str(program), service.url, username])


def _install_node_packages() -> None:
    """Install the packages of package.json, unless they are installed already."""
    for tool in ("node", "npm"):
        if not shutil.which(tool):
            skip_or_fail(f"{tool} is not installed")
    wanted = (SOURCES / "package.json").read_text(encoding="utf-8")
    installed = CACHE / "installed.json"
    if installed.exists() and installed.read_text(encoding="utf-8") == wanted:
        return
    shutil.rmtree(CACHE, ignore_errors=True)
    CACHE.mkdir(parents=True)
    shutil.copy(SOURCES / "package.json", CACHE)
    if _run(["npm", "install", "--no-audit", "--no-fund"], check=False).status != 0:
        skip_or_fail(
            "npm cannot install the packages of tests/service/running/typescript/package.json"
        )
    installed.write_text(wanted, encoding="utf-8")


def generate_python(document: Path) -> list[str]:
    """Generate a client, import all of it, and return the names of its modules."""
    tool = ["uv", "run", "--quiet", "--no-project", "--with", GENERATOR]
    folder = document.parent
    if _run([*tool, "python", "-c", ""], folder, check=False).status != 0:
        skip_or_fail(f"uv cannot install {GENERATOR}")
    options = ["--path", str(document), "--output-path", "client", "--meta", "none"]
    _run([*tool, "openapi-python-client", "generate", *options, "--fail-on-warning"], folder)
    return _run([*tool, "python", "-c", IMPORT_ALL], folder).output.split()


def _run(command: Sequence[str], folder: Path = CACHE, *, check: bool = True) -> Outcome:
    return run(command, cwd=folder, environment=clean_environment(), check=check)
