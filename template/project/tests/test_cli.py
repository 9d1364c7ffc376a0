"""Commands to run and maintain the service."""

import asyncio
import os
import shutil
import socket
from pathlib import Path

import pytest
import uvicorn
from click.testing import CliRunner
from fastapi import FastAPI

from app import env_file, main
from app.cli import cli
from app.config import Settings
from app.database import migration_tool
from tests.conftest import NO_DATABASE_URL, ChangeSettings, run


@pytest.fixture
def env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Replace `.env` by a file that does not exist; return its path."""
    monkeypatch.setattr(env_file, "ENV", tmp_path / ".env")
    return env_file.ENV


def test_setup_writes_settings_that_the_service_accepts(
    env: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)

    CliRunner().invoke(cli, ["setup"])

    Settings(_env_file=env)
    assert os.name == "nt" or env.stat().st_mode & 0o777 == 0o600


def test_setup_adds_missing_settings_and_keeps_existing_ones(env: Path) -> None:
    env.write_text("# mine\nPORT=9000")

    added, again = (CliRunner().invoke(cli, ["setup"]).output for _ in range(2))

    lines = env.read_text().splitlines()
    assert lines[:2] == ["# mine", "PORT=9000"]
    assert "HOST=127.0.0.1" in lines
    assert "PORT=8000" not in lines
    assert added.startswith("Added to .env: ENVIRONMENT, DATABASE_URL, ")
    assert again == "Kept .env as it is.\n"


def test_setup_writes_secrets_into_a_copied_example(env: Path) -> None:
    shutil.copy(env_file.EXAMPLE, env)

    CliRunner().invoke(cli, ["setup"])

    assert "written-by-just-setup" not in env.read_text()


async def test_doctor_finds_no_fault_in_a_service_that_can_start(
    database: None, change_settings: ChangeSettings, free_tcp_port: int
) -> None:
    change_settings(PORT=str(free_tcp_port))

    result = await run("doctor")

    assert result.exit_code == 0, result.output


async def test_doctor_names_what_is_wrong(change_settings: ChangeSettings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        change_settings(DATABASE_URL=NO_DATABASE_URL, PORT=port)

        result = await run("doctor")

    assert result.exit_code == 1
    assert "✗ database: does not answer" in result.output
    assert f"✗ port: 127.0.0.1:{port}" in result.output


@pytest.mark.parametrize("is_ours", [True, False], ids=["this service", "another one"])
async def test_doctor_recognizes_the_program_that_uses_the_port(
    database: None, change_settings: ChangeSettings, *, is_ours: bool
) -> None:
    app = main.app if is_ours else FastAPI()
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None))
    with socket.create_server(("127.0.0.1", 0)) as port:
        change_settings(PORT=str(port.getsockname()[1]), ALLOWED_HOSTS="*.example.org")
        serving = asyncio.create_task(server.serve([port]))
        result = await run("doctor")
        server.should_exit = True
        await serving

    assert result.exit_code == (0 if is_ours else 1), result.output
    assert ("✓ port: this service is running at" in result.output) == is_ours


@pytest.mark.parametrize(
    ("there", "remedy"),
    [
        ("HOST=127.0.0.1", "run `just setup`, which adds to .env what it lacks"),
        ("DATABASE_URL=", "correct them in .env"),
    ],
)
def test_doctor_recommends_setup_where_it_helps(
    env: Path, change_settings: ChangeSettings, there: str, remedy: str
) -> None:
    env.write_text(f"{there}\n")
    change_settings(DATABASE_URL="")

    result = CliRunner().invoke(cli, ["doctor"])

    assert result.exit_code == 1
    assert result.output == f"✗ settings: DATABASE_URL: is missing\n  fix: {remedy}\n"


async def test_doctor_reports_a_missing_folder_of_migrations(
    database: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migration_tool, "FOLDER", tmp_path)

    result = await run("doctor")

    assert result.exit_code == 1
    assert "is missing. Restore it" in result.output


async def test_rollback_reports_that_the_database_is_down(change_settings: ChangeSettings) -> None:
    change_settings(DATABASE_URL=NO_DATABASE_URL)

    result = await run("rollback")

    assert result.exit_code == 1
    assert result.output.startswith("Error: The database does not answer")
