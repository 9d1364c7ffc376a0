"""Settings."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from app.config import Settings, get_settings
from tests.conftest import ChangeSettings


def test_the_example_lists_exactly_the_settings_that_are_read() -> None:
    listed = re.findall(r"^(\w+)=", Path(".env.example").read_text(encoding="utf-8"), re.MULTILINE)

    assert sorted(listed) == sorted(name.upper() for name in Settings.model_fields)


@pytest.mark.parametrize("command", [["-m", "app.cli", "serve"], ["-c", "import app.main"]])
def test_the_start_names_all_wrong_settings_at_once(command: list[str], tmp_path: Path) -> None:
    wrong = {"PORT": "hunter2", "LOG_LEVEL": "hunter2", "DATABASE_URL": "hunter2"}

    result = subprocess.run(  # noqa: S603 - the command is ours
        [sys.executable, *command],
        cwd=tmp_path,
        env=os.environ | wrong | {"PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 1
    assert all(f"\n  {name}: " in result.stderr for name in wrong)
    assert "hunter2" not in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    "setting",
    [
        *("DATABASE_URL=", "DATABASE_URL=oracle://x", "PORT=0", "CORS_ORIGINS=*"),
        *("ALLOWED_HOSTS=*", "ALLOWED_HOSTS=a.org,*:80", "ROOT_PATH=shop", "ROOT_PATH=/a b"),
        *("TRUSTED_PROXIES=*", "TRUSTED_PROXIES=10.0.0.1,::/0", "TRUSTED_PROXIES=proxy"),
    ],
)
def test_a_wrong_setting_is_named(change_settings: ChangeSettings, setting: str) -> None:
    name, _, value = setting.partition("=")
    change_settings(**{name: value})

    with pytest.raises(SystemExit, match=f"\n  {name}: "):
        get_settings()


def test_a_network_of_proxies_is_read_as_the_server_reads_it(
    change_settings: ChangeSettings,
) -> None:
    change_settings(TRUSTED_PROXIES="10.0.0.7/24, 10.1.0.1, ::1")

    assert get_settings().trusted_proxies == ("10.0.0.0/24", "10.1.0.1", "::1")


@pytest.mark.parametrize("text", ["a.org, b.org", '["a.org", "b.org"]'])
def test_a_list_is_comma_separated_or_json(change_settings: ChangeSettings, text: str) -> None:
    change_settings(ALLOWED_HOSTS=text)

    assert get_settings().allowed_hosts == ("a.org", "b.org")
