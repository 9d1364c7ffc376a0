"""Remove a resource: its part, its tests, its line, and its migration where that is safe."""

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
from app.database.connection import connected, migration_config, migrations
from tools.migrations import files
from tools.migrations.cli import FOLDER
from tools.migrations.refusal import Refused
from tools.resources import write
from tools.resources.resource import ROOT, Resource, describe

COMMAND = re.compile(r"just new-resource (.+?)\n\"\"\"", re.DOTALL)


def check(resource: Resource, *, force: bool) -> None:
    """Check that the files are unedited, and that no other module uses the resource.

    Raises:
        Refused: A file was edited, or uses the resource; the message names it. Or this is
            production.
    """
    if get_settings().is_production:
        raise Refused("This is production: remove it in development, and deploy the change.")
    source, tests = resource.folders
    if not source.is_dir():
        raise Refused(f"There is no part {source.relative_to(ROOT)}.")
    for path in (ROOT / "app").rglob("*.py"):
        is_other = not path.is_relative_to(source)
        if is_other and resource.part in _imports(path):
            raise Refused(f"{path.relative_to(ROOT)} imports {resource.part}: remove that first.")
        if is_other and f'"models.{resource.model}"' in path.read_text(encoding="utf-8"):
            raise Refused(f"{path.relative_to(ROOT)} has a foreign key to it: remove that first.")
    if not force and (edited := _edited(source, tests)):
        raise Refused(f"{', '.join(edited)} was edited; --force removes it nevertheless.")


def _imports(path: Path) -> set[str]:
    """Return the packages of parts that a module imports."""
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
    """Return the files that differ from the output of the command in `__init__.py`."""
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
    """Parse the recorded command."""
    options = [word for word in words if word.startswith("--")]
    noun, *typed = [word for word in words if not word.startswith("--")]
    plural = next((each.partition("=")[2] for each in options if "=" in each), "")
    return describe(noun, typed, plural=plural, is_public="--public" in options, is_new=False)


async def undo_migration(resource: Resource, ask: Callable[[list[str]], bool]) -> str:
    """Undo and delete the migration, unless others may have it.

    Returns:
        A message, or an empty text if the file must stay.

    Raises:
        Refused: The user declined.
    """
    path = _creation(resource.plural)
    if path is None or _is_committed(path):
        return ""
    settings = get_settings()
    async with connected(settings):
        applied = await migration_tool.applied(migration_config(settings))
    if path.stem in applied:
        if applied[-1] != path.stem:
            return ""
        if not ask(await migrations(settings).losses()):
            raise Refused("Nothing was removed.")
        await migrations(settings).downgrade()
    path.unlink()
    return f"Removed {path.relative_to(ROOT)}"


def _creation(table: str) -> Path | None:
    """Return the file that creates a table, if the owner wrote it and no later one changes it.

    Earlier ones may have created and dropped a table of the same name.
    """
    *_, path = (None, *(each for each in files.versions(FOLDER) if _is_about(each, table)))
    if path is None or files.constant(path, "PART"):
        return None
    deletes = files.constant(path, "ROLLBACK_DELETES") or ()
    return path if (table, None) in deletes else None


def _is_about(path: Path, table: str) -> bool:
    return re.search(rf"""['"`]{table}['"`]""", path.read_text(encoding="utf-8")) is not None


def _is_committed(path: Path) -> bool:
    """Return whether the file was committed, so that others may have it."""
    command = ["git", "log", "-1", "--format=%h", "--", path.name]
    done = subprocess.run(command, cwd=path.parent, capture_output=True, check=False)
    return bool(done.stdout.strip())


def remove_files(resource: Resource) -> None:
    """Delete the folders of a resource, and its line in the list of parts."""
    text = write.PARTS.read_text(encoding="utf-8")
    write.PARTS.write_text(write.without_line(text, resource.part), encoding="utf-8")
    for folder in resource.folders:
        shutil.rmtree(folder, ignore_errors=True)


def table_stays(resource: Resource) -> bool:
    """Return whether migrations still create the table."""
    return any(_is_about(path, resource.plural) for path in files.versions(FOLDER))
