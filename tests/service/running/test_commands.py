"""Commands whose input is odd, or whose caller changes their mind."""

import signal
from collections.abc import Iterator
from subprocess import PIPE, STDOUT, Popen
from sys import executable

import pytest

from tests.service.running.conftest import SQLITE, Start, sibling_service
from tests.support import people
from tests.support.harness import Service
from tests.support.people import PASSWORD, log_in


@pytest.fixture(scope="module")
def service(start: Start) -> Service:
    """Offer a service whose siblings run commands."""
    return start(SQLITE)


@pytest.fixture
def sibling(service: Service) -> Iterator[Service]:
    """Offer a sibling with an empty, migrated database."""
    with sibling_service(service) as made:
        made.cli("migrate")
        yield made


@pytest.mark.check("A01")
@pytest.mark.parametrize("end", ["\n", "\r\n", ""], ids=repr)
def test_the_end_of_the_line_is_no_part_of_a_password(sibling: Service, end: str) -> None:
    """A password from a file of any system signs in."""
    sibling.cli("create-admin", *people.ADMIN_OPTIONS, stdin=f"{PASSWORD}{end}")
    sibling.start()
    with sibling.client() as client:
        status = log_in(client, people.ADMIN).status_code

    assert status == 200


@pytest.mark.check("E01")
@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (["create-admin", *people.ADMIN_OPTIONS], "Standard input is closed"),
        (["create-admin"], "there is no terminal"),
        (["rollback"], "there is no terminal"),
    ],
    ids=["read", "prompt", "confirm"],
)
def test_a_closed_input_is_said_in_a_sentence(
    sibling: Service, command: list[str], sentence: str
) -> None:
    """Without a standard input, as in some jobs, a command says so."""
    sibling.environment["ENVIRONMENT"] = "production"
    close = 'exec "$@" <&-'
    end = sibling.run("sh", "-c", close, "sh", executable, "-m", "app.cli", *command, check=False)

    assert end.status == 1
    assert sentence in end.text
    assert "Traceback" not in end.text


@pytest.mark.check("E01")
def test_one_interruption_ends_a_question(sibling: Service) -> None:
    """Ctrl-C at a question ends the command at once, and nothing is done."""
    with Popen(
        [executable, "-m", "app.cli", "rollback"],
        cwd=sibling.project.path,
        env=sibling.environment | {"ENVIRONMENT": "production"},
        stdin=PIPE,
        stdout=PIPE,
        stderr=STDOUT,
    ) as process:
        assert process.stdout
        said = b""
        while b"[y/N]" not in said:
            said += process.stdout.read(1)
        process.send_signal(signal.SIGINT)
        status = process.wait(timeout=30)
        rest = process.stdout.read()

    assert status == 1
    assert b"Traceback" not in rest
    assert "Nothing to apply" in sibling.cli("migrate").output
