"""Write the pages of docs/reference that are made from the code: `just reference`."""

import ast
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from tests.support.harness import ROOT

RUNNING = ROOT / "tests/service/running"
CHECKS = ROOT / "tests/service/running/security.toml"
PAGE = ROOT / "docs/reference/security.md"

HEAD = """\
# What is checked about security

<!-- Made by `just reference` from the marks of tests and tests/service/running/security.toml. -->

Each row is a check against a known kind of mistake, and the tests that prove it.
Tests in `tests/service/running` ask services that really run, on SQLite, PostgreSQL and MySQL or
MariaDB, over HTTP; those in `template/project/tests` come with every service. Where the template
does not offer a part yet, the row names the part that will bring the check.
"""

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Proof:
    """A test, and the first line of its docstring."""

    path: str
    name: str
    sentence: str = ""
    ids: tuple[str, ...] = ()
    """The checks that it is marked with: `@pytest.mark.check("A01")`."""

    def __str__(self) -> str:
        """Return a link for the page."""
        return f"[`{self.name}`](../../{self.path})"


@dataclass(frozen=True)
class Row:
    """A check, its requirement, and its proofs or the reason why there are none."""

    check: str
    holds: str
    proofs: list[Proof] = field(default_factory=list)
    reason: str = ""

    def __str__(self) -> str:
        """Return a line of the table."""
        proof = "<br>".join(map(str, self.proofs)) or self.reason
        return f"| {self.check} | {self.holds} | {proof} |"


def main() -> None:
    """Write the page, or end with the complaints about it."""
    document = read()
    proofs = running()
    if faults := complaints(document, proofs):
        raise SystemExit("\n".join(faults))
    PAGE.write_text(page(document, proofs), encoding="utf-8")


def read() -> Document:
    """Return tests/service/running/security.toml."""
    return tomllib.loads(CHECKS.read_text(encoding="utf-8"))


def running() -> list[Proof]:
    """Return the tests of running services that are marked with a check."""
    return [
        proof for path in sorted(RUNNING.glob("test_*.py")) for proof in tests_in(path) if proof.ids
    ]


@cache
def tests_in(path: Path) -> list[Proof]:
    """Return the tests in a file, without importing it; lines of Jinja are skipped."""
    lines = path.read_text(encoding="utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.startswith("{%"))
    functions = [
        node
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    return [
        Proof(
            str(path.relative_to(ROOT)),
            function.name,
            (ast.get_docstring(function) or "").partition("\n")[0],
            tuple(_marked(function)),
        )
        for function in functions
        if function.name.startswith("test_")
    ]


def _marked(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    for mark in function.decorator_list:
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.check":
            yield from (ast.literal_eval(each) for each in mark.args)


def known(document: Document) -> list[str]:
    """Return the ids of all checks."""
    return [
        f"{letter}{number:02}"
        for letter, section in document["sections"].items()
        for number in range(1, section["last"] + 1)
    ]


def rows(document: Document, proofs: list[Proof]) -> list[Row]:
    """Return a row for each known check."""
    return [_row(check, document["checks"].get(check, {}), proofs) for check in known(document)]


def _row(check: str, written: Document, proofs: list[Proof]) -> Row:
    own = [proof for proof in proofs if check in proof.ids]
    named = [Proof(*name.split("::")) for name in written.get("tests", ())]
    reason = f"comes with {written['part']}" if "part" in written else written.get("reason", "")
    holds = written.get("holds") or (own[0].sentence if own else "")
    return Row(check, holds, own + named, reason)


def complaints(document: Document, proofs: list[Proof]) -> list[str]:
    """Return a sentence for each fault of the table."""
    faults: list[str] = []
    for row in rows(document, proofs):
        if not row.holds:
            faults.append(f"{row.check}: nothing says what holds")
        if not row.proofs and not row.reason:
            faults.append(f"{row.check}: there is neither a test nor a reason why not")
        if row.proofs and row.reason:
            faults.append(f"{row.check}: there are a test and a reason why not; one is too many")
        faults += [
            f"{row.check}: {proof.path} has no {proof.name}"
            for proof in row.proofs
            if not _exists(proof)
        ]
    ids = {check for proof in proofs for check in proof.ids} | set(document["checks"])
    faults += [f"{check}: no such check" for check in sorted(ids - set(known(document)))]
    return faults


def _exists(proof: Proof) -> bool:
    path = ROOT / proof.path
    return path.exists() and proof.name in {test.name for test in tests_in(path)}


def page(document: Document, proofs: list[Proof]) -> str:
    """Return docs/reference/security.md."""
    parts = [HEAD]
    for letter, group in groupby(rows(document, proofs), key=lambda row: row.check[0]):
        title = document["sections"][letter]["title"]
        table = ["| | what holds | test |", "|---|---|---|", *map(str, group)]
        parts.append("\n".join([f"## {title}", "", *table]) + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    main()
