"""The planner applies and undoes random changes of random models, and keeps the rows.

`just chaos schema-changes` tries more of them, and others each time.
"""

import pytest

from tests.conftest import RecordFigure, Render, require_server
from tests.service.schema.sequences import seeds
from tests.support.databases import NAMES

SEEDS = range(2, 5)
NOTICED = {"indexes": "is missing", "texts": " holds ", "rows": "rows, not"}
"""Kinds of tampering with an SQLite database, and the words of the fault that is reported."""


@pytest.mark.parametrize("database", NAMES)
def test_random_changes_are_made_or_refused_before_harm(
    database: str, render: Render, record_figure: RecordFigure
) -> None:
    require_server(database)
    service = render(database=database).path

    endings = seeds.elsewhere(database, service, SEEDS)

    made = sum(ending.counts.get("made", 0) for ending in endings)
    seconds = sum(ending.seconds for ending in endings)
    record_figure(f"random changes on {database}: {made} made and undone, in {seconds:.0f} s")
    assert [ending.seed for ending in endings] == [*SEEDS]
    assert made > len(SEEDS)
    assert not any(ending.fault for ending in endings), "\n".join(map(str, endings))


def test_tampering_with_the_database_is_detected(
    render: Render,
) -> None:
    service = render(database="sqlite").path

    for tampering, words in NOTICED.items():
        (ending,) = seeds.elsewhere("sqlite", service, SEEDS[:1], tampering=tampering)

        assert words in ending.fault.rpartition("--- wrong ---")[2], f"{tampering}: {ending}"
