"""The event loop under requests that cost as much as possible."""

from pathlib import Path

import pytest

from tests.service.running import stalls
from tests.service.running.conftest import on_sqlite, sibling_service
from tests.support import harness, people
from tests.support.harness import Service

FIELDS = (
    *("name:str:20", "body:text", "count:int", "mass:bigint", "ratio:float", "price:decimal:12,2"),
    *("is_open:bool", "due:date", "seen:datetime", "code:uuid", "extra:json", "state:enum(a|b)"),
)


@pytest.mark.check("I22", "L16")
@on_sqlite
def test_no_request_stops_the_others(running: Service) -> None:
    """No request of an allowed size stops the event loop for two beats of 100 ms."""
    with sibling_service(running) as sibling:
        sibling.cli("migrate")
        with stalls.watched(sibling) as client:
            admin = people.create_admin(sibling, client)
            found = list(stalls.walk(client, admin.headers))

    assert len(found) > 500
    assert [stall for stall in found if stall.missed_beats > 1] == []
    assert [stall for stall in found if stall.status >= 500] == []
    assert [stall for stall in found if stall.is_error and stall.is_too_long] == []
    assert {stall.status for stall in found} >= {200, 201, 400, 401, 404, 413, 422, 431}


@pytest.mark.check("I22", "L16")
def test_no_field_of_a_resource_stops_the_others(template: Path, tmp_path: Path) -> None:
    """The same holds for a field of each type in a resource that the generator has written."""
    answers = {"preset": "minimal", "project_slug": harness.new_slug("t")}
    project = harness.render(template, tmp_path / "service", answers)
    with Service(project, "sqlite") as service:
        service.cli("new-resource", "thing", *FIELDS)
        service.cli("migrate")
        with stalls.watched(service) as client:
            found = list(stalls.walk(client, {}))

    assert len(found) > 200
    assert [stall for stall in found if stall.missed_beats > 1] == []
    assert [stall for stall in found if stall.status >= 500] == []
    assert [stall for stall in found if stall.is_error and stall.is_too_long] == []


@pytest.mark.check("I23")
@on_sqlite
def test_the_answer_to_many_faults_counts_them(running: Service) -> None:
    """A 422 lists 20 faults, counts the others, and shows at most 64 characters of a name."""
    with running.client() as client:
        many = client.post("/api/users", json={f"{'🦊' * 70}{n}": n for n in range(3000)})
        few = client.post("/api/users", json={})
        huge = client.post("/api/users", json={f"k{n}": n for n in range(60_000)})

    assert [answer.status_code for answer in (many, few, huge)] == [422, 422, 422]
    assert (len(many.json()["errors"]), many.json()["more"]) == (20, 3004 - 20)
    assert max(len(error["field"]) for error in many.json()["errors"]) == 64
    assert "more" not in few.json()
    assert max(len(answer.content) for answer in (many, huge)) <= stalls.LARGEST_ANSWER
