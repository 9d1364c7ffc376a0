"""Migrations after changed answers: restart with another database, restore removed files."""

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from shutil import copy
from tempfile import TemporaryDirectory

from tools.migrations import files
from tools.migrations.make import Made, Project, Refused, make


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(  # noqa: S603 - the arguments are ours
        ["git", *arguments],  # noqa: S607 - as the owner installed it
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise Refused(f"git {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout


async def restart(project: Project, ask: Callable[[list[str]], bool]) -> Made | None:
    """Replace the owner's migrations by one that adds what the shipped ones lack.

    That one is made first, so that all stays as it is where it cannot be made.

    Raises:
        Refused: There are uncommitted changes, the owner declined, or the file cannot be written.
    """
    if _git(project.folder, "status", "--porcelain"):
        raise Refused(
            "Commit or stash your changes first: this removes files, which git can then restore."
        )
    every = files.versions(project.folder)
    own = [path for path in every if not files.constant(path, "PART")]
    if own and not ask([path.name for path in own]):
        raise Refused("Nothing was removed.")
    with TemporaryDirectory() as name:
        beside = files.copy_helpers(project.folder, Path(name))
        for path in every:
            if path not in own:
                copy(path, beside)
        alone = replace(project, folder=beside, development=None)  # which had other files
        made = await make(alone, "restart")
        made = made and replace(made, path=Path(copy(made.path, project.folder)))
    for path in own:
        path.unlink()
    return made


def restore(folder: Path) -> list[str]:
    """Restore the template's migrations that git has and the folder lacks; return their names.

    Files of a removed option belong to the history of the database.
    """
    names = _git(folder, "ls-tree", "--name-only", "HEAD", "./").splitlines()
    gone = [
        name
        for name in names
        if not (folder / name).exists() and "\nPART = " in _git(folder, "show", f"HEAD:./{name}")
    ]
    if gone:
        _git(folder, "checkout", "HEAD", "--", *gone)
    return gone
