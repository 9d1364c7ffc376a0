"""Random changes of random models, applied one after the other, and undone.

Models and rows are drawn, and the models are changed eight times. Each time `make-migration`
writes a file, plain aerich applies it to the filled database, and catalogue and rows are compared
with what they should be; what rows forbid must be refused before anything has changed. Then
everything is undone, and compared again. The exit status is 1 if anything is wrong.
"""

import argparse
import asyncio
import signal
import sys
import tempfile
from pathlib import Path

from tests.service.schema.sequences.seeds import Ending, endings, write
from tests.service.schema.sequences.tampering import TAMPERINGS
from tests.support import harness
from tests.support.databases import NAMES


async def main() -> int:
    """Try the seeds of the command line, and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.service.schema.sequences", description=__doc__
    )
    parser.add_argument("--database", choices=NAMES, required=True)
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--seeds", type=int, default=1, help="how many")
    parser.add_argument("--service", type=Path, help="a service rendered for the database")
    parser.add_argument("--tampering", choices=TAMPERINGS, default="none")
    parser.add_argument("--json", type=Path, help="where to put how the seeds ended")
    options = parser.parse_args()
    found: list[Ending] = []
    with tempfile.TemporaryDirectory(prefix="sequences_") as folder:
        service = options.service or _render(Path(folder), options.database)
        seeds = range(options.seed, options.seed + options.seeds)
        async for ending in endings(options.database, service, seeds, options.tampering):
            print(ending, flush=True)
            found.append(ending)
    if options.json:
        write(options.json, found)
    return 1 if any(ending.fault for ending in found) else 0


def _render(folder: Path, database: str) -> Path:
    template = harness.snapshot(folder / "template")
    return harness.render(template, folder / "service", {"database": database}).path


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # databases are dropped then too
    sys.exit(asyncio.run(main()))
