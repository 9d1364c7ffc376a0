"""Fault scenarios: a test runs each once, `just chaos` several times."""

# ruff: noqa: S608 - the statements are ours, and so are the values in them

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from threading import Event, Lock, Thread
from uuid import uuid4

import httpx

from tests.support import people, sql
from tests.support.harness import Outcome, Service, wait_until
from tests.support.people import Person
from tests.support.private_servers import Log, PrivateServer, StopMode

MIGRATORS = 8
WRITERS = 16
ENOUGH_NOTES = 64
"""The number of notes that are written before and after the server is stopped."""


def migrate_at_once(service: Service, processes: int = MIGRATORS) -> list[Outcome]:
    """Run the migrate command in several processes at the same time."""
    with ThreadPoolExecutor(processes) as pool:
        ended = [pool.submit(service.cli, "migrate", check=False) for _ in range(processes)]
        return [each.result() for each in ended]


def applied(service: Service) -> list[str]:
    """Return the names of the files in the table of applied migrations."""
    found = sql.query(service, "SELECT version FROM aerich ORDER BY id")
    return [str(version) for (version,) in found]


@dataclass(frozen=True)
class Attempt:
    """An attempt to write a note, and its outcome; status 0 if there was no response."""

    writer: int
    title: str
    status: int
    retry_after: str | None
    began: float
    ended: float

    @property
    def is_acknowledged(self) -> bool:
        """Return whether the client was told that the note is stored."""
        return 200 <= self.status < 300

    @property
    def is_retryable(self) -> bool:
        """Return whether the client was told when to retry."""
        return self.status == 503 and self.retry_after is not None


@dataclass
class Ledger:
    """The outcomes of all attempts."""

    attempts: list[Attempt] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def add(self, attempt: Attempt) -> None:
        """Record an attempt."""
        with self._lock:
            self.attempts.append(attempt)

    def acknowledged(self, since: float = 0) -> list[Attempt]:
        """Return the attempts that succeeded after a moment."""
        return [one for one in list(self.attempts) if one.is_acknowledged and one.ended > since]

    def refused(self, since: float = 0) -> list[Attempt]:
        """Return the attempts that failed after a moment."""
        return [one for one in list(self.attempts) if not one.is_acknowledged and one.ended > since]


@dataclass(frozen=True)
class Recovery:
    """The recovery of a service after a restart of its database."""

    attempts: int
    acknowledged: int
    unavailable: int
    unexpected: list[Attempt]
    """Attempts that ended neither in success nor in a 503 with Retry-After."""
    lost: set[str]
    doubled: set[str]
    most_failures: int
    """Refusals in a row of the worst-off writer after the server accepted connections again."""
    seconds: float
    """Seconds from then to the first success."""


def restart_under_load(
    service: Service, server: PrivateServer, how: StopMode, log: Log = print
) -> Recovery:
    """Restart the database while notes are written; compare responses with the stored rows."""
    with service.client() as client:
        owner = people.sign_up(client, "writer")
    ledger = Ledger()
    with _writing(service, owner, ledger):
        wait_until(
            lambda: len(ledger.acknowledged()) >= ENOUGH_NOTES, "the first notes", service.log
        )
        stopped = time.monotonic()
        server.stop(how)
        wait_until(lambda: _all_were_refused(ledger, stopped), "all to notice", service.log)
        server.start()
        accepted = time.monotonic()
        wait_until(lambda: _all_are_back(ledger, accepted), "every writer", service.log)
        wait_until(lambda: len(ledger.acknowledged(accepted)) >= ENOUGH_NOTES, "more", service.log)
    written = sql.query(service, f"SELECT title FROM notes WHERE owner_id = {owner.id}")
    stored = Counter(title for (title,) in written)
    answered = {one.title for one in ledger.acknowledged()}
    failures = [one for one in ledger.refused() if one.is_retryable]
    recovery = Recovery(
        attempts=len(ledger.attempts),
        acknowledged=len(answered),
        unavailable=len(failures),
        unexpected=[one for one in ledger.refused() if not one.is_retryable],
        lost=answered - set(stored),
        doubled={title for title, times in stored.items() if times > 1},
        most_failures=max(
            _failures_in_a_row(ledger, writer, accepted) for writer in range(WRITERS)
        ),
        seconds=min(one.ended for one in ledger.acknowledged(accepted)) - accepted,
    )
    log(
        f"{server.kind}, {how}: {recovery.attempts} attempts, {recovery.acknowledged} acknowledged,"
        f" {recovery.unavailable} × 503, first success after {recovery.seconds:.2f} s"
    )
    return recovery


