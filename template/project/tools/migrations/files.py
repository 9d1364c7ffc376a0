"""Migration files, which aerich applies."""

import ast
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from shutil import copy
from typing import Any

from tools.migrations import dialect
from tools.migrations.changes import Check, Rename, Step
from tools.migrations.refusal import refusing
from tools.migrations.source import as_literal

STATE = "eJyrrgUAAXUA+Q=="
"""An empty model state, as aerich compresses it; the planner compares catalogues instead."""
EMPTY = '''\
"""{title}."""

from tortoise import BaseDBAsyncClient

DIALECT = "{dialect}"
RUN_IN_TRANSACTION = True
MODELS_STATE = "{state}"
# Deleted by downgrade(): ("holidays", None) for a table, ("tasks", "due") for a column.
ROLLBACK_DELETES: list[tuple[str, str | None]] = []
# Created by upgrade(), but described by no model: tables, "table.column", indexes, constraints.
UNMANAGED: list[str] = []
{constant}

async def upgrade(db: BaseDBAsyncClient) -> str:
{first}    # {hint}
    #     return "UPDATE tasks SET title = 'Untitled' WHERE title = ''"
    #
    # With models; name the columns, since a new database does not have later ones yet:
    #     from app.tasks.models import Task
    #
    #     await Task.filter(title="").using_db(db).update(title="Untitled")
    return "SELECT 1"


async def downgrade(db: BaseDBAsyncClient) -> str:
    # Undo upgrade() here, if there is something to undo.
    return "SELECT 1"
'''


@dataclass(frozen=True)
class Direction:
    """One direction of a migration, upgrade or downgrade: checks, then steps."""

    steps: Sequence[Rename | Step] = ()
    checks: Sequence[Check] = ()


@dataclass(frozen=True)
class Adoption:
    """The existing tables of databases that other tools created."""

    file: str
    """The name of the file, recorded as the mark of such a database."""
    files: Sequence[str]
    """The files whose tables exist already."""
    there: Sequence[tuple[str, ...]]
    """Its tables and their columns."""

    @property
    def mark(self) -> str:
        """The statement that marks a database, in aerich's own table."""
        values = ", ".join(map(dialect.text, (self.file, "adopted", "{}")))
        return f"INSERT INTO aerich (version, app, content) VALUES ({values})"

    @property
    def unmark(self) -> str:
        """The statements after which the database can be adopted anew, and must be."""
        names = ", ".join(map(dialect.text, self.files))
        deleted = f"DELETE FROM aerich WHERE version IN ({names})"
        return f"{deleted}; UPDATE aerich SET app = 'unadopted' WHERE app = 'adopted'"

    def constants(self) -> Iterable[str]:
        """Return what `migrate --adopt` reads, and what undoes the adoption."""
        yield f"AERICH_TABLE = {as_literal(dialect.AERICH_TABLE)}"
        yield f"ADOPTS = [{', '.join(map(as_literal, self.files))}]"
        yield _constant("THERE", self.there)
        yield f"MARK = {as_literal(self.mark)}"
        yield f"UNMARK = {as_literal(self.unmark)}"


@dataclass(frozen=True)
class Migration:
    """The content of a file."""

    name: str
    words: Sequence[str] = ()
    up: Direction = Direction()
    down: Direction = Direction()
    deletes: Sequence[tuple[str, str | None]] = ()
    """Tables and columns whose values the downgrade deletes."""
    is_first: bool = False
    """The file creates aerich's own table."""
    part: str = ""
    """The part of the service, if the template ships the file."""
    unmanaged: Sequence[str] = ()
    """Unmanaged columns whose table is renamed, by their new names."""
    adoption: Adoption | None = None
    """Its purpose, if it adopts databases that other tools created, and runs in no others."""

    def text(self) -> str:
        """Return the source of the file."""
        first = [dialect.AERICH_TABLE] if self.is_first else []
        is_guarded = self.adoption is not None
        up = _function("upgrade", "CHECKS", self.up, first, is_guarded=is_guarded)
        down = _function("downgrade", "ROLLBACK_CHECKS", self.down, [], is_guarded=is_guarded)
        down += ' + f";{UNMARK}"' if is_guarded else ""
        blocks = [
            f'"""{_title(self.name)}."""',
            "\n".join(f"# {line}" for each in self.words for line in each.splitlines()),
            _imports(f"{up}{down}"),
            "\n".join(self._constants()),
        ]
        return "\n\n".join(filter(None, blocks)) + f"\n\n\n{up}\n\n\n{down}\n"

    def _constants(self) -> Iterable[str]:
        yield from [f'PART = "{self.part}"'] if self.part else []
        yield f'DIALECT = "{dialect.NAME}"'
        yield f"RUN_IN_TRANSACTION = {dialect.RUN_IN_TRANSACTION}"
        yield f'MODELS_STATE = "{STATE}"'
        yield from [_constant("CHECKS", self.up.checks)] if self.up.checks else []
        yield from [_constant("ROLLBACK_CHECKS", self.down.checks)] if self.down.checks else []
        yield _constant("ROLLBACK_DELETES", self.deletes)
        if self.unmanaged:
            yield f"UNMANAGED = [{', '.join(map(as_literal, self.unmanaged))}]"
        yield from self.adoption.constants() if self.adoption else []


