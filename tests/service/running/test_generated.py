"""Generated requests."""

import pytest

from tests.conftest import RecordFigure
from tests.service.running import generated
from tests.service.running.conftest import sibling_service
from tests.support.harness import Service
from tests.variants.rows import RUNNING


@pytest.mark.check("L09")
@pytest.mark.parametrize(
    ("running", "caller"),
    [*zip(RUNNING, generated.CALLERS, strict=True)],
    indirect=["running"],
    ids=str,
)
def test_no_request_finds_a_crash_or_an_undocumented_answer(
    running: Service, caller: str, record_figure: RecordFigure
) -> None:
    """Whatever the OpenAPI document allows or forbids, the response is a documented one.

    Each caller uses one database here, all databases in `just chaos schema`.
    """
    with sibling_service(running) as service:
        service.cli("migrate")
        service.start()
        operations = sum(map(len, _document(service)["paths"].values()))

        found = generated.requests(service, caller)

        assert found.status == 0, found.report
        assert found.operations == operations
        assert found.requests >= operations * generated.EXAMPLES
        assert "Traceback" not in service.log.read_text(encoding="utf-8")
        record_figure(f"generated requests: {found.requests} as {caller}, 0 findings")


def _document(service: Service) -> dict[str, dict[str, dict[str, object]]]:
    with service.client() as client:
        document: dict[str, dict[str, dict[str, object]]] = client.get("/openapi.json").json()
    return document