@dataclass(frozen=True)
class Hang:
    """The responses of a service while its database did not respond, and its recovery."""

    unavailable: int
    unexpected: list[Attempt]
    """Attempts of that time that did not end in a 503 with Retry-After."""
    slowest: float
    """The longest of these attempts, in seconds."""
    lost: set[str]
    acknowledged: int
    """Notes that were stored afterwards."""
    seconds: float
    """Seconds from the end of the hang to the first success."""


def hang_under_load(
    service: Service,
    hanging: AbstractContextManager[object],
    *,
    clients: int = WRITERS,
    seconds: float = 0,
    log: Log = print,
) -> Hang:
    """Let the database hang while notes are written, for a time and until each writer noticed."""
    with service.client() as client:
        owner = people.sign_up(client, "hung")
    ledger = Ledger()
    with _writing(service, owner, ledger, clients):
        wait_until(
            lambda: len(ledger.acknowledged()) >= ENOUGH_NOTES, "the first notes", service.log
        )
        with hanging:
            began = time.monotonic()
            wait_until(
                lambda: _all_were_refused(ledger, began, clients, times=1),
                "all to notice",
                service.log,
            )
            time.sleep(max(0, began + seconds - time.monotonic()))  # the fault lasts that long
            ended = time.monotonic()
        resumed = time.monotonic()
        wait_until(lambda: _all_are_back(ledger, resumed, clients), "every writer", service.log)
    written = sql.query(service, f"SELECT title FROM notes WHERE owner_id = {owner.id}")
    within = [one for one in ledger.attempts if one.began > began and one.ended < ended]
    hang = Hang(
        unavailable=sum(one.is_retryable for one in within),
        unexpected=[one for one in within if not one.is_retryable],
        slowest=max(one.ended - one.began for one in within),
        lost={one.title for one in ledger.acknowledged()} - {title for (title,) in written},
        acknowledged=len(ledger.acknowledged(resumed)),
        seconds=min(one.ended for one in ledger.acknowledged(resumed)) - resumed,
    )
    log(
        f"{hang.unavailable} × 503 within {ended - began:.0f} s, the slowest {hang.slowest:.2f} s,"
        f" {len(hang.unexpected)} others; first success after {hang.seconds:.2f} s"
    )
    return hang


@contextmanager
def locked(service: Service) -> Iterator[None]:
    """Hold the lock of a database without a server, so that nobody else can write to it."""
    with sql.session(service.database_url) as session:
        for statement in service.database_kind.hold_lock:
            session.execute(statement)
        yield
        session.execute("ROLLBACK")


@contextmanager
def _writing(
    service: Service, owner: Person, ledger: Ledger, writers: int = WRITERS
) -> Iterator[None]:
    """Write notes from several threads in this block."""
    over = Event()
    threads = [
        Thread(target=_write, args=(service, owner, ledger, number, over))
        for number in range(writers)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _write(service: Service, owner: Person, ledger: Ledger, number: int, over: Event) -> None:
    with service.client(headers=owner.headers) as client:
        while not over.is_set():
            attempt = _try(client, number)
            ledger.add(attempt)
            if not attempt.is_acknowledged:
                over.wait(float(attempt.retry_after or 1))


def _try(client: httpx.Client, writer: int) -> Attempt:
    title = str(uuid4())
    began = time.monotonic()
    status, retry_after = 0, None
    try:
        response = client.post("/api/notes", json={"title": title, "body": ""})
    except httpx.TransportError:
        pass
    else:
        status, retry_after = response.status_code, response.headers.get("retry-after")
    return Attempt(writer, title, status, retry_after, began, time.monotonic())


def _all_are_back(ledger: Ledger, since: float, writers: int = WRITERS) -> bool:
    return {one.writer for one in ledger.acknowledged(since)} == set(range(writers))


def _all_were_refused(
    ledger: Ledger, since: float, writers: int = WRITERS, *, times: int = 2
) -> bool:
    """Return whether each writer met both a connection that broke and a server that is away."""
    refusals = Counter(one.writer for one in ledger.refused() if one.began > since)
    return all(refusals[writer] >= times for writer in range(writers))


def _failures_in_a_row(ledger: Ledger, writer: int, since: float) -> int:
    own = [one for one in ledger.attempts if one.writer == writer and one.began > since]
    runs = groupby(own, key=lambda one: one.is_acknowledged)
    return max((len(list(run)) for is_acknowledged, run in runs if not is_acknowledged), default=0)
