"""Notes that belong to the account that wrote them."""

from tests.options.conftest import Mutate
from tests.support import people, sql
from tests.support.answers import Answer
from tests.support.harness import Project
from tests.support.live import Live


def the_files_lead_to_the_example(project: Project) -> None:
    """Check that README.md names the example, and that its tests are there."""
    assert "tests/notes/test_notes.py" in project.files
    assert "`app/notes/` is an example" in project.text("README.md")
    assert "`app/notes/` shows. The list" in project.text("README.md")


def notes_belong_to_their_owner(live: Live) -> None:
    """Check that owners create, read, find, change and delete their notes, and nobody else does."""
    path = f"/api/notes/{people.write_note(live.client, live.ada, 'Bread', 'Flour and water')}"
    written = live.call("GET", path, live.ada).json()
    assert (written["title"], written["body"]) == ("Bread", "Flour and water")
    stranger = live.sign_up("sam")
    assert live.call("GET", path, stranger).status_code == 404
    assert live.call("GET", "/api/notes", stranger).json()["total"] == 0
    assert live.call("GET", "/api/notes?keyword=brea", live.ada).json()["total"] == 1
    assert live.call("PATCH", path, live.ada, json={"title": "Rye"}).json()["title"] == "Rye"
    assert live.call("DELETE", path, live.ada).status_code == 204
    assert live.call("GET", path, live.ada).status_code == 404
    assert live.call("GET", "/api/notes").status_code == 401
    assert sql.count(live.service, "notes") == 75


ANSWER = Answer(
    name="example/notes",
    words=r"api/notes|\bNotes?\b|\.note\b",
    reads=(the_files_lead_to_the_example,),
    uses=(notes_belong_to_their_owner,),
)


def test_each_mutation_breaks_a_promise(mutate: Mutate) -> None:
    mutate(ANSWER)
