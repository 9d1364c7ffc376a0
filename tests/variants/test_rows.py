"""Every pair of answers, run: each row does all that its owner does, on its own database."""

from pathlib import Path

import pytest

from tests.conftest import require_server
from tests.variants import execution
from tests.variants.rows import Row


def test_a_row_does_what_its_owner_does(
    live_row: Row,
    template: Path,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    rerun_command: str,
) -> None:
    require_server(live_row.database)
    kept = execution.folder(live_row)
    try:
        with execution.open_service(template, live_row, tmp_path / "service", kept) as service:
            times = execution.exercise(service)
    except BaseException as error:
        error.add_note(f"The output is in {kept}.\nTo run it again: {rerun_command}")
        raise

    request.node.user_properties += [
        ("row", [str(live_row), times.check, times.rest]),
        (
            "branches",
            [
                [branch.path, branch.line, branch.kind]
                for branch in sorted(service.project.branches)
            ],
        ),
    ]
