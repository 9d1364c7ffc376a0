"""Fixtures of owners who change the schema of a service."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import require_server
from tests.service.resources.trial import LINT
from tests.service.schema.owner import MODEL, TASK, TITLE, USER, Owner, warm
from tests.support import harness, sql
from tests.support.databases import NAMES
from tests.support.harness import Service

SLUG = 'slug = fields.CharField(max_length=50, default="")'


@pytest.fixture(scope="module", params=NAMES)
def reader(
    request: pytest.FixtureRequest, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Owner]:
    """Offer the owner of a service who has added a table to it, as the README says."""
    database = request.param
    require_server(database)
    answers = {"database": database, "project_slug": harness.new_slug("docs")}
    folder = tmp_path_factory.mktemp("docs") / "service"
    project = harness.render(template, folder, answers)
    with Service(project, database) as service, warm(service) as owner:
        by_hand = "an `__init__.py` that has a docstring and its `models.py`, the line"
        assert by_hand in " ".join(project.text("README.md").split())
        model = project.text("app/notes/models.py").replace("Note", "Task")
        model = model.replace('"notes"', '"tasks"').replace(TITLE, f"{TITLE}\n    {SLUG}")
        (project / MODEL).parent.mkdir()
        (project / MODEL).write_text(model, encoding="utf-8")
        (project / MODEL).with_name("__init__.py").write_text('"""Tasks."""\n', encoding="utf-8")
        owner.lists("app.tasks")
        made, *_ = owner.runs("make-migration add_tasks", "migrate", "rollback --to 0", "migrate")
        assert made.startswith("  add table tasks (id, title, slug, body, ")
        for check in LINT:
            service.python(*check)
        yield owner


@pytest.fixture
def owner(reader: Owner) -> Iterator[Owner]:
    """Offer the owner of a service with two tasks; undo afterwards what a test has changed."""
    service = reader.service
    model, files = service.project.text(MODEL), reader.files()
    if not sql.count(service, "users"):
        sql.query(service, USER)
    sql.query(service, "DELETE FROM tasks")
    for title in ("Buy Milk", "Call Bob"):
        sql.query(service, TASK.format(title))
    yield reader
    if added := sql.count(service, "aerich") - len(files):
        reader.runs(*["rollback"] * added)
    (service.project / MODEL).write_text(model, encoding="utf-8")
    for path in set(reader.files()) - set(files):
        path.unlink()
