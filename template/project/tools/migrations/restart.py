"""Other answers: the owner's migrations are SQL of the database of before."""

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
    """Remove the owner's migrations, and write one with what the shipped ones lack.

    That one is made first, so that all stays as it is where it cannot be made.

    Raises:
        Refused: There are changes that git does not have, the owner said no, or it cannot be made.
    """
    if _git(project.folder, "status", "--porcelain"):
        raise Refused(
            "Commit or stash your changes first: this removes files, and git brings them back."
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
    """Bring back the template's migrations that git has and the folder lacks; return their names.

    Files of an option that was switched off belong to the history of the database.
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
