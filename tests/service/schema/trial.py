"""Try tools for migrations on every case: `python -m tests.service.schema.trial --help`.

A process tries one tool on one database, since Tortoise remembers statements by
the name of a connection.
"""

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

from tests.service.schema import everyday
from tests.service.schema.case import Case
from tests.service.schema.cases import CASES
from tests.service.schema.engines import ENGINES
from tests.service.schema.laboratory import apart, opened
from tests.service.schema.outcome import TOOLS, Outcome, Verdict, table
from tests.service.schema.run import run_case
from tests.support import harness
from tests.support.databases import NAMES

__all__ = ["apart", "elsewhere", "run_cases", "side_by_side"]
AT_ONCE = os.cpu_count() or 1


def run_cases(
    database: str,
    service_folder: Path,
    cases: Sequence[Case],
    *,
    tool: str = "planner",
    tell: Callable[[Outcome], None] = lambda _: None,
) -> list[Outcome]:
    """Try cases, and drop the databases that this took.

    Args:
        database: The kind of database; one a process.
        service_folder: A service rendered for it, whose `tools/` are on trial.
        cases: What to try.
        tool: `planner`, `aerich` or `tortoise`.
        tell: What to call after each case.
    """

    async def all_of_them() -> list[Outcome]:
        outcomes = []
        async with opened(database, service_folder, ENGINES[tool]) as laboratory:
            for case in cases:
                if database in case.only:
                    outcomes.append(await run_case(case, laboratory))
                    tell(outcomes[-1])
        return outcomes

    return asyncio.run(all_of_them())


def side_by_side(tools: Sequence[str], kinds: Sequence[str], *options: str) -> list[Outcome]:
    """Try tools on databases, each pair in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="trial_") as folder:
        template = harness.snapshot(Path(folder, "template"))
        for kind in kinds:
            harness.render(template, Path(folder, kind), {"database": kind})
        pairs = [(tool, kind) for tool in tools for kind in kinds]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            found = pool.map(
                lambda pair: elsewhere(pair[0], pair[1], Path(folder, pair[1]), *options), pairs
            )
            return [outcome for outcomes in found for outcome in outcomes]


def elsewhere(tool: str, database: str, service: Path, *options: str) -> list[Outcome]:
    """Try a tool on a database in a process of its own.

    Raises:
        RuntimeError: The process died; the message holds what it said.
    """
    with tempfile.TemporaryDirectory(prefix="trial_") as folder:
        report = Path(folder, "outcomes.json")
        which = ["--tool", tool, "--database", database, "--service", str(service)]
        command = [
            sys.executable,
            "-m",
            "tests.service.schema.trial",
            *which,
            "--json",
            str(report),
        ]
        done = subprocess.run(
            [*command, *options], cwd=harness.ROOT, capture_output=True, text=True, check=False
        )
        if not report.exists():
            raise RuntimeError(f"{tool} on {database} ended with {done.returncode}:\n{done.stderr}")
        records = json.loads(report.read_text(encoding="utf-8"))
    return [Outcome(**{**record, "verdict": Verdict(record["verdict"])}) for record in records]


def main() -> None:
    """Try the cases of the command line, print a table, and fail where a case is missed."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # databases are dropped then too
    options = _options()
    if options.all:
        more = ["--everyday"] if options.everyday else []
        outcomes = side_by_side(options.tool or TOOLS, options.database or NAMES, *more)
    else:
        (database,), (tool,) = options.database, options.tool or ["planner"]
        tried = everyday.divided(database) if options.everyday else CASES
        cases = [case for case in tried if not options.case or case.name in options.case]
        cases = cases[options.shard[0] - 1 :: options.shard[1]]
        service = options.service.resolve()
        outcomes = run_cases(
            database, service, cases, tool=tool, tell=lambda outcome: print(outcome, flush=True)
        )
    if options.json:
        records = [asdict(outcome) for outcome in outcomes]
        options.json.write_text(json.dumps(records, ensure_ascii=False, indent=1), encoding="utf-8")
    print(table(outcomes))
    sys.exit(0 if all(outcome.is_expected for outcome in outcomes) else 1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="every tool on every database")
    parser.add_argument("--tool", "--engine", action="append", choices=TOOLS)
    parser.add_argument("--database", action="append", choices=NAMES)
    parser.add_argument("--service", type=Path, help="a service rendered for the database")
    parser.add_argument("--case", action="append", help="the name of a case; all without it")
    parser.add_argument(
        "--everyday",
        action="store_true",
        help="a third of the cases, divided among servers",
    )
    parser.add_argument(
        "--shard", type=_shard, default=(1, 1), help="1/3: every third from the first"
    )
    parser.add_argument("--json", type=Path, help="where to put the outcomes")
    return parser.parse_args()


def _shard(text: str) -> tuple[int, int]:
    number, _, of = text.partition("/")
    return int(number), int(of)


if __name__ == "__main__":
    main()
