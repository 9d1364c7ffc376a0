"""Seeds tried one after the other on a database, in this process or in one of its own."""

import json
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

from tests.service.schema.engines import Planner
from tests.service.schema.laboratory import Laboratory, opened
from tests.service.schema.sequences.sequence import CHANGES, Sequence, Wrong
from tests.service.schema.sequences.tampering import TAMPERINGS
from tests.support import harness


@dataclass(frozen=True)
class Ending:
    """The result of a seed on a database."""

    database: str
    seed: int
    counts: Mapping[str, int]
    """Numbers of changes that were made, refused, undone and so on."""
    fault: str
    """The fault, with the steps that led to it; empty if there is none."""
    seconds: float

    @property
    def again(self) -> str:
        """The command that repeats it."""
        which = f"--database {self.database} --seed {self.seed}"
        return f"uv run python -m tests.service.schema.sequences {which}"

    def __str__(self) -> str:
        """Describe it in a line, and the faults in more."""
        counts = ", ".join(f"{times} {what}" for what, times in sorted(self.counts.items()))
        head = f"{self.database}, seed {self.seed}: {counts}, {self.seconds:.1f} s"
        return f"{head}: WRONG\n{self.fault}\nagain: {self.again}" if self.fault else head


async def endings(
    database: str, service: Path, seeds: Iterable[int], tampering: str
) -> AsyncIterator[Ending]:
    """Try seeds on a kind of database; one kind a process.

    Tortoise remembers statements by the name of a connection.

    Args:
        database: An answer to the question.
        service: A service rendered for it, whose `tools/` are on trial.
        seeds: What to draw from.
        tampering: A name from `TAMPERINGS`, to test whether the checks detect it.
    """
    async with opened(database, service, Planner) as laboratory:
        for each in laboratory.databases.values():
            await each.empty()
        for seed in seeds:
            yield await _ending(laboratory, seed, tampering)


async def _ending(laboratory: Laboratory, seed: int, tampering: str) -> Ending:
    began = time.perf_counter()
    drawn = Random(seed)  # noqa: S311 - to be repeated
    sequence = Sequence(laboratory, laboratory.bench(), drawn, TAMPERINGS[tampering])
    fault = ""
    try:
        await sequence.run(CHANGES)
    except Wrong as wrong:
        fault = str(wrong)
    except Exception:  # noqa: BLE001 - whatever it is, it is the finding
        fault = traceback.format_exc()
    if fault:
        fault = "\n".join([*sequence.story, "--- wrong ---", fault])
    seconds = time.perf_counter() - began
    return Ending(laboratory.kind, seed, dict(sequence.counts), fault, seconds)


def elsewhere(
    database: str,
    service: Path,
    seeds: range,
    *,
    tampering: str = "none",
    is_watched: bool = False,
) -> list[Ending]:
    """Try seeds on a database in a process of its own.

    Args:
        database: An answer to the question.
        service: A service rendered for it.
        seeds: What to draw from.
        tampering: A name from `TAMPERINGS`.
        is_watched: Whether to print at once how each seed ended.

    Raises:
        RuntimeError: The process died; the message holds what it said.
    """
    with tempfile.TemporaryDirectory(prefix="sequences_") as folder:
        report = Path(folder, "endings.json")
        which = ["--database", database, "--service", str(service), "--tampering", tampering]
        numbers = ["--seed", str(seeds.start), "--seeds", str(len(seeds)), "--json", str(report)]
        command = [sys.executable, "-m", "tests.service.schema.sequences", *which, *numbers]
        said = None if is_watched else subprocess.DEVNULL
        done = subprocess.run(
            command,
            cwd=harness.ROOT,
            stdout=said,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        if not report.exists():
            raise RuntimeError(
                f"sequences on {database} ended with {done.returncode}:\n{done.stderr}"
            )
        return [Ending(**record) for record in json.loads(report.read_text(encoding="utf-8"))]


def write(report: Path, found: Iterable[Ending]) -> None:
    """Write endings for the process that waits for them."""
    records = [asdict(ending) for ending in found]
    report.write_text(json.dumps(records, ensure_ascii=False), encoding="utf-8")
