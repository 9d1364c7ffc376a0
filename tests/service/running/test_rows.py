"""Transactions: all or nothing, whatever happens between two writes."""

# ruff: noqa: S608 - the statements are ours, and so are the values in them

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import pytest

from tests.service.running import raw_http
from tests.service.running.conftest import on_servers, on_sqlite, sibling_service
from tests.service.running.threads import in_threads
from tests.support import databases, people, processes, sql
from tests.support.harness import Service, wait_until
from tests.support.people import PASSWORD, Person, log_in, write_note
from tests.support.problems import assert_problem
from tests.variants.rows import RUNNING

NEW = "a new and longer password"
POSTGRES = [row for row in RUNNING if row.database == "postgres"]
CHANGE = {"current_password": PASSWORD, "new_password": NEW, "confirm_password": NEW}


@pytest.fixture(scope="session")
def service(running: Service) -> Iterator[Service]:
    """Offer a second service beside the running one, whose processes may be killed."""
    with sibling_service(running) as sibling:
        sibling.cli("migrate")
        sibling.start(workers=2)
        yield sibling


@pytest.fixture
def http(service: Service) -> Iterator[httpx.Client]:
    """Offer a fresh client of it, since its processes are killed now and then."""
    with service.client() as client:
        yield client


@pytest.fixture
def boss(service: Service, http: httpx.Client) -> Person:
    """Offer its administrator."""
    return people.create_admin(service, http)


@pytest.fixture
def person(http: httpx.Client) -> Person:
    """Offer somebody with an account there."""
    return people.sign_up(http)


@contextmanager
def failing(service: Service, event: str) -> Iterator[None]:
    """Make the database refuse one kind of write, such as `INSERT ON tokens`."""
    table = event.rpartition(" ")[2]
    for statement in service.database_kind.refuse_writes:
        sql.query(service, statement.format(event=event))
    try:
        yield
    finally:
        sql.query(service, service.database_kind.allow_writes.format(table=table))


@pytest.mark.check("D10")
def test_roles_are_replaced_whole_or_not_at_all(
    service: Service, http: httpx.Client, boss: Person, person: Person
) -> None:
    """If the new roles cannot be stored, the old ones stay."""
    path = f"/api/users/{person.id}/roles"
    http.put(path, json={"roles": ["member"]}, headers=boss.headers)

    with failing(service, "INSERT ON user_roles"):
        failed = http.put(path, json={"roles": ["admin"]}, headers=boss.headers)

    me = http.get("/api/users/me", headers=person.headers).json()
    assert failed.status_code >= 400
    assert me["roles"] == ["member"]


@pytest.mark.check("D10")
def test_a_token_is_exchanged_or_still_good(
    service: Service, http: httpx.Client, person: Person
) -> None:
    """If the successor of a refresh token cannot be stored, the token still works afterwards."""
    with failing(service, "INSERT ON tokens"):
        failed = http.post("/api/auth/refresh", json={"refresh_token": person.refresh})

    assert failed.status_code >= 400
    again = http.post("/api/auth/refresh", json={"refresh_token": person.refresh})
    assert again.status_code == 200


@pytest.mark.check("D10")
def test_a_password_changes_with_its_sessions_or_not_at_all(
    service: Service, http: httpx.Client, person: Person
) -> None:
    """If the sessions cannot be revoked, the password stays."""
    with failing(service, "UPDATE ON tokens"):
        failed = change_password(http, person)

    assert failed.status_code >= 400
    assert log_in(http, person.name, NEW).status_code == 401
    assert log_in(http, person.name).status_code == 200


@pytest.mark.check("D10")
def test_an_account_is_disabled_with_its_sessions_or_not_at_all(
    service: Service, http: httpx.Client, boss: Person, person: Person
) -> None:
    """If the sessions of an account cannot be revoked, it stays enabled."""
    path = f"/api/users/{person.id}"
    with failing(service, "UPDATE ON tokens"):
        failed = http.patch(path, json={"is_active": False}, headers=boss.headers)

    assert failed.status_code >= 400
    assert http.get(path, headers=boss.headers).json()["is_active"] is True


@pytest.mark.check("D10")
def test_an_administrator_is_made_whole_or_not_at_all(service: Service) -> None:
    """If the role cannot be granted, no account is created, and the command can be repeated."""
    arguments = ("create-admin", "--username", "late", "--email", "late@example.org")
    with sibling_service(service) as fresh:
        fresh.cli("migrate")
        with failing(fresh, "INSERT ON user_roles"):
            failed = fresh.cli(*arguments, check=False)
            left = sql.count(fresh, "users")
        repeated = fresh.cli(*arguments)

    assert failed.status != 0
    assert left == 0
    assert "Created the administrator late" in repeated.output


