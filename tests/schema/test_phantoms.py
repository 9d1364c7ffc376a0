"""No field, option, key or index of Tortoise looks changed after its migration."""

import pytest

from tests.conftest import Render, need
from tests.schema.case import DATABASES
from tests.schema.workshop import elsewhere


@pytest.mark.parametrize("database", DATABASES)
def test_nothing_differs_after_the_first_migration(database: str, render: Render) -> None:
    need(database)

    elsewhere("tests.schema.zoo", database, render(database=database).path)
