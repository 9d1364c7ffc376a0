"""Take back a resource: its part, its tests, its line, and its migration where that is safe."""

import ast
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from app.config import get_settings
from app.database import migration_tool
from app.database.connection import connected, migrations, orm_config
from tools.migrations import files
from tools.migrations.cli import FOLDER
from tools.migrations.refusal import Refused
from tools.resources import write
from tools.resources.resource import ROOT, Resource, describe

COMMAND = re.compile(r"just new-resource (.+?)\n\"\"\"", re.DOTALL)


def check(resource: Resource, *, force: bool) -> None:
    """Refuse to remove what is not as it was written, or what others need.

    Raises:
        Refused: The sentence says which file.
    """
    source, tests = resource.folders
    if not source.is_dir():
        raise Refused(f"There is no part {source.relative_to(ROOT)}.")
    for path in (ROOT / "app").rglob("*.py"):
        is_other = not path.is_relative_to(source)
        if is_other and resource.part in _imports(path):
            raise Refused(f"{path.relative_to(ROOT)} imports {resource.part}: remove that before.")
        if is_other and f'"models.{resource.model}"' in path.read_text(encoding="utf-8"):
            raise Refused(f"{path.relative_to(ROOT)} has a key to it: remove that before.")
    if not force and (edited := _edited(source, tests)):
        raise Refused(f"{', '.join(edited)} was edited; --force removes it all the same.")


def _imports(path: Path) -> set[str]:
    """Name the packages of parts that a module imports."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    found = {
        f"{each.module}.{name.name}"
        for each in nodes
        if isinstance(each, ast.ImportFrom)
        for name in each.names
    }
    found |= {name.name for each in nodes if isinstance(each, ast.Import) for name in each.names}
    return {".".join(name.split(".")[:2]) for name in found}


def _edited(source: Path, tests: Path) -> list[str]:
    """Name the files that differ from what the command in `__init__.py` writes."""
    text = (source / "__init__.py").read_text(encoding="utf-8")
    if not (command := COMMAND.search(text)):
        return [str((source / "__init__.py").relative_to(ROOT))]
    with TemporaryDirectory() as name:
        root = Path(name)
        paths = write.rendered(_again(shlex.split(command[1])), root)
        wanted = {path.relative_to(root): path.read_bytes() for path in paths}
    there = [path for folder in (source, tests) for path in folder.rglob("*") if path.is_file()]
    found = {
        path.relative_to(ROOT): path.read_bytes()
        for path in there
        if "__pycache__" not in path.parts
    }
    differ = {*wanted, *found} - {path for path in wanted if wanted[path] == found.get(path)}
    return sorted(map(str, differ))


def _again(words: list[str]) -> Resource:
    """Read the words of the command as it was given."""
    options = [word for word in words if word.startswith("--")]
    noun, *typed = [word for word in words if not word.startswith("--")]
    plural = next((each.partition("=")[2] for each in options if "=" in each), "")
    return describe(noun, typed, plural=plural, is_public="--public" in options, is_new=False)


async def undo_migration(resource: Resource, ask: Callable[[list[str]], bool]) -> str:
    """Take back the migration, if nobody else can have it.

    Returns:
        What was done, or nothing if its file must stay.

    Raises:
        Refused: Whoever was asked said no.
    """
    path = _creation(resource.plural)
    if path is None or _is_committed(path):
        return ""
    settings = get_settings()
    async with connected(settings):
        applied = await migration_tool.applied(orm_config(settings))
    if path.stem in applied:
        if applied[-1] != path.stem:
            return ""
        if not ask(await migrations(settings).losses()):
            raise Refused("Nothing was removed.")
        await migrations(settings).downgrade()
    path.unlink()
    return f"Removed {path.relative_to(ROOT)}"


def _creation(table: str) -> Path | None:
    """Return the file that makes a table, if it is the owner's and no later one changes it."""
    paths = [path for path in files.versions(FOLDER) if _is_about(path, table)]
    if len(paths) != 1 or files.constant(paths[0], "PART"):
        return None
    deletes = files.constant(paths[0], "ROLLBACK_DELETES") or ()
    return paths[0] if (table, None) in deletes else None


def _is_about(path: Path, table: str) -> bool:
    return re.search(rf"""['"`]{table}['"`]""", path.read_text(encoding="utf-8")) is not None


def _is_committed(path: Path) -> bool:
    """Whether others may have the file by git."""
    command = ["git", "log", "-1", "--format=%h", "--", path.name]
    done = subprocess.run(command, cwd=path.parent, capture_output=True, check=False)
    return bool(done.stdout.strip())


def remove_files(resource: Resource) -> None:
    """Delete the folders, and the line in the list of parts."""
    text = write.PARTS.read_text(encoding="utf-8")
    write.PARTS.write_text(write.without_line(text, resource.part), encoding="utf-8")
    for folder in resource.folders:
        shutil.rmtree(folder, ignore_errors=True)


def table_stays(resource: Resource) -> bool:
    """Whether migrations still make the table."""
    return any(_is_about(path, resource.plural) for path in files.versions(FOLDER))