def _title(name: str) -> str:
    return re.sub(r'["\\\\]', "'", name.replace("_", " ")).capitalize()


def _constant(name: str, values: Iterable[tuple[str | None, ...]]) -> str:
    tuples = (", ".join(map(as_literal, value)) for value in values)
    rows = "".join(f"    ({each}),\n" for each in tuples)
    return f"{name} = [\n{rows}]" if rows else f"{name}: list[tuple[str, ...]] = []"


def _imports(functions: str) -> str:
    """Return the imports; helpers beside the folder are loaded by their path."""
    helpers = [name for name in ("checks", dialect.HELPER) if f"{name}." in functions]
    if not helpers:
        return "from tortoise import BaseDBAsyncClient"
    loaded = (
        f'{name} = SimpleNamespace(**run_path(str(FOLDER / "{name}.py")))' for name in helpers
    )
    return "\n".join(
        [
            "from pathlib import Path",
            "from runpy import run_path",
            "from types import SimpleNamespace",
            "\nfrom tortoise import BaseDBAsyncClient",
            "\nFOLDER = Path(__file__).parents[1]",
            *loaded,
        ]
    )


def _function(
    name: str, constant: str, direction: Direction, first: Sequence[str], *, is_guarded: bool
) -> str:
    lines = [f"async def {name}(db: BaseDBAsyncClient) -> str:"]
    if is_guarded:
        lines += ["    if not await checks.was_adopted(db, __name__):", '        return "SELECT 1"']
    if direction.checks:
        if any(dialect.needs_helper(each.query) for each in direction.checks):
            lines.append(f"    await {dialect.HELPER}.prepare(db)")
        lines += [dialect.REFUSE.format(name=name, constant=constant)] if dialect.REFUSE else []
    constant = constant if direction.checks else ""
    return "\n".join([*lines, dialect.body(name, direction.steps, first, constant)])


def versions(folder: Path) -> list[Path]:
    """Return the files that aerich treats as migrations, in its order."""
    found = [path for path in folder.glob("*_*.py") if path.name.split("_")[0].isdigit()]
    return sorted(found, key=lambda path: int(path.name.split("_")[0]))


def constant(path: Path, name: str) -> Any:  # noqa: ANN401 - any literal
    """Return a literal constant of a file, without running it; None if it has none.

    Raises:
        Refused: The file is not Python, or computes the constant.
    """
    with refusing(f"{path.name} cannot be read"):
        statements = ast.parse(path.read_text(encoding="utf-8"), path.name).body
    for statement in statements:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id=found)], value=ast.expr() as value)
                | ast.AnnAssign(target=ast.Name(id=found), value=ast.expr() as value)
            ) if found == name:
                with refusing(f"{path.name} must write out {name}, which is read but not run"):
                    return ast.literal_eval(value)
    return None


def unmanaged(folder: Path) -> set[str]:
    """Return the names of tables, columns, indexes and constraints without a model."""
    return {name for path in versions(folder) for name in constant(path, "UNMANAGED") or ()}


def next_path(folder: Path, name: str) -> Path:
    """Return a path that sorts after all existing files; its number is the time in UTC."""
    now = int(datetime.now(UTC).strftime("%Y%m%d%H%M%S%f")[:17])
    last = max((int(path.name.split("_")[0]) for path in versions(folder)), default=0)
    name = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:80] or "change"
    return folder / f"{max(now, last + 1)}_{name}.py"


def write_empty(folder: Path, name: str) -> Path:
    """Write a file to complete by hand; the first one creates aerich's table."""
    path = next_path(folder, name)
    is_first = not versions(folder)
    text = EMPTY.format(
        title=_title(name),
        dialect=dialect.NAME,
        state=STATE,
        hint=dialect.ROWS_HINT,
        constant=f'AERICH_TABLE = """{dialect.AERICH_TABLE}"""\n' if is_first else "",
        first="    await db.execute_query(AERICH_TABLE)\n" if is_first else "",
    )
    path.write_text(text, encoding="utf-8")
    return path


def copy_helpers(folder: Path, destination: Path) -> Path:
    """Copy the helpers that files load when they are applied; return a folder for files."""
    for path in folder.parent.glob("*.py"):
        copy(path, destination)
    (destination / folder.name).mkdir()
    return destination / folder.name
