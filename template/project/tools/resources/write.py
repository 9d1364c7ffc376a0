"""Write a resource: its part, its tests, and its line in `app/parts.py`."""

import ast
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tools.migrations.refusal import Refused
from tools.resources.resource import PATTERN, ROOT, Resource

PARTS = ROOT / "app/parts.py"
TEST = "test.py"


@contextmanager
def written(resource: Resource) -> Iterator[list[Path]]:
    """Write the files of a resource, and remove them if the block fails.

    Raises:
        Refused: The list of parts cannot be found.
    """
    source, tests = resource.folders
    parts = PARTS.read_text(encoding="utf-8")
    changed = with_line(parts, resource.part)
    try:
        paths = list(_render(resource))
        _format(paths)
        PARTS.write_text(changed, encoding="utf-8")
        yield [*paths, PARTS]
    except BaseException:
        PARTS.write_text(parts, encoding="utf-8")
        for folder in (source, tests):
            shutil.rmtree(folder, ignore_errors=True)
        raise


def rendered(resource: Resource, folder: Path) -> list[Path]:
    """Write the files of a resource into another folder, for comparison."""
    paths = list(_render(resource, folder))
    _format(paths)
    return paths


def _render(resource: Resource, root: Path = ROOT) -> Iterator[Path]:
    kind = "public" if resource.is_public else "owned"
    kind = kind if (PATTERN / kind).is_dir() else ""
    environment = Environment(
        loader=FileSystemLoader(PATTERN),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - it writes Python
    )
    command = textwrap.wrap(
        f"just new-resource {resource.command}", 90, break_long_words=False, break_on_hyphens=False
    )
    source, tests = (root / folder.relative_to(ROOT) for folder in resource.folders)
    names = {path.name for each in ("", kind) for path in (PATTERN / each).glob("*.py.j2")}
    for name in sorted(names):
        found = f"{kind}/{name}" if (PATTERN / kind / name).exists() else name
        text = environment.get_template(found).render(
            r=resource, needed=list(resource.needed()), command=command
        )
        module = name.removesuffix(".j2")
        path = tests / f"test_{resource.plural}.py" if module == TEST else source / module
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        yield path


def _format(paths: list[Path]) -> None:
    """Remove unused imports, and format the files."""
    ruff = [sys.executable, "-m", "ruff"]
    for command in ("check --fix -q --select F401", "check --fix -q --select I", "format -q"):
        subprocess.run([*ruff, *command.split(), *paths], cwd=ROOT, check=True)


def with_line(text: str, part: str) -> str:
    """Add a part after the others.

    Raises:
        Refused: The list of parts cannot be found.
    """
    lines = text.splitlines(keepends=True)
    lines.insert(_end_of_list(text) - 1, f'    "{part}",\n')
    return "".join(lines)


def without_line(text: str, part: str) -> str:
    """Remove a part from the list."""
    return "".join(
        line for line in text.splitlines(keepends=True) if line.strip().rstrip(",") != f'"{part}"'
    )


def _end_of_list(text: str) -> int:
    """Return the number of the line that closes the list of parts."""
    for statement in ast.parse(text).body:
        match statement:
            case ast.AnnAssign(target=ast.Name(id="PARTS"), value=ast.List(end_lineno=int(line))):
                return line
    raise Refused("app/parts.py has no list PARTS with one part a line; add the part by hand.")
