"""Fault scenarios, run several times: `just chaos`, or `just chaos NAME` for one of them.

- migrate-race: eight processes migrate an empty database at once, on each
  database. Every one must end with 0, and each step must run once.
- db-restart: a server of our own is shut down and killed in turns while 16 writers
  write through a service with two workers. Only successes and 503 are allowed,
  success must come back within 5 seconds, and no acknowledged write may be lost.
- db-hung: a server of our own gets SIGSTOP for 80 seconds, or another process locks the
  file, while 40 clients write. Each must get 503 within 6 seconds, no acknowledged write
  may be lost, and success must come back within a second.
- schema: requests made up from the OpenAPI document, 100 for each operation, as an
  administrator, as somebody without rights and as nobody, on each database. None may
  find a crash, or an undocumented response. Others are made up each time,
  unless --seed repeats them.
- schema-changes: random models are changed eight times and changed back, 40
  times on each database, the first time with the seed that --seed names. No change may
  leave tables or rows that differ from what the models say, or fail without a sentence.
- stalls: each operation gets requests of the largest allowed size, of shapes that cost most to
  read: junk keys, combining characters, deep and long lists, forms, headers, queries. None may
  stop the event loop for more than 0.1 s, or get an error of more than 8 KiB.
- resources: 20 random resources are written into a service on each database,
  checked by all that `just check` runs, migrated, listed over HTTP, and removed. Each
  must be right, and `git status` empty at the end.
- drain: a service with one and with two workers gets SIGTERM beside half-sent bodies, and
  under load. It must end with 0 within DRAIN_SECONDS and 2 seconds, and reset no connection.

It prints each action with its process and time, then one row per figure. The exit
status is 1 if a limit is exceeded, or if REQUIRE_SERVICES is 1 and a server is missing.
"""

import os
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from random import randrange

from tests.service.resources.draw import draw
from tests.service.resources.trial import trial
from tests.service.running import generated, stopping
from tests.service.running import stalls as costly
from tests.service.schema.sequences import seeds
from tests.support import databases, harness, people
from tests.support.harness import Service
from tests.support.private_servers import NotInstalled, PrivateServer, StopMode, private_server
from tests.support.scenarios import (
    MIGRATORS,
    Hang,
    Recovery,
    applied,
    hang_under_load,
    locked,
    migrate_at_once,
    restart_under_load,
)
from tests.variants.rows import RUNNING

ROUNDS = 5
EXAMPLES = 100
SEEDS = 40
RESOURCES = 20
RECOVERY_SECONDS = 5
HUNG_CLIENTS, HUNG_SECONDS = 40, 80
ANSWER_SECONDS, BACK_SECONDS = 6, 1
STALL_SECONDS = 0.1
BAD_REQUEST = 400
DRAIN_SECONDS = 8  # the default
DRAIN_TOLERANCE_SECONDS = 2
HALF_BODIES = 20
STARTED = time.monotonic()


@dataclass(frozen=True)
class Figure:
    """A row of the table."""

    name: str
    measured: str
    limit: str
    is_reached: bool

    def __str__(self) -> str:
        """Return the row."""
        verdict = "ok" if self.is_reached else "MISSED"
        return f"{self.name:<47} {self.measured:<64} {self.limit:<35} {verdict}"


