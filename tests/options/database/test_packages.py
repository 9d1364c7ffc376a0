"""The tests know each database that can be chosen, and import no driver that nobody asks for."""

import subprocess
import sys

import pytest

from tests.service.schema import dialects
from tests.support import databases, harness

LOADED = """
import sys
import tests.conftest
from tests.support import databases
databases.named("sqlite")
print(*({"aiosqlite", "asyncmy", "asyncpg", "tortoise"} & {*sys.modules}))
"""


@pytest.mark.parametrize("name", databases.NAMES)
def test_each_database_has_a_package(name: str) -> None:
    database = databases.named(name)

    assert database.name == name
    assert bool(database.server) != bool(database.file)
    assert dialects.named(name).shards > 0


def test_a_database_without_a_package_is_one_sentence() -> None:
    sentence = "The tests know no database oracle; add tests/options/database/oracle/$"

    with pytest.raises(LookupError, match=sentence):
        harness.is_reachable("oracle")


def test_a_package_without_a_module_is_one_sentence() -> None:
    sentence = "The tests know no private server of sqlite; add tests/options/database/sqlite/priv"

    with pytest.raises(LookupError, match=sentence):
        databases.part("sqlite", "private_server")


def test_a_database_imports_no_driver_of_another() -> None:
    command = [sys.executable, "-c", LOADED]
    done = subprocess.run(command, cwd=harness.ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == ""
