"""Migrations after changed answers: restart with another database, restore removed files."""

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

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

    Raises:
        Refused: There are uncommitted changes, or the owner declined.
    """
    if _git(project.folder, "status", "--porcelain"):
        raise Refused(
            "Commit or stash your changes first: this removes files, which git can then restore."
        )
    own = [each for each in files.versions(project.folder) if not files.constant(each, "PART")]
    if own and not ask([path.name for path in own]):
        raise Refused("Nothing was removed.")
    for path in own:
        path.unlink()
    return await make(replace(project, development=None), "restart")  # it has recorded other files


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
