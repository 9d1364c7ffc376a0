"""Options of pytest that choose the rows: `--row`, `--seed`, `--count`, `--run`, `--shard`.

Without any, tests take the committed rows. With a count they take rows that are drawn at random,
read them, and with `--run` run them too.
"""

from argparse import Namespace
from random import SystemRandom

import pytest

from tests.variants.cover import FILE
from tests.variants.rows import PAIRS, SPACE, STATIC, Row, drawn

KINDS = {"static_row": STATIC, "typed_row": PAIRS, "live_row": PAIRS}
"""Names of arguments by which tests ask for rows."""

LARGEST_SEED = 2**32


def add_options(parser: pytest.Parser) -> None:
    """Declare the options."""
    group = parser.getgroup("rows of answers")
    group.addoption("--row", action="append", default=[], help="only the row with this id")
    group.addoption("--count", type=int, help="that many rows, drawn at random")
    group.addoption("--seed", type=int, help="draw the rows that this number leads to")
    group.addoption("--run", action="store_true", help="also run the drawn rows")
    group.addoption("--shard", metavar="I/N", help="of the rows to run every N-th, from the I-th")


def settle(config: pytest.Config) -> None:
    """Choose a seed if rows are to be drawn and none is given, the same for all processes.

    Raises:
        pytest.UsageError: The options contradict each other, or name no row.
    """
    option = config.option
    if option.count is not None and option.seed is None:
        option.seed = SystemRandom().randrange(LARGEST_SEED)
    if option.seed is not None and option.count is None:
        raise pytest.UsageError("--seed needs --count, the number of rows to draw.")
    if option.count is not None and option.count < 1:
        raise pytest.UsageError(f"--count {option.count} draws nothing; say 1 or more.")
    if option.row and option.shard:
        raise pytest.UsageError("Say either --row or --shard.")
    if option.run and option.seed is None:
        raise pytest.UsageError("--run is about drawn rows; say --count too.")
    if unknown := set(option.row) - set(_known(option)):
        raise pytest.UsageError(
            f"No row {', '.join(sorted(unknown))}; tests/variants/rows.yml names them."
        )
    _shard(config)
    odd = {name for row in STATIC for name in set(row.answers) ^ set(SPACE.questions)}
    if odd:
        raise pytest.UsageError(
            f"{FILE.name} and the questions differ in {', '.join(odd)}; run `just cover`."
        )


def header(config: pytest.Config) -> str:
    """Describe the chosen rows."""
    option = config.option
    if option.seed is None:
        return f"rows: {len(STATIC)} to read, {len(PAIRS)} to run"
    found = len(drawn(option.seed, option.count))
    return f"rows: {found} drawn with --seed {option.seed} --count {option.count}"


def rows(config: pytest.Config, kind: str) -> list[Row]:
    """Return the rows for tests of this kind."""
    option = config.option
    found = KINDS[kind]
    if option.seed is not None:
        runs = option.run or kind != "live_row"
        found = drawn(option.seed, option.count) if runs else []
    if option.row:
        found = [_known(option)[name] for name in option.row]
    if kind == "live_row":
        first, step = _shard(config)
        found = found[first::step]
    return found


def _known(option: Namespace) -> dict[str, Row]:
    """Return the rows that may be named: those drawn, and those committed."""
    found = drawn(option.seed, option.count) if option.seed is not None else []
    return {str(row): row for row in [*found, *STATIC]}


def draws(config: pytest.Config) -> bool:
    """Return whether the rows are drawn."""
    return config.option.seed is not None


def rerun_command(config: pytest.Config, row: Row) -> str:
    """Return the command that runs a row once more."""
    if config.option.seed is None:
        return f"uv run just rows --row {row}"
    seed, count = config.option.seed, config.option.count
    return f"uv run just matrix --seed {seed} --count {count} --run --row {row}"


def _shard(config: pytest.Config) -> tuple[int, int]:
    text = config.option.shard or "1/1"
    number, _, total = text.partition("/")
    if not (number.isdecimal() and total.isdecimal() and 1 <= int(number) <= int(total)):
        raise pytest.UsageError(f"--shard {text} is not like 1/3, the first of three.")
    return int(number) - 1, int(total)
