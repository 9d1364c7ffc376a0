"""Requests that Schemathesis makes up from the service's own OpenAPI document."""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.support import people
from tests.support.harness import Service, run

CALLERS = ("admin", "user", "nobody")
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "ignored_auth",
    "use_after_free",
)
EXAMPLES = 10
"""Requests for each operation; `just chaos schema` sends more."""


@dataclass(frozen=True)
class Findings:
    """The outcome of a run of Schemathesis."""

    status: int
    requests: int
    operations: int
    report: str


def requests(service: Service, caller: str, *, examples: int = EXAMPLES, seed: int = 1) -> Findings:
    """Send generated requests to a running service of its own, as an admin, a user or nobody."""
    with service.client() as client:
        headers = _headers(service, client, caller)
    given = [f"--header={name}: {value}" for name, value in headers.items()]
    command = [
        str(Path(sys.executable).with_name("st")),
        "run",
        f"{service.url}/openapi.json",
        *given,
        f"--checks={','.join(CHECKS)}",
        f"--max-examples={examples}",
        f"--seed={seed}",
        "--generation-database=none",
        "--continue-on-failure",
        "--no-color",
    ]
    environment = service.environment | {"NO_PROXY": "127.0.0.1"}
    folder = service.log.parent
    ended = run(command, cwd=folder, environment=environment, check=False)
    made = re.search(r"(\d+) generated", ended.output)
    tested = re.search(r"Tested: (\d+)", ended.output)
    return Findings(
        ended.status,
        int(made.group(1)) if made else 0,
        int(tested.group(1)) if tested else 0,
        ended.text,
    )


def _headers(service: Service, client: httpx.Client, caller: str) -> dict[str, str]:
    if caller == "admin":
        return people.create_admin(service, client).headers
    return people.sign_up(client).headers if caller == "user" else {}
