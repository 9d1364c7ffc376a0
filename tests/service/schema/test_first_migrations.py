"""The first migrations of the template are what the planner writes today, byte for byte."""

from pathlib import Path

import pytest

from tests.conftest import require_server
from tests.support.databases import NAMES
from tools import first_migrations


@pytest.mark.parametrize("database", NAMES)
def test_the_shipped_migrations_are_what_the_planner_writes(
    database: str, template: Path, tmp_path: Path
) -> None:
    require_server(database)

    written = list(first_migrations.write(template, database, tmp_path))

    assert [path.stem for path in written] == list(first_migrations.PARTS)
    for path in written:
        shipped = first_migrations.shipped(database, path)
        assert path.read_text(encoding="utf-8") == shipped.read_text(encoding="utf-8"), path