def waiting(service: Service) -> int:
    """Count the transactions of the service that wait for a lock."""
    return _count(service, databases.server(service.database).count_waiting)


def no_transaction(service: Service) -> bool:
    """Return whether no transaction is open in its database."""
    return not _count(service, databases.server(service.database).count_transactions)


def _count(service: Service, statement: str) -> int:
    with sql.session(service.database_url) as ours:
        for preparation in databases.server(service.database).refresh_counts:
            ours.execute(preparation)
        return int(ours.execute(statement)[0][0])


def change_password(http: httpx.Client, person: Person) -> httpx.Response:
    """Change somebody's password."""
    return http.put("/api/users/me/password", json=CHANGE, headers=person.headers)


@contextmanager
def between_two_writes(
    service: Service, blocker: str, send: Callable[[], object]
) -> Iterator[None]:
    """Hold a request between its writes: the first is done, the second waits for a lock."""
    with ThreadPoolExecutor(1) as pool:
        with sql.session(service.database_url) as ours:
            ours.execute("BEGIN")
            ours.execute(blocker)
            pool.submit(send)
            wait_until(lambda: waiting(service) > 0, "the second write", service.log)
            yield
            ours.execute("ROLLBACK")
        wait_until(lambda: no_transaction(service), "the transaction to end", service.log)


def without_transport_error(send: Callable[[], httpx.Response]) -> Callable[[], object]:
    """Wrap a request that gets no response: its transport error is returned, not raised."""

    def sent() -> object:
        try:
            return send()
        except httpx.TransportError as error:
            return error

    return sent


@pytest.mark.check("D10")
@on_servers
def test_a_killed_process_leaves_a_token_unused(
    service: Service, http: httpx.Client, person: Person
) -> None:
    """A process killed between the two writes of an exchange has written neither."""
    blocker = f"SELECT id FROM users WHERE id = {person.id} FOR UPDATE"

    def send() -> httpx.Response:
        return http.post("/api/auth/refresh", json={"refresh_token": person.refresh})

    with between_two_writes(service, blocker, without_transport_error(send)):
        processes.kill(processes.workers(service))

    with service.client() as client:
        again = client.post("/api/auth/refresh", json={"refresh_token": person.refresh})
    assert again.status_code == 200


@pytest.mark.check("T10")
@on_servers
def test_a_sign_out_revokes_a_session_that_is_being_refreshed(
    service: Service, http: httpx.Client, person: Person
) -> None:
    """Signing out while a refresh is between its two writes revokes the successor too."""
    body = {"refresh_token": person.refresh}
    with ThreadPoolExecutor(2) as pool, sql.session(service.database_url) as ours:
        ours.execute("BEGIN")
        ours.execute(f"SELECT id FROM users WHERE id = {person.id} FOR UPDATE")
        renewal = pool.submit(http.post, "/api/auth/refresh", json=body)
        wait_until(lambda: waiting(service) == 1, "the second write", service.log)
        end = pool.submit(http.post, "/api/auth/logout", json=body)
        wait_until(lambda: waiting(service) == 2, "the sign-out", service.log)
        ours.execute("ROLLBACK")
        access, successor = people.tokens_of(renewal.result())
        assert end.result().status_code == 204

    again = http.post("/api/auth/refresh", json={"refresh_token": successor})
    assert again.status_code == 401
    me = http.get("/api/users/me", headers={"Authorization": f"Bearer {access}"})
    assert me.status_code == 401
    assert "used twice" not in service.log.read_text(encoding="utf-8")


@pytest.mark.check("T11")
@on_servers
@pytest.mark.parametrize("path", ["/api/auth/login", "/api/auth/session"])
def test_a_sign_in_with_a_password_replaced_meanwhile_fails(
    service: Service, http: httpx.Client, person: Person, path: str
) -> None:
    """If the password changes during a sign-in with the old one, no session is opened."""
    before = sql.count(service, "tokens", f"owner_id = {person.id}")
    form = {"username": person.name, "password": person.password}
    with ThreadPoolExecutor(1) as pool, sql.session(service.database_url) as ours:
        ours.execute("BEGIN")
        ours.execute(f"UPDATE users SET password_hash = 'another' WHERE id = {person.id}")
        sign_in = pool.submit(http.post, path, data=form)
        wait_until(lambda: waiting(service) == 1, "the sign-in", service.log)
        ours.execute("COMMIT")
        response = sign_in.result()

    assert response.status_code == 409
    assert sql.count(service, "tokens", f"owner_id = {person.id}") == before


