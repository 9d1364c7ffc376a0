"""A database file that is locked, missing, or on a full disk, and its mode."""

import os
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.conftest import skip_or_fail
from tests.service.running.conftest import SQLITE, Start, sibling_service
from tests.support import people
from tests.support.harness import Service, wait_until
from tests.support.problems import assert_problem
from tests.support.scenarios import WRITERS, hang_under_load, locked


@pytest.fixture(scope="module")
def service(start: Start) -> Service:
    """Offer a running service whose database is a file."""
    return start(SQLITE)


@pytest.mark.check("L03")
def test_a_locked_file_makes_no_request_hang(service: Service) -> None:
    """While another process holds the lock, writers get 503; afterwards all write again."""
    hang = hang_under_load(service, locked(service))

    assert hang.unexpected == []
    assert hang.lost == set()
    assert hang.unavailable >= WRITERS
    assert hang.acknowledged >= WRITERS
    assert "Unexpected error" not in service.log.read_text(encoding="utf-8")


@pytest.mark.check("D08")
def test_a_service_starts_before_its_folder(service: Service, tmp_path: Path) -> None:
    """Started before the folder of its file exists, it answers 503, and serves afterwards."""
    folder = tmp_path / "later"
    url = f"sqlite://{folder / 'db.sqlite3'}"
    with sibling_service(service, own_database=False, DATABASE_URL=url) as sibling:
        sibling.start()
        with sibling.client() as client:
            form = people.sign_up_form(people.new_name())
            early = [client.post("/api/users", json=form) for _ in range(2)]
            not_ready = client.get("/health/ready")
            sibling.cli("migrate")
            late = client.post("/api/users", json=form)
            ready = client.get("/health/ready")

    for response in early:
        assert_problem(response, 503)
    assert not_ready.status_code == 503
    assert late.status_code == 201
    assert ready.status_code == 200


@pytest.mark.check("D16")
def test_only_the_owner_can_read_the_file(service: Service) -> None:
    """The file of the database and those beside it have mode 600."""
    name = Path(service.database_url.removeprefix("sqlite://"))
    with service.client() as client:
        people.sign_up(client)

    files = name.parent.glob(f"{name.name}*")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in files}

    assert {f"{name.name}{suffix}" for suffix in ("", "-wal", "-shm")} <= set(modes)
    assert set(modes.values()) == {0o600}


@contextmanager
def _small_disk(folder: Path) -> Iterator[None]:
    """Mount a file system of sixteen megabytes, which only root may."""
    folder.mkdir()
    if os.geteuid() != 0:
        skip_or_fail("only root can mount a small file system")
    mount = ("mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder))
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        skip_or_fail("a small file system cannot be mounted here")
    try:
        yield
    finally:
        subprocess.run(("umount", "-l", str(folder)), check=True)


def _fill(path: Path) -> None:
    """Write until the disk is full."""
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass


@pytest.mark.check("L14")
def test_readiness_sees_a_full_disk(service: Service, tmp_path: Path) -> None:
    """After a write failed on a full disk, readiness fails until writes succeed again."""
    folder = tmp_path / "small"
    with _small_disk(folder):
        url = f"sqlite://{folder / 'db.sqlite3'}"
        with sibling_service(service, own_database=False, DATABASE_URL=url) as sibling:
            sibling.cli("migrate")
            sibling.start()
            filler = folder / "filler"
            with sibling.client() as client:
                owner = people.sign_up(client)
                ready = [client.get("/health/ready")]
                _fill(filler)
                body = {"title": "t", "body": "b" * 9000}
                refused = client.post("/api/notes", json=body, headers=owner.headers)
                read = client.get("/api/notes", headers=owner.headers)
                ready += [client.get("/health/ready") for _ in range(2)]
                filler.unlink()
                wait_until(
                    lambda: client.get("/health/ready").status_code == 200, "space", sibling.log
                )
                written = client.post("/api/notes", json=body, headers=owner.headers)
            text = sibling.log.read_text(encoding="utf-8")
            sibling.stop()

    assert_problem(refused, 503)
    assert refused.headers["retry-after"].isdigit()
    assert read.status_code == 200
    assert [response.status_code for response in ready] == [200, 503, 503]
    assert ready[1].json()["checks"]["writes"] == "failing"
    assert written.status_code == 201
    assert "database or disk is full" in text or "disk I/O error" in text
    assert "Unexpected error" not in text
