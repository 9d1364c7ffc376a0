"""Measure the rendered service against bare FastAPI + Tortoise: `just bench`.

Method: the service, R2 and R2a (`reference.py`, `reference_signed_in.py`) run in
processes of their own on one database. In short bursts that take turns (A B C A B C)
each drives its ASGI callable in process, under uvloop, from 32 tasks, and reports the
seconds of CPU of its process per request. Each burst of the service is divided by
the reference's of the same turn, and the median of these ratios is the figure:
on a shared machine seconds vary, ratios of neighbouring bursts much less. Starts and
memory are such ratios of real servers. The service runs as in production: JSON logs (to
`/dev/null`), every default layer, callers fetched anew for each request.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path
from statistics import median, quantiles

from jose import jwt

from tests.support import databases, harness
from tools.bench.child import Order
from tools.bench.processes import OURS, R2, R2A, Bench, copy_seconds, send_order

HERE = Path(__file__).parent
HEALTH = Order("burst", "/health/live", count=2000)
LIST = Order("burst", "/api/users", "size=20&page=1", count=320)
WARM_UP_BURSTS = 2
STARTS = 7
LOGIN_ROUNDS = 5
COPIES = 3
STYLES = ["jwt", "session", "api_key"]
LAYERS = {
    "without the access log": {"LOG_LEVEL": "ERROR"},
    "without RequestMiddleware and its log": {"WITHOUT_LAYER": "RequestMiddleware"},
    "without GZipMiddleware": {"WITHOUT_LAYER": "GZipMiddleware"},
    "without CrashMiddleware": {"WITHOUT_LAYER": "CrashMiddleware"},
}


@dataclass(frozen=True)
class Figure:
    """A row of the table; the spread is the middle half of the ratios around a median."""

    name: str
    measured: float
    limit: float
    spread: str = ""

    @property
    def is_missed(self) -> bool:
        """Return whether the measured figure is above the limit."""
        return self.measured > self.limit

    def __str__(self) -> str:
        verdict = "MISSED" if self.is_missed else "ok"
        return f"{self.name:<42} {self.measured:8.3f} {self.limit:6.2f}  {verdict:<7} {self.spread}"


def ratio(name: str, ours: Sequence[float], theirs: Sequence[float], *, limit: float) -> Figure:
    """Return the median of the ratios of neighbouring bursts."""
    ratios = [mine / other for mine, other in zip(ours, theirs, strict=True)]
    low, _, high = quantiles(ratios, n=4)
    return Figure(name, median(ratios), limit, f"{low:.2f}-{high:.2f}")


def check_references() -> None:
    """End the program if a reference application differs from its recorded hash."""
    for line in (HERE / "reference.sha256").read_text(encoding="ascii").splitlines():
        expected, name = line.split()
        if hashlib.sha256((HERE / name).read_bytes()).hexdigest() != expected:
            sys.exit(
                f"tools/bench/{name} is not the file that reference.sha256 holds. To change a"
                " reference app, write an ADR and update the hash: run sha256sum in tools/bench."
            )


class Applications:
    """The child processes by name, and the requests that each gets."""

    def __init__(self, bench: Bench, stack: ExitStack) -> None:
        self.bench = bench
        self.stack = stack
        self.children = {
            name: stack.enter_context(bench.child(module))
            for name, module in {"R2": R2, "R2a": R2A, "service": OURS}.items()
        }
        claims = {"sub": "1", "exp": int(time.time()) + 3600}
        self.token, cookie, key = bench.credentials()
        their_token = jwt.encode(claims, bench.environment["SECRET_KEY"], algorithm="HS256")
        self.lists = {
            "R2": LIST,
            "R2a": replace(LIST, token=their_token),
            "service": replace(LIST, token=self.token),
            "service, cookie": replace(LIST, headers=(("cookie", f"__Host-session={cookie}"),)),
            "service, key": replace(LIST, headers=(("x-api-key", key),)),
        }
        self.children |= dict.fromkeys(
            ["service, cookie", "service, key"], self.children["service"]
        )

    def check_answers(self, orders: dict[str, Order]) -> None:
        """End the program if the applications do not respond with the same JSON."""
        expected = None
        for name, order in orders.items():
            status, body = send_order(self.children[name], replace(order, do="answer"))
            expected = expected or json.loads(body)
            if status != HTTPStatus.OK or json.loads(body) != expected:
                sys.exit(f"{name} answers {order.path} unlike R2: {status} {body[:200]}")

    def statements(self, name: str) -> list[str]:
        """Return the SQL statements of one request for a list."""
        return list(send_order(self.children[name], replace(self.lists[name], do="statements")))

    def take_turns(self, orders: dict[str, Order], count: int) -> dict[str, list[float]]:
        """Let the children run bursts in turn; return microseconds of CPU per request and turn."""
        self.check_answers(orders)
        turns = [
            {name: send_order(self.children[name], order) * 1e6 for name, order in orders.items()}
            for _ in range(WARM_UP_BURSTS + count)
        ][WARM_UP_BURSTS:]
        figures = {name: [turn[name] for turn in turns] for name in orders}
        for name, order in orders.items():
            print(f"  {order.path:<13} {median(figures[name]):8.1f} us of CPU per request: {name}")
        return figures

    def compare_layers(self, count: int) -> None:
        """Print the cost of `/health/live` without each layer."""
        for name, settings in LAYERS.items():
            self.children[name] = self.stack.enter_context(self.bench.child(OURS, **settings))
        self.take_turns(dict.fromkeys(["R2", "service", *LAYERS], HEALTH), count)


def measure(bench: Bench, count: int, *, with_layers: bool) -> list[Figure]:
    """Measure everything that needs the running service."""
    with ExitStack() as stack:
        apps = Applications(bench, stack)
        sql = {style: apps.statements(style) for style in apps.lists if style.startswith("service")}
        print("SQL of one list by the service:", *sql["service"], sep="\n  ")
        extra = max(map(len, sql.values())) - len(apps.statements("R2"))
        lists = apps.take_turns(apps.lists, count)
        healths = apps.take_turns({"R2": HEALTH, "service": HEALTH}, count)
        if with_layers:
            apps.compare_layers(count)
    target = f"{LIST.path}?{LIST.query}"
    pairs = [
        (bench.serve(OURS, target, apps.token), bench.serve(R2, target)) for _ in range(1 + STARTS)
    ][1:]  # the first pair only warms the caches
    seconds, mib = zip(*(ours for ours, _ in pairs), strict=True)
    their_seconds, their_mib = zip(*(theirs for _, theirs in pairs), strict=True)
    print(f"  start: service {median(seconds):.2f} s, R2 {median(their_seconds):.2f} s")
    print(f"  memory: service {median(mib):.0f} MiB, R2 {median(their_mib):.0f} MiB")
    return [
        ratio("list / R2a, CPU per request, token", lists["service"], lists["R2a"], limit=1.20),
        ratio("the same with a cookie", lists["service, cookie"], lists["R2a"], limit=1.20),
        ratio("the same with a key", lists["service, key"], lists["R2a"], limit=1.20),
        Figure("caller and permissions, SQL statements", extra, 2),
        ratio("health / R2, CPU per request", healths["service"], healths["R2"], limit=2.2),
        ratio("exec to first health / R2, wall time", seconds, their_seconds, limit=1.6),
        ratio("memory after 200 lists / R2, RSS", mib, their_mib, limit=1.4),
        *measure_logins(bench),
    ]


def measure_logins(bench: Bench) -> list[Figure]:
    """Compare the service during sign-ins with itself without a limit on concurrent hashes."""
    pairs = [(bench.log_in(), bench.log_in(unlimited=True)) for _ in range(LOGIN_ROUNDS)]
    ours, theirs = zip(*pairs, strict=True)
    for name, rounds in (("service", ours), ("without a limit", theirs)):
        seconds, rate = median(each.p99 for each in rounds), median(each.rate for each in rounds)
        print(f"  signing in: health p99 {seconds * 1e3:.0f} ms, {rate:.1f} logins/s: {name}")
    waits = [[each.p99 for each in rounds] for rounds in (ours, theirs)]
    gaps = [[1 / each.rate for each in rounds] for rounds in (ours, theirs)]
    return [
        ratio("health p99 beside 4 logins / unlimited", *waits, limit=0.3),
        ratio("time per login / unlimited", *gaps, limit=1.11),
    ]


def measure_copies(template: Path, folder: Path) -> Figure:
    """Measure `copier copy` from a repository of one commit."""
    script = "git init -q && git add -A && git -c user.name=b -c user.email=b@b commit -qm b"
    subprocess.run(["sh", "-c", script], cwd=template, check=True)
    seconds = [copy_seconds(template, folder / f"copy-{number}") for number in range(COPIES)]
    return Figure("copier copy --defaults, seconds of CPU", median(seconds), 3)


def choose_database(wanted: str | None) -> str:
    """Return the wanted database, or PostgreSQL if its server is there, or SQLite."""
    database = wanted or "postgres"
    if harness.is_reachable(database):
        return database
    sentence = f"{database} is not reachable at {databases.server(database).url}"
    if wanted or os.environ.get("REQUIRE_SERVICES") == "1":
        sys.exit(f"{sentence}. Start it, or measure with --database sqlite.")
    print(f"{sentence}, so this measures on SQLite.")
    return "sqlite"


def main() -> None:
    """Measure, print the table, and fail if a limit is exceeded."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument("--database", choices=databases.NAMES)
    parser.add_argument("--bursts", type=int, default=21, help="turns for each figure, at least 2")
    parser.add_argument("--layers", action="store_true", help="also print the cost of each layer")
    options = parser.parse_args()
    check_references()
    database = choose_database(options.database)
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        template = harness.snapshot(folder / "template")
        slug = harness.new_slug("bench")
        answers = {"database": database, "auth": STYLES, "project_slug": slug}
        project = harness.render(template, folder / "service", answers)
        with Bench(project, database) as bench:
            bench.fill()
            figures = measure(bench, options.bursts, with_layers=options.layers)
        figures.append(measure_copies(template, folder))
    print(f"\n{f'{database}, median of {options.bursts} bursts':<42} measured  limit")
    print(*figures, sep="\n")
    sys.exit(any(figure.is_missed for figure in figures))


if __name__ == "__main__":
    main()
