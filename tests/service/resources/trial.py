"""Write randomly drawn resources into one service, check, serve and list them, remove them.

    python -m tests.service.resources.trial --database postgres --count 20 --seed 7

Prints a line for each fault, and at the end the number of faults.
"""

import re
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

from tests.service.resources.draw import Drawn, draw
from tests.support import databases, harness, people, sql
from tests.support.harness import Answers, Outcome, Service
from tests.variants.execution import BOOKKEEPING_TABLES

LINT_IMPORTS = ("-c", "from importlinter.cli import lint_imports_command as lint; lint()")
LINT = (
    ("-m", "ruff", "format", "--check", "-q"),
    ("-m", "ruff", "check", "-q"),
    LINT_IMPORTS,
)
TYPES = ("-m", "mypy")
TESTS = ("-m", "pytest", "-q", "--no-header", "-p", "no:xdist")
"""Arguments of Python, which does what `just check` does."""


def main() -> None:
    """Run the trial, and end with exit status 1 if there was a fault."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=databases.NAMES, default=databases.NAMES[0])
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        template = harness.snapshot(Path(name) / "template")
        answers = {"database": options.database}
        drawn = list(draw(options.seed, options.count))
        faults = trial(template, Path(name) / "service", answers, drawn)
    for fault in faults:
        print(fault)
    print(
        f"{options.database}, seed {options.seed}: {len(faults)} faults, {options.count} resources"
    )
    sys.exit(1 if faults else 0)


def trial(
    template: Path,
    destination: Path,
    answers: Answers,
    drawn: Sequence[Drawn],
    *,
    checks: Sequence[Sequence[str]] = (*LINT, TYPES, TESTS),
) -> list[str]:
    """Return a sentence for each fault."""
    slug = harness.new_slug("nouns")
    project = harness.render(template, destination, {**answers, "project_slug": slug})
    service = Service(project, str(project.answers["database"]))
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "born"]):
        git(project.path, *command)
    try:
        service.cli("migrate")
        before = {*sql.tables(service), *BOOKKEEPING_TABLES}
        paths: list[str] = []
        faults = [
            *_written(service, drawn, checks, paths),
            *_served(service, paths),
            *_removed(service, drawn),
        ]
        return [*faults, *(f"{name} is left behind" for name in {*sql.tables(service)} - before)]
    finally:
        service.stop()
        service.drop_database()


def git(folder: Path, *arguments: str) -> str:
    """Run git with a made-up author."""
    names = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.org"]
    command = ["git", *names, *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def _written(
    service: Service, drawn: Sequence[Drawn], checks: Sequence[Sequence[str]], paths: list[str]
) -> list[str]:
    """Write all, add the paths at which they are served, migrate, and run the checks."""
    faults: list[str] = []
    for each in drawn:
        done = service.cli("new-resource", *each.words, check=False)
        faults += _fault(f"new-resource {' '.join(each.words)}", done)
        paths += re.findall(r"Served at (\S+)", done.text)
    faults += _fault("migrate", service.cli("migrate", check=False))
    for check in checks:
        faults += _fault(" ".join(check[:2]), service.python(*check, check=False))
    return faults


def _fault(what: str, done: Outcome) -> list[str]:
    return [] if done.status == 0 else [f"{what}: {done.text[-3000:]}"]


def _served(service: Service, paths: Sequence[str]) -> list[str]:
    """List each over HTTP, without and with parameters."""
    service.start()
    faults = []
    with service.client() as client:
        has_accounts = bool(service.project.answers["auth"])
        headers = people.create_admin(service, client).headers if has_accounts else {}
        for path in paths:
            for query in ({}, {"size": "1", "created_at__gte": "2027-01-31T00:00:00Z"}):
                response = client.get(path, headers=headers, params=query)
                if response.status_code != 200 or response.json()["total"] != 0:
                    faults.append(f"GET {path} {query}: {response.status_code} {response.text}")
    service.stop()
    return faults


def _removed(service: Service, drawn: Sequence[Drawn]) -> list[str]:
    """Remove all, the last first; the folder may keep nothing of them."""
    faults: list[str] = []
    for each in reversed(drawn):
        done = service.cli("remove-resource", each.noun, "--yes", check=False)
        faults += _fault(f"remove-resource {each.noun}", done)
    if left := git(service.project.path, "status", "--short"):
        faults.append(f"left behind:\n{left}")
    return faults


if __name__ == "__main__":
    main()
