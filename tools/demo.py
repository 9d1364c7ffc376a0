"""A new service, from nothing to its first record, over HTTP: `make demo`."""

import argparse
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import copier
import httpx

from tests.support.harness import ROOT, clean_environment, free_port, snapshot, wait_until

PERSON = "ada"


def main() -> None:
    """Render the default service, start it, and use it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path, help="a new folder to keep the service in")
    kept = parser.parse_args().keep
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        service = kept or Path(folder, "my-service")
        _say(f"copier copy --defaults {ROOT.name} {service.name}")
        template = snapshot(Path(folder, "template"))
        copier.run_copy(str(template), service, defaults=True, quiet=True)
        _use(service)
    _say(f"Done in {time.perf_counter() - began:.0f} seconds.")
    print(NEXT)


NEXT = f"""
Your turn, with names of your own (pip install uv, if you lack it):

  uvx copier copy {ROOT} my-service
  cd my-service
  git init
  uv run just setup
  uv run just dev
"""


def _use(service: Path) -> None:
    port = free_port()
    environment = clean_environment() | {"PORT": str(port)}
    for recipe in ("setup", "migrate"):
        _say(f"uv run just {recipe}")
        command = ["uv", "run", "--quiet", "just", recipe]
        subprocess.run(command, cwd=service, env=environment, check=True, stdout=sys.stderr)
    _say("uv run just serve")
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        server = subprocess.Popen(
            ["uv", "run", "--quiet", "just", "serve"],
            cwd=service,
            env=environment,
            stdout=nowhere,
            stderr=nowhere,
            start_new_session=True,
        )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            wait_until(lambda: _answers(client), "the service to start")
            _sign_up_and_write(client)
    finally:
        os.killpg(server.pid, signal.SIGTERM)  # uv, just and the service
        server.wait(timeout=20)


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/health/ready").is_success
    except httpx.TransportError:
        return False


def _sign_up_and_write(client: httpx.Client) -> None:
    password = secrets.token_urlsafe(16)
    account = {"username": PERSON, "email": f"{PERSON}@example.org"}
    both = {"password": password, "confirm_password": password}
    _call(client, "POST", "/api/users", json=account | both)
    form = {"username": PERSON, "password": password}
    tokens = _call(client, "POST", "/api/auth/login", data=form)
    client.headers["Authorization"] = f"Bearer {tokens['access_token']}"
    note = {"title": "First", "body": "Written over HTTP"}
    written = _call(client, "POST", "/api/notes", json=note)
    read = _call(client, "GET", f"/api/notes/{written['id']}")
    if read != written:
        raise SystemExit(f"Wrote {written}, but read {read}")
    print(f"  read back: {read}")


def _call(client: httpx.Client, method: str, path: str, **body: object) -> dict[str, object]:
    response = client.request(method, path, **body)  # type: ignore[arg-type]  # json or data
    print(f"  {method} {path} -> {response.status_code}")
    response.raise_for_status()
    answer: dict[str, object] = response.json()
    return answer


def _say(line: str) -> None:
    print(f"\n$ {line}" if not line.startswith("Done") else f"\n{line}", flush=True)


if __name__ == "__main__":
    main()
