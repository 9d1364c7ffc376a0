"""Render, set up, run and watch one row: `just try ROW`, or `just try ANSWER=VALUE…`.

ROW is the id of a committed row, such as `production`; the other form completes the answers
with the defaults: `just try database=mysql auth=[]`. Ctrl-C stops the service and drops its
database. The files stay in .cache/try for inspection.
"""

import argparse
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

import yaml

from tests.support import harness, janitor
from tests.support.harness import ROOT, Service
from tests.variants.rows import SPACE, STATIC, Row
from tests.variants.space import Refused

FOLDER = ROOT / ".cache/try"
FAULTS = (AssertionError, LookupError, OSError, RuntimeError, TypeError, ValueError, yaml.YAMLError)
"""Errors that are reported in a sentence: those of the tests, of the network, and of YAML."""


def main() -> None:
    """Try the row of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="+", metavar="ROW | ANSWER=VALUE", help="what to try")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        row = _row(parser.parse_args().what)
        _try(row)
    except FAULTS as error:
        sys.exit(" ".join(str(error).split()) if isinstance(error, yaml.YAMLError) else str(error))
    except KeyboardInterrupt:
        print("\nStopped; its database is gone.")
    finally:
        janitor.tidy_own()


def _row(words: list[str]) -> Row:
    """Return the row with this id, or one of these answers."""
    if all("=" in word for word in words):
        given = dict(word.split("=", 1) for word in words)
        return Row.of(**{name: yaml.safe_load(value) for name, value in given.items()})
    known = {str(row): row for row in STATIC}
    name = " ".join(words)
    if name in known:
        return known[name]
    near = get_close_matches(name, known, n=3, cutoff=0.3) or sorted(known)[:3]
    raise Refused(
        f"No row {name}; perhaps {', '.join(near)}? tests/variants/rows.yml names them all."
    )


def _try(row: Row) -> None:
    began = time.perf_counter()
    destination = FOLDER / str(row)
    shutil.rmtree(destination, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        template = harness.snapshot(Path(folder, "template"))
        answers = {**SPACE.non_defaults(row.answers), "project_slug": harness.new_slug("try")}
        project = harness.render(template, destination, answers)
    print(f"Rendered {row} into {destination.relative_to(ROOT)}", flush=True)
    with Service(project, row.database, {"LOG_FORMAT": "text"}) as service:
        service.log.unlink(missing_ok=True)
        service.run("uv", "sync")
        service.interpreter = project / ".venv/bin/python"
        print(service.cli("migrate").output, end="", flush=True)
        service.start()
        print(f"It answers at {service.url}/docs after {time.perf_counter() - began:.0f} s.")
        print("Ctrl-C stops it and drops its database.\n", flush=True)
        for line in _lines(service):
            print(line, end="", flush=True)
        sys.exit(service.died())


def _lines(service: Service) -> Iterator[str]:
    """Yield the lines of its log until it dies."""
    with service.log.open(encoding="utf-8") as log:
        while not service.died():
            line = log.readline()
            if line:
                yield line
            else:
                time.sleep(0.1)  # a growing file sends no event


if __name__ == "__main__":
    main()