@pytest.mark.check("T11")
@on_servers
def test_a_change_of_a_password_replaced_meanwhile_fails(
    service: Service, http: httpx.Client, person: Person
) -> None:
    """A change of password does not overwrite one that was set meanwhile, as by a mailed link."""
    with ThreadPoolExecutor(1) as pool, sql.session(service.database_url) as ours:
        ours.execute("BEGIN")
        ours.execute(f"UPDATE users SET password_hash = 'another' WHERE id = {person.id}")
        change = pool.submit(change_password, http, person)
        wait_until(lambda: waiting(service) > 0, "the change", service.log)
        ours.execute("COMMIT")
        response = change.result()

    assert response.status_code == 409
    assert sql.count(service, "users", f"id = {person.id} AND password_hash = 'another'") == 1


@pytest.mark.check("T11")
@pytest.mark.parametrize("running", POSTGRES, indirect=True, ids=str)
def test_a_change_of_password_waits_for_a_refresh(
    service: Service, http: httpx.Client, person: Person
) -> None:
    """A new password waits for a refresh between its two writes, which need not wait for it.

    The second write refers to the account, whose row is locked for it in this way.
    """
    with ThreadPoolExecutor(1) as pool, sql.session(service.database_url) as ours:
        ours.execute("BEGIN")
        ours.execute(f"SELECT id FROM tokens WHERE owner_id = {person.id} FOR UPDATE")
        change = pool.submit(change_password, http, person)
        wait_until(lambda: waiting(service) > 0, "the change", service.log)
        ours.execute(f"SELECT id FROM users WHERE id = {person.id} FOR KEY SHARE NOWAIT")
        ours.execute("COMMIT")

        assert change.result().status_code == 204


@pytest.mark.check("T18")
@on_servers
def test_no_link_goes_to_an_address_that_was_changed_meanwhile(
    service: Service, http: httpx.Client, person: Person
) -> None:
    """If the address changes while a link is being created, no link is sent."""
    with sql.session(service.database_url) as ours:
        ours.execute("BEGIN")
        ours.execute(f"UPDATE users SET email = '{person.name}@new.org' WHERE id = {person.id}")
        form = {"email": f"{person.name}@example.org"}
        assert http.post("/api/auth/password-reset", json=form).status_code == 202
        wait_until(lambda: waiting(service) == 1, "the link", service.log)
        ours.execute("COMMIT")
    reason = "A mail was left out: The account was changed at the same time"
    wait_until(lambda: reason in service.log.read_text("utf-8"), reason, service.log)

    assert sql.count(service, "tokens", f"owner_id = {person.id} AND kind = 'reset'") == 0


@pytest.mark.check("D10")
@on_servers
def test_a_killed_process_leaves_the_password(
    service: Service, http: httpx.Client, person: Person
) -> None:
    """A process killed between setting a password and revoking sessions has changed neither."""
    blocker = f"SELECT id FROM tokens WHERE owner_id = {person.id} FOR UPDATE"

    with between_two_writes(
        service, blocker, without_transport_error(lambda: change_password(http, person))
    ):
        processes.kill(processes.workers(service))

    with service.client() as client:
        assert log_in(client, person.name, NEW).status_code == 401
        assert log_in(client, person.name).status_code == 200