def main() -> None:
    """Run the named scenarios, or all, and print the table."""
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(SCENARIOS))
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seed", type=int, default=randrange(1_000_000))  # noqa: S311
    given = parser.parse_args()
    if unknown := set(given.names) - set(SCENARIOS):
        parser.error(f"there is no {min(unknown)}; there are {', '.join(SCENARIOS)}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        harness.snapshot(folder / "template")
        figures = [
            figure
            for scenario in given.names or SCENARIOS
            for figure in SCENARIOS[scenario](folder, given)
        ]
    print("", *figures, sep="\n")
    sys.exit(not all(figure.is_reached for figure in figures))


def migrate_race(folder: Path, given: Namespace) -> Iterator[Figure]:
    """Let eight processes migrate an empty database at once."""
    for database in databases.NAMES:
        name = f"migrate-race, {database}"
        if missing := _unreachable(name, database):
            yield missing
            continue
        with _service(folder, name, database, {"database": database}) as service:
            yield _race(name, service, given.rounds)


def _unreachable(name: str, database: str) -> Figure | None:
    """Return the row of a scenario whose server cannot be reached, or None."""
    if harness.is_reachable(database):
        return None
    return _missing(name, f"no server at {databases.server(database).url}")


def _race(name: str, service: Service, rounds: int) -> Figure:
    failed = 0
    repeated = 0
    for number in range(1, rounds + 1):
        service.drop_database()
        ends = migrate_at_once(service)
        bad = [end for end in ends if end.status != 0]
        versions = applied(service)
        failed += len(bad)
        repeated += len(versions) - len(set(versions))
        repeated += sum(end.output.count("Applied") for end in ends) != len(versions)
        log(f"{name}, round {number}: {[end.status for end in ends]}, applied {versions}")
        for end in bad:
            log(end.text)
    total = rounds * MIGRATORS
    measured = f"{total - failed} of {total} ended with 0, {repeated} steps ran twice"
    return Figure(name, measured, "all, none", failed == repeated == 0)


def db_restart(folder: Path, given: Namespace) -> Iterator[Figure]:
    """Restart the database of a busy service."""
    for row in RUNNING:
        if databases.named(row.database).server is None:
            continue
        name = f"db-restart, {row.database}"
        try:
            with private_server(row.database, log) as server:
                url = f"{server.url}/chaos"
                with _service(folder, name, row.database, row.answers, DATABASE_URL=url) as service:
                    service.cli("migrate")
                    service.start(workers=2)
                    ways: Iterator[StopMode] = islice(cycle(STOP_MODES), given.rounds)
                    yield _restarts(
                        f"{name} ({server.version()})",
                        [restart_under_load(service, server, how, log) for how in ways],
                    )
        except NotInstalled as error:
            yield _missing(name, str(error))


STOP_MODES: tuple[StopMode, ...] = ("shutdown", "kill")


def _restarts(name: str, recoveries: list[Recovery]) -> Figure:
    others = sum(len(recovery.unexpected) for recovery in recoveries)
    lost = sum(len(recovery.lost) for recovery in recoveries)
    doubled = sum(len(recovery.doubled) for recovery in recoveries)
    slowest = max(recovery.seconds for recovery in recoveries)
    acknowledged = sum(recovery.acknowledged for recovery in recoveries)
    unavailable = sum(recovery.unavailable for recovery in recoveries)
    return Figure(
        name,
        f"{acknowledged} writes, {unavailable} x 503, {others} others, {lost} lost,"
        f" {doubled} twice, {slowest:.2f} s",
        f"0 others, 0 lost, 0 twice, <= {RECOVERY_SECONDS} s",
        others == lost == doubled == 0 and slowest <= RECOVERY_SECONDS,
    )


def db_hung(folder: Path, _given: Namespace) -> Iterator[Figure]:
    """Let the database of a busy service hang."""
    for row in RUNNING:
        name = f"db-hung, {row.database}"
        try:
            with ExitStack() as stack:
                environment: dict[str, str] = {}
                server: PrivateServer | None = None
                if databases.named(row.database).server:
                    server = stack.enter_context(private_server(row.database, log))
                    environment["DATABASE_URL"] = f"{server.url}/chaos"
                service = stack.enter_context(
                    _service(folder, name, row.database, row.answers, **environment)
                )
                service.cli("migrate")
                service.start(workers=2)
                yield _hung(
                    name,
                    hang_under_load(
                        service,
                        server.hanging() if server else locked(service),
                        clients=HUNG_CLIENTS,
                        seconds=HUNG_SECONDS,
                        log=log,
                    ),
                )
        except NotInstalled as error:
            yield _missing(name, str(error))


def _hung(name: str, hang: Hang) -> Figure:
    return Figure(
        name,
        f"{hang.unavailable} x 503, {len(hang.unexpected)} others, {len(hang.lost)} lost,"
        f" slowest {hang.slowest:.2f} s, back after {hang.seconds:.2f} s",
        f"0 others, 0 lost, <= {ANSWER_SECONDS} s, <= {BACK_SECONDS} s",
        not hang.unexpected
        and not hang.lost
        and hang.slowest <= ANSWER_SECONDS
        and hang.seconds <= BACK_SECONDS,
    )


def drain(folder: Path, given: Namespace) -> Iterator[Figure]:
    """Stop a service beside clients that send half a body, and under load."""
    row = RUNNING[0]
    for workers in (1, 2):
        name = f"drain, {workers} workers"
        with _service(folder, name, row.database, row.answers) as service:
            service.cli("migrate")
            limit = DRAIN_SECONDS + DRAIN_TOLERANCE_SECONDS
            ends: list[tuple[int, float]] = []
            statuses: Counter[int] = Counter()
            for number in range(given.rounds):
                service.start(workers=workers)
                began = time.monotonic()
                if number % 2:
                    statuses += stopping.stop_under_load(service)
                else:
                    held = [stopping.half_a_body(service) for _ in range(HALF_BODIES)]
                    began = time.monotonic()
                    stopping.send_signal(service)
                ends.append((stopping.status_of(service), time.monotonic() - began))
                for connection in held:
                    connection.close()
                log(f"{name}: {('half-sent bodies', 'load')[number % 2]}, ended with {ends[-1]}")
            slowest = max(seconds for _, seconds in ends)
            bad = sum(status != 0 for status, _ in ends)
            yield Figure(
                name,
                f"{len(ends)} ends, {bad} not with 0, {slowest:.2f} s; {statuses.total()} requests"
                f" under load, {statuses[0]} reset",
                f"all with 0, <= {limit} s, 0 reset",
                bad == statuses[0] == 0 and slowest <= limit,
            )


def schema(folder: Path, given: Namespace) -> Iterator[Figure]:
    """Send requests made up by Schemathesis, as each kind of caller."""
    for row in RUNNING:
        name = f"schema, {row.database}"
        if missing := _unreachable(name, row.database):
            yield missing
            continue
        for caller in generated.CALLERS:
            of_caller = f"{name}, {caller}"
            with _service(folder, of_caller, row.database, row.answers) as service:
                service.cli("migrate")
                service.start(workers=2)
                found = generated.requests(service, caller, examples=EXAMPLES, seed=given.seed)
            made = f"{found.requests} requests to {found.operations} operations"
            log(f"{of_caller}: {made}, --seed {given.seed}")
            enough = found.requests >= EXAMPLES * found.operations > 0
            is_clean = found.status == 0 and enough
            if not is_clean:
                log(found.report)
            measured = f"{found.requests} requests, status {found.status}"
            yield Figure(of_caller, measured, "status 0", is_clean)


def resources(folder: Path, given: Namespace) -> Iterator[Figure]:
    """Write, check, serve and remove resources."""
    for database in databases.NAMES:
        name = f"resources, {database}"
        if missing := _unreachable(name, database):
            yield missing
            continue
        drawn = list(draw(given.seed, RESOURCES))
        log(f"{name}: {RESOURCES} from --seed {given.seed}")
        place = folder / name.replace(", ", "-") / "service"
        faults = trial(folder / "template", place, {"database": database}, drawn)
        for fault in faults:
            log(fault)
        yield Figure(name, f"{RESOURCES} resources, {len(faults)} faults", "0 faults", not faults)


def schema_changes(folder: Path, given: Namespace) -> Iterator[Figure]:
    """Change random models at random, and change them back."""
    for database in databases.NAMES:
        name = f"schema-changes, {database}"
        if missing := _unreachable(name, database):
            yield missing
            continue
        place = folder / name.replace(", ", "-") / "service"
        project = harness.render(folder / "template", place, {"database": database})
        log(f"{name}: {SEEDS} seeds from --seed {given.seed}")
        chosen = range(given.seed, given.seed + SEEDS)
        endings = seeds.elsewhere(database, project.path, chosen, is_watched=True)
        counts = sum((Counter(ending.counts) for ending in endings), Counter())
        wrong = sum(bool(ending.fault) for ending in endings)
        yield Figure(
            name,
            f"{counts['made']} made, {counts['refused']} refused, {counts['undone']} undone,"
            f" {wrong} of {len(endings)} seeds wrong",
            "0 wrong",
            wrong == 0,
        )


def stalls(folder: Path, given: Namespace) -> Iterator[Figure]:
    """Send requests that cost as much as possible, and watch the event loop."""
    del given
    for row in RUNNING:
        name = f"stalls, {row.database}"
        if missing := _unreachable(name, row.database):
            yield missing
            continue
        with _service(folder, name, row.database, row.answers) as service:
            service.cli("migrate")
            with costly.watched(service) as client:
                admin = people.create_admin(service, client)
                found = list(costly.walk(client, admin.headers))
        longest = max(found, key=lambda stall: stall.seconds)
        largest = max(stall.answer_bytes for stall in found if stall.status >= BAD_REQUEST)
        log(f"{name}: the longest is {longest}")
        yield Figure(
            name,
            f"{len(found)} requests, longest {longest.seconds:.3f} s, errors of {largest} bytes",
            f"<= {STALL_SECONDS} s, <= {costly.LARGEST_ANSWER} bytes",
            longest.seconds <= STALL_SECONDS and largest <= costly.LARGEST_ANSWER,
        )


SCENARIOS: dict[str, Callable[[Path, Namespace], Iterator[Figure]]] = {
    "migrate-race": migrate_race,
    "db-restart": db_restart,
    "db-hung": db_hung,
    "drain": drain,
    "schema": schema,
    "schema-changes": schema_changes,
    "stalls": stalls,
    "resources": resources,
}


def log(event: str) -> None:
    """Print an event, with the time since the start."""
    print(f"{time.monotonic() - STARTED:7.2f} s  {event}", flush=True)


def _service(
    folder: Path, name: str, database: str, answers: harness.Answers, **environment: str
) -> Service:
    slug = harness.new_slug("chaos")
    place = folder / name.replace(", ", "-") / "service"
    project = harness.render(folder / "template", place, {**answers, "project_slug": slug})
    return Service(project, database, dict(environment))


def _missing(name: str, reason: str) -> Figure:
    return Figure(name, reason, "a server", os.environ.get("REQUIRE_SERVICES") != "1")


if __name__ == "__main__":
    main()
