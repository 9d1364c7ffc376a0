"""`new-resource` and `remove-resource`, as an owner uses them on the first day."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import RecordFigure, require_server
from tests.service.resources.draw import KINDS, Drawn, draw
from tests.service.resources.trial import LINT, TESTS, TYPES, git, trial
from tests.support import databases, harness
from tests.support.harness import Service

LONG = "quarterly_purchase_order_line"
INVOICE = ["number:str:20", "total:decimal:12,2", "due:date?", "customer:fk:User"]


@pytest.mark.parametrize("database", databases.NAMES)
def test_a_noun_with_a_key_to_a_user(database: str, template: Path, tmp_path: Path) -> None:
    """Such a resource is written, migrated, tested, served and removed without a trace."""
    require_server(database)
    drawn = [Drawn("invoice", ["invoice", *INVOICE], is_public=False)]
    answers = {"database": database}
    checks = [*LINT, (*TESTS, "tests/database", "tests/invoices")]

    assert trial(template, tmp_path / "service", answers, drawn, checks=checks) == []


def test_drawn_nouns_of_a_service_without_accounts(template: Path, tmp_path: Path) -> None:
    drawn = list(draw(2027, 3, has_accounts=False))
    answers = {"preset": "minimal"}

    assert trial(template, tmp_path / "service", answers, drawn) == []


def test_public_and_owned_nouns_with_keys(template: Path, tmp_path: Path) -> None:
    """Such resources have strict types, and their tests pass beside those of the service."""
    drawn = [
        Drawn(
            "box",
            ["box", "name:str", "level:int?", "detail:enum(a|b)", "query:enum(a)", "--public"],
            is_public=True,
        ),
        Drawn(LONG, [LONG, "number:str", "long_detail:str:20"], is_public=False),
        Drawn("item", ["item", "name:str", "box:fk:Box", "note:fk:Note?"], is_public=False),
    ]
    checks = [
        *LINT,
        TYPES,
        (*TESTS, "tests/accounts/test_roles.py", "tests/boxes", "tests/items", f"tests/{LONG}s"),
    ]

    assert trial(template, tmp_path / "service", {}, drawn, checks=checks) == []


def test_every_type_is_drawn() -> None:
    typed = {word.partition(":")[2].rstrip("?") for each in draw(1, 20) for word in each.words[1:]}

    assert set(KINDS) <= typed


@pytest.fixture(scope="module")
def service(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Offer a migrated service with a commit."""
    folder = tmp_path_factory.mktemp("resources") / "service"
    project = harness.render(template, folder, {"project_slug": harness.new_slug("noun")})
    with Service(project, "sqlite") as service:
        service.cli("migrate")
        for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "born"]):
            git(folder, *command)
        yield service


REFUSED = [
    (["class", "a:str"], "'class' is a word of Python"),
    (["service", "a:str"], "'service' is a word of Python, or of the code"),
    (["Thing", "a:str"], "'Thing' must be lower case"),
    (["thing_", "a:str"], "'thing_' must be lower case"),
    (["note", "a:str"], "There is a class Note already"),
    (["notes", "a:str"], "'notes' looks like a plural"),
    (["web_page", "a:str", "--plural=web"], "There is app/web already"),
    (["page", "a:str"], "There is a class Page already"),
    (["thing"], "Name at least one field"),
    (["thing", "a"], "'a' is not a field"),
    (["thing", "a:number"], "there is no type 'number'"),
    (["thing", "a:int:3"], "write int alone"),
    (["thing", "a:str:0"], "write str alone, or str:10000 at most"),
    (["thing", "a:decimal:2,4"], "no more places than digits"),
    (["thing", "a:enum()"], "such as enum(open|paid)"),
    (["thing", "a:enum(x|x)"], "such as enum(open|paid)"),
    (["thing", "a:fk:Nobody"], "name a model after fk:, one of LoginFailure, Note"),
    (["thing", "select:int"], "'select' is a reserved word of SQL"),
    (["thing", "id:int"], "'id' exists in every resource"),
    (["thing", "sort:int"], "'sort' exists in every resource or list"),
    (["thing", "filter:int"], "'filter' is an attribute of models or schemas"),
    (["thing", "a:int", "a:str"], "There are two fields a"),
    (["thing", "a_id:fk:User"], "write a:fk:User, whose column is a_id"),
    (["thing", "a_id:int", "a:fk:User"], "There are two fields a_id"),
    (["client", "a:str"], "'client' is a word of Python, or of the code"),
    (["get", "a:str"], "'get' is a word of Python, or of the code"),
    (["current_user", "a:str"], "There is a class CurrentUser already"),
    (["path_id", "a:str"], "There is a class PathId already"),
    (["thing", "from:fk:Note"], "'from' is a word of Python, or of models"),
    (["thing", "id:fk:Note"], "'id' is a word of Python, or of models"),
    (["thing", "save:fk:Note"], "'save' is a word of Python, or of models"),
    (["thing", "fields:int"], "'fields' exists in every resource"),
    (["thing", "a:fk:Note", "--public"], "keys of rows that only their owners see"),
]


def test_an_impossible_resource_is_refused_in_one_sentence(service: Service) -> None:
    done = service.cli_at_once(*(["new-resource", *words] for words, _ in REFUSED))

    for outcome, (_, sentence) in zip(done, REFUSED, strict=True):
        assert outcome.status == 1
        assert sentence in outcome.text
        assert len(outcome.text.splitlines()) == 1
    assert git(service.project.path, "status", "--short") == ""


