"""The service's planner gets every change of the trial right, or refuses it before harm.

`python -m tests.service.schema.trial --all` compares it with aerich's own diff and Tortoise's own
tool, on all cases; here are the everyday ones, which servers divide among them, or all where
SCHEMA_TRIAL is `all`.
"""

import os
import re
from pathlib import Path

import pytest

from tests.conftest import RecordFigure, require_server
from tests.service.schema import dialects, trial
from tests.service.schema.outcome import Verdict
from tests.support import harness
from tests.support.databases import NAMES

SHARDS = [
    (database, f"{number}/{dialects.named(database).shards}")
    for database in sorted(NAMES, key=lambda name: -dialects.named(name).shards)
    for number in range(1, dialects.named(database).shards + 1)
]
"""Parts of about a minute, most of which is waiting for a server that makes databases."""
CHOICE = () if os.environ.get("SCHEMA_TRIAL") == "all" else ("--everyday",)
WRONG = {
    "aerich": {
        "drop one column and add another of the same type": "tasks.remark of row 2 is '', not None",
        "on delete: SET NULL becomes CASCADE": "nothing is made of: tasks: key (owner_id)",
        "add a many-to-many to another part": "unique (tasks_id, user_id) is missing",
        "a column is not unique any more": "projects: unique (code) should not be there",
    },
    "tortoise": {
        "NULL is allowed": "tasks: unique (project_id, title) is missing",
        "a text column of a table that others hang on gets wider": "tasks has 0 rows, not 4",
        "a text column gets too narrow": "what the rows forbid was not refused",
    },
}
"""Faults of other tools on SQLite, and their descriptions: the trial can find them."""


@pytest.mark.parametrize(("database", "shard"), SHARDS)
def test_the_planner_makes_every_change_or_refuses_it(
    database: str, shard: str, template: Path, tmp_path: Path, record_figure: RecordFigure
) -> None:
    require_server(database)
    service = harness.render(template, tmp_path / "service", {"database": database})

    outcomes = trial.elsewhere("planner", database, service.path, *CHOICE, "--shard", shard)

    missed = [str(outcome) for outcome in outcomes if not outcome.is_expected]
    right = f"{len(outcomes) - len(missed)} of {len(outcomes)} changes of models"
    seconds = sum(item.seconds for item in outcomes)
    record_figure(f"planner on {database}, {shard}: {right}, in {seconds:.0f} s")
    assert outcomes
    assert not missed, "\n".join(missed)


@pytest.mark.parametrize("tool", WRONG)
def test_the_trial_sees_what_other_tools_get_wrong(
    tool: str, template: Path, tmp_path: Path
) -> None:
    service = harness.render(template, tmp_path / "service", {"database": "sqlite"})
    cases = [option for name in WRONG[tool] for option in ("--case", name)]

    outcomes = trial.elsewhere(tool, "sqlite", service.path, *cases)

    assert {item.case: item.verdict for item in outcomes} == dict.fromkeys(
        WRONG[tool], Verdict.WRONG
    )
    for outcome in outcomes:
        assert WRONG[tool][outcome.case] in "\n".join(outcome.words)


@pytest.mark.parametrize("database", NAMES)
def test_check_is_red_for_tables_that_aerichs_own_diff_makes_wrong(
    database: str, template: Path, tmp_path: Path, record_figure: RecordFigure
) -> None:
    """A comparison of tables cannot see wrong rows, nor a wrong undo."""
    require_server(database)
    service = harness.render(template, tmp_path / "service", {"database": database})

    shard = f"1/{dialects.named(database).shards}"
    outcomes = trial.elsewhere("aerich", database, service.path, *CHOICE, "--shard", shard)

    wrong = [
        outcome
        for outcome in outcomes
        if outcome.verdict is Verdict.WRONG
        and any(re.match("make: nothing|up: (?!what the rows)", word) for word in outcome.words)
    ]
    record_figure(
        f"aerich on {database}: `check` is red for {len(wrong)} changes that it makes wrong"
    )
    assert wrong
    assert [str(outcome) for outcome in wrong if not outcome.proof] == []