@pytest.mark.check("D11")
@on_servers
def test_a_client_that_disconnects_blocks_nobody(service: Service, person: Person) -> None:
    """Clients that disconnect during a transaction leave none open and leak no connection."""
    body = json.dumps(CHANGE)
    blocker = f"SELECT id FROM tokens WHERE owner_id = {person.id} FOR UPDATE"
    request = (
        f"PUT /api/users/me/password HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer {person.access}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    )
    connections = [raw_http.connect(service) for _ in range(10)]

    def send() -> None:
        for connection in connections:
            connection.sendall(request.encode())

    with between_two_writes(service, blocker, send):
        for connection in connections:
            connection.close()

    with service.client() as client:
        somebody = people.sign_up(client)
        responses = in_threads(40, lambda _: client.get("/api/notes", headers=somebody.headers))
    assert {response.status_code for response in responses} == {200}
    wait_until(lambda: no_transaction(service), "the last request to end", service.log)


@pytest.mark.check("D12")
def test_fifty_writers_at_once_all_succeed(service: Service, person: Person) -> None:
    """Fifty simultaneous writers all succeed; none gets an error of a locked database."""
    writers, notes_each = 50, 6

    def write(number: int) -> list[int]:
        note = {"title": f"Note of {number}", "body": ""}
        with service.client() as own:
            return [
                own.post("/api/notes", json=note, headers=person.headers).status_code
                for _ in range(notes_each)
            ]

    statuses = [status for some in in_threads(writers, write) for status in some]

    assert statuses == [201] * writers * notes_each
    assert sql.count(service, "notes", f"owner_id = {person.id}") == writers * notes_each


STRICT = """
import asyncio, json
from tortoise import Tortoise
from app.config import get_settings
from app.database.connection import connected
from app.notes.models import Note
async def attempt(**values):
    try:
        await Note.create(title="t", body="", **values)
    except Exception as error:
        return type(error).__name__
    return "stored"
async def main():
    async with connected(get_settings()):
        connection = Tortoise.get_connection("default")
        outcomes = {"orphan": await attempt(owner_id=999999999)}
        if CHECKS_TYPES:
            columns = "(owner_id, title, body, created_at, updated_at)"
            values = f"(%d, '{'x' * 201}', '', '2026-01-01', '2026-01-01')" % OWNER
            try:
                await connection.execute_script(f"INSERT INTO notes {columns} VALUES {values}")
                outcomes["long"] = "stored"
            except Exception as error:
                outcomes["long"] = type(error).__name__
        print(json.dumps(outcomes))
asyncio.run(main())
"""


@pytest.mark.check("D13")
def test_the_database_is_strict(service: Service, person: Person) -> None:
    """The service's connections enforce foreign keys and refuse texts that are too long."""
    before = sql.count(service, "notes")

    script = STRICT.replace("OWNER", str(person.id))
    script = script.replace("CHECKS_TYPES", str(service.database_kind.checks_types))
    outcome = service.python("-c", script).output

    assert json.loads(outcome)["orphan"] == "IntegrityError"
    assert json.loads(outcome).get("long") != "stored"
    assert sql.count(service, "notes") == before


@pytest.mark.check("D13")
def test_deleting_an_account_deletes_what_it_owns(
    service: Service, http: httpx.Client, boss: Person, person: Person
) -> None:
    """Deleting an account deletes its notes, tokens and roles, by the database's foreign keys."""
    write_note(http, person)
    roles = {"roles": ["member"]}
    http.put(f"/api/users/{person.id}/roles", json=roles, headers=boss.headers)

    deleted = http.delete(f"/api/users/{person.id}", headers=boss.headers)

    assert deleted.status_code == 204
    for table, column in (("notes", "owner_id"), ("tokens", "owner_id"), ("user_roles", "user_id")):
        assert sql.count(service, table, f"{column} = {person.id}") == 0


@pytest.mark.check("D14")
@on_servers
def test_a_deadlocked_transaction_is_retried(
    service: Service, http: httpx.Client, person: Person
) -> None:
    """A transaction that the database rolls back because of a deadlock is retried and succeeds."""
    heavy = "INSERT INTO ballast (n) VALUES " + ", ".join(f"({n})" for n in range(500))
    sql.query(service, "CREATE TABLE IF NOT EXISTS ballast (n INT)")
    with ThreadPoolExecutor(1) as pool, sql.session(service.database_url) as ours:
        ours.execute("BEGIN")
        for statement in databases.server(service.database).delay_deadlocks:
            ours.execute(statement)
        ours.execute(heavy)
        ours.execute(f"SELECT id FROM tokens WHERE owner_id = {person.id} FOR UPDATE")
        response = pool.submit(
            http.put, "/api/users/me/password", json=CHANGE, headers=person.headers
        )
        wait_until(lambda: waiting(service) > 0, "the second write", service.log)
        ours.execute(f"UPDATE users SET age = 50 WHERE id = {person.id}")
        ours.execute("COMMIT")
        status = response.result().status_code

    assert status == 204
    assert log_in(http, person.name, NEW).status_code == 200


@pytest.mark.check("D14")
@on_sqlite
def test_a_locked_database_is_a_503(service: Service, http: httpx.Client, person: Person) -> None:
    """While another process locks SQLite, a write is told when to retry; then it succeeds."""
    note = {"title": "Patience", "body": ""}
    with sql.session(service.database_url) as ours:
        ours.execute("BEGIN IMMEDIATE")
        refused = http.post("/api/notes", json=note, headers=person.headers)
        read = http.get("/api/notes", headers=person.headers)
        ours.execute("ROLLBACK")
    accepted = http.post("/api/notes", json=note, headers=person.headers)

    assert_problem(refused, 503)
    assert refused.headers["retry-after"].isdigit()
    assert read.status_code == 200
    assert accepted.status_code == 201
    assert sql.count(service, "notes", f"owner_id = {person.id}") == 1


@on_servers
def test_two_connections_serve_fifty_clients(running: Service) -> None:
    """With two connections in the pool, fifty clients at once are all served."""
    with sibling_service(running, own_database=False, DB_POOL_MAX="2") as sibling:
        sibling.start()
        with sibling.client() as client:
            owner = people.sign_up(client)
            notes = in_threads(50, lambda _: write_note(client, owner))
            query = {"size": 100}
            lists = in_threads(
                50, lambda _: client.get("/api/notes", params=query, headers=owner.headers)
            )

    assert len(set(notes)) == 50
    assert [(each.status_code, each.json()["total"]) for each in lists] == [(200, 50)] * 50
