"""Notes: the routes, as their owner and others use them."""

from datetime import timedelta

import pytest
from httpx import AsyncClient
from tortoise import timezone

from app.accounts.models import User
from app.notes.models import Note
from tests.factories import add_user, headers_of

NOTE = {"title": "Bread 🍞", "body": "Flour, water, salt\n\tand time"}


@pytest.fixture
async def ada(client: AsyncClient) -> User:
    """Sign the client in as Ada."""
    user = await add_user("ada")
    client.headers.update(await headers_of(user))
    return user


async def add_note(owner: User, title: str, body: str = "") -> Note:
    return await Note.create(owner=owner, title=title, body=body)


async def test_a_note_is_written_and_read_back(client: AsyncClient, ada: User) -> None:
    written = await client.post("/api/notes", json=NOTE)
    read = await client.get(f"/api/notes/{written.json()['id']}")

    assert written.status_code == 201
    assert read.json() == written.json()
    assert read.json().keys() == {"id", "title", "body", "created_at", "updated_at"}
    assert {name: read.json()[name] for name in NOTE} == NOTE


async def test_notes_of_others_are_invisible(client: AsyncClient, ada: User) -> None:
    own = await add_note(ada, "own")
    foreign = await add_note(await add_user("eve"), "foreign")

    for method, body in [("GET", None), ("PATCH", {"title": "mine"}), ("DELETE", None)]:
        hidden = await client.request(method, f"/api/notes/{foreign.id}", json=body)
        missing = await client.request(method, f"/api/notes/{foreign.id + 1}", json=body)

        assert hidden.status_code == missing.status_code == 404
        assert hidden.json()["detail"] == missing.json()["detail"]
    page = (await client.get("/api/notes")).json()
    assert ([note["id"] for note in page["items"]], page["total"]) == ([own.id], 1)
    assert (await Note.get(id=foreign.id)).title == "foreign"


async def test_a_change_keeps_absent_fields(client: AsyncClient, ada: User) -> None:
    note = await add_note(ada, "Bread", "Flour")

    response = await client.patch(f"/api/notes/{note.id}", json={"body": ""})

    assert response.status_code == 200
    assert (response.json()["title"], response.json()["body"]) == ("Bread", "")
    assert (await Note.get(id=note.id)).updated_at > note.updated_at


async def test_a_deleted_note_is_gone(client: AsyncClient, ada: User) -> None:
    note = await add_note(ada, "Bread")

    response = await client.delete(f"/api/notes/{note.id}")

    assert response.status_code == 204
    assert (await client.get(f"/api/notes/{note.id}")).status_code == 404


async def test_notes_are_deleted_with_their_owner(client: AsyncClient, ada: User) -> None:
    await add_note(ada, "Bread")
    root = await headers_of(await add_user("root", role="admin"))

    await client.delete(f"/api/users/{ada.id}", headers=root)

    assert await Note.all().count() == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"title": ""},
        {"title": "a\nb"},
        {"title": "x" * 201},
        {"title": None},
        {"body": "x" * 10_001},
        {"body": "\x00"},
        {"body": None},
        {"owner_id": 1},
        {"created_at": "2020-01-01T00:00:00Z"},
    ],
    ids=lambda changes: str(changes)[:20],
)
async def test_the_error_names_the_invalid_field(
    client: AsyncClient, ada: User, changes: dict[str, object]
) -> None:
    note = await add_note(ada, "Bread")

    new = await client.post("/api/notes", json=NOTE | changes)
    old = await client.patch(f"/api/notes/{note.id}", json=changes)

    assert new.status_code == old.status_code == 422
    for response in (new, old):
        assert [fault["field"] for fault in response.json()["errors"]] == list(changes)


@pytest.mark.parametrize(
    ("sort", "titles"),
    [
        ("created_at", ["b", "c", "a"]),
        ("-created_at", ["a", "c", "b"]),
        ("title", ["a", "b", "c"]),
        ("-title", ["c", "b", "a"]),
    ],
)
async def test_notes_are_sorted(
    client: AsyncClient, ada: User, sort: str, titles: list[str]
) -> None:
    for minutes, title in enumerate("bca"):
        note = await add_note(ada, title)
        moment = timezone.now() + timedelta(minutes=minutes)
        await Note.filter(id=note.id).update(created_at=moment)

    response = await client.get("/api/notes", params={"sort": sort})

    assert [note["title"] for note in response.json()["items"]] == titles


@pytest.mark.parametrize("sort", ["owner__password_hash", "id", "created_at,title", "", "\x00"])
async def test_an_undeclared_sort_is_refused(client: AsyncClient, ada: User, sort: str) -> None:
    response = await client.get("/api/notes", params={"sort": sort})

    assert response.status_code == 422


async def test_a_keyword_is_found_in_titles(client: AsyncClient, ada: User) -> None:
    for title in ("100% rye", "1000 rye", "Wheat"):
        await add_note(ada, title, "100%")

    response = await client.get("/api/notes", params={"keyword": "0% RYE"})

    assert [note["title"] for note in response.json()["items"]] == ["100% rye"]


async def test_notes_are_filtered_by_their_time(client: AsyncClient, ada: User) -> None:
    first, second = await add_note(ada, "first"), await add_note(ada, "second")
    noon = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0)
    await Note.filter(id=first.id).update(created_at=noon - timedelta(seconds=1))
    await Note.filter(id=second.id).update(created_at=noon)

    for name, title in {"created_at__gte": "second", "created_at__lt": "first"}.items():
        response = await client.get("/api/notes", params={name: noon.isoformat()})

        assert [note["title"] for note in response.json()["items"]] == [title]