def test_nothing_is_public_without_accounts(template: Path, tmp_path: Path) -> None:
    project = harness.render(template, tmp_path / "service", {"preset": "minimal"})

    refused = Service(project, "sqlite").cli(
        "new-resource", "thing", "a:int", "--public", check=False
    )

    assert "anyone may read and write it. Leave out --public." in refused.text


def test_nothing_is_removed_in_production(service: Service) -> None:
    service.cli("new-resource", "thing", "a:int")
    service.environment["ENVIRONMENT"] = "production"
    try:
        refused = service.cli("remove-resource", "thing", "--yes", check=False)
    finally:
        service.environment["ENVIRONMENT"] = "development"

    assert "This is production: remove it in development" in refused.text
    service.cli("remove-resource", "thing")
    assert git(service.project.path, "status", "--short") == ""


def test_a_failure_half_way_takes_back_what_was_written(service: Service) -> None:
    service.environment["TEST_DATABASE_URL"] = "sqlite:///nowhere/at/all.sqlite3"
    try:
        done = service.cli("new-resource", "thing", "a:int", check=False)
    finally:
        del service.environment["TEST_DATABASE_URL"]

    assert done.status == 1
    assert done.text.startswith("Error: The planner cannot create its scratch database /nowhere/at")
    assert len(done.text.splitlines()) == 1
    assert git(service.project.path, "status", "--short") == ""


def test_an_edited_part_is_not_removed(service: Service) -> None:
    service.cli("new-resource", "thing", "a:int")
    api = service.project / "app/things/api.py"
    text = api.read_text(encoding="utf-8")
    api.write_text(text.replace("Create a thing", "Keep a thing"), encoding="utf-8")

    kept = service.cli("remove-resource", "thing", check=False)
    removed = service.cli("remove-resource", "thing", "--force")

    assert kept.status == 1
    assert "app/things/api.py was edited; --force removes it" in kept.text
    assert "Removed app/things" in removed.text
    assert git(service.project.path, "status", "--short") == ""


def test_a_part_that_others_import_is_not_removed(service: Service) -> None:
    service.cli("new-resource", "customer", "name:str")
    service.cli("new-resource", "invoice", "customer:fk:Customer")

    kept = service.cli("remove-resource", "customer", check=False)

    assert kept.status == 1
    assert "imports app.customers: remove that first" in kept.text
    service.cli("remove-resource", "invoice")
    service.cli("remove-resource", "customer")
    assert git(service.project.path, "status", "--short") == ""


def test_a_migration_that_others_may_have_stays_and_another_drops_the_table(
    service: Service,
) -> None:
    service.cli("new-resource", "thing", "a:int")
    service.cli("migrate")
    git(service.project.path, "add", "-A")
    git(service.project.path, "commit", "-qm", "a thing")

    removed = service.cli("remove-resource", "thing")

    assert "drop table things" in removed.text
    assert "Applied" in service.cli("migrate").text
    changed = git(service.project.path, "status", "--short", "migrations").splitlines()
    assert [line[:2] for line in changed] == ["??"]
    assert changed[0].endswith("_drop_things.py")


def test_a_name_that_was_used_before_leaves_no_more_behind(service: Service) -> None:
    for command in ("new-resource relic a:int", "remove-resource relic"):
        service.cli(*command.split())
        service.cli("migrate")
        git(service.project.path, "add", "-A")
        git(service.project.path, "commit", "-qm", command)
    service.cli("new-resource", "relic", "a:str")
    service.cli("migrate")

    service.cli("remove-resource", "relic", "--yes")

    assert git(service.project.path, "status", "--short") == ""


def test_a_missing_migration_can_be_ignored_as_the_message_says(service: Service) -> None:
    before = git(service.project.path, "status", "--short")
    service.cli("new-resource", "widget", "a:int")
    service.cli("migrate")
    (path,) = service.project.path.glob("migrations/models/*_add_widgets.py")
    text = path.read_text(encoding="utf-8")
    path.unlink()

    refused = service.cli("new-resource", "gizmo", "a:int", check=False)
    written = service.cli("new-resource", "gizmo", "a:int", "--anyway")

    assert "--anyway skips this check" in refused.text
    assert "Served at /api/gizmos" in written.text
    path.write_text(text, encoding="utf-8")
    service.cli("remove-resource", "gizmo", "--yes")
    service.cli("remove-resource", "widget", "--yes")
    assert git(service.project.path, "status", "--short") == before


def test_removing_a_table_counts_its_rows_and_asks(
    service: Service, record_figure: RecordFigure
) -> None:
    began = time.perf_counter()
    service.cli("new-resource", "gadget", "a:int")
    record_figure(f"new-resource: {time.perf_counter() - began:.1f} s")
    service.cli("migrate")

    refused = service.cli("remove-resource", "gadget", check=False, stdin="n\n")
    removed = service.cli("remove-resource", "gadget", stdin="y\n")

    assert "deletes table gadgets (0 rows)" in refused.text
    assert "Nothing was removed" in refused.text
    assert "Removed migrations/models/" in removed.text
    assert "gadget" not in git(service.project.path, "status", "--short")
