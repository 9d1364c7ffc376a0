"""docs/reference/security.md names the tests that prove each check, and is up to date."""

import copy
from typing import Any

import pytest

from tools import reference
from tools.reference import Document, Proof


@pytest.fixture
def document() -> dict[str, Any]:
    """Offer a copy of tests/service/running/security.toml to break."""
    return copy.deepcopy(dict(reference.read()))


@pytest.fixture
def proofs() -> list[Proof]:
    """Offer the tests of running services."""
    return reference.running()


def test_every_check_has_a_test_or_a_reason(document: Document, proofs: list[Proof]) -> None:
    assert reference.complaints(document, proofs) == []


def test_the_page_is_what_just_reference_would_write(
    document: Document, proofs: list[Proof]
) -> None:
    assert reference.PAGE.read_text(encoding="utf-8") == reference.page(document, proofs)


def test_every_marked_test_says_what_holds(proofs: list[Proof]) -> None:
    silent = [proof.name for proof in proofs if not proof.sentence.endswith(".")]

    assert silent == []


def test_a_check_without_test_and_reason_is_noticed(
    document: dict[str, Any], proofs: list[Proof]
) -> None:
    del document["checks"]["U01"]
    without_a10 = [proof for proof in proofs if "A10" not in proof.ids]

    assert reference.complaints(document, without_a10) == [
        "A10: nothing says what holds",
        "A10: there is neither a test nor a reason why not",
        "U01: nothing says what holds",
        "U01: there is neither a test nor a reason why not",
    ]


def test_a_test_that_does_not_exist_is_noticed(
    document: dict[str, Any], proofs: list[Proof]
) -> None:
    path = "template/project/tests/accounts/test_login.py"
    document["checks"]["A04"]["tests"] = [f"{path}::test_nothing", "tests/nowhere.py::test_x"]

    assert reference.complaints(document, proofs) == [
        f"A04: {path} has no test_nothing",
        "A04: tests/nowhere.py has no test_x",
    ]


def test_a_check_that_does_not_exist_is_noticed(
    document: dict[str, Any], proofs: list[Proof]
) -> None:
    stray = Proof("tests/service/running/test_rows.py", "test_rows", "Rows.", ("D99",))

    assert "D99: no such check" in reference.complaints(document, [*proofs, stray])


def test_a_reason_beside_a_test_is_noticed(document: dict[str, Any], proofs: list[Proof]) -> None:
    document["checks"]["A10"] = {"part": "API keys"}

    assert reference.complaints(document, proofs) == [
        "A10: there are a test and a reason why not; one is too many"
    ]
