"""A service's planner at work in this process: models as text, databases, a folder of migrations.

What is tried here runs in a process of its own for each database, since Tortoise remembers
statements by the name of a connection; `elsewhere` starts it.
"""

import contextlib
import importlib
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from unittest import mock

from tortoise import Tortoise
from tortoise.backends.base import executor
from tortoise.converters import encoders
from tortoise.exceptions import ConfigurationError

from tests import harness
from tests.schema.catalogue import Catalogue, differences
from tests.schema.databases import Database, databases
from tests.schema.laboratory import apart
from tests.schema.truth import make_tables

Config = dict[str, Any]
Made = tuple[Path, list[str]]
"""The file that was written, and what it does in words."""


BYTES: dict[str, Callable[[bytes], str]] = {
    "sqlite": lambda value: f"x'{value.hex()}'",
    "postgres": lambda value: rf"'\x{value.hex()}'",
    "mysql": lambda value: f"x'{value.hex()}'",
}


class Refused(Exception):
    """The planner, or a migration, says in a sentence why it will not."""


@dataclass
class Workshop:
    """The databases of one kind, and where models and migrations are written."""

    kind: str
    databases: Mapping[str, Database]
    root: Path
    package: str = ""
    """The package of the models of the moment."""
    _numbers: Iterator[int] = field(default_factory=count)
    _truths: dict[str, Catalogue] = field(default_factory=dict)

    def write(self, text: str) -> None:
        """Make these the models of the moment, in a package that nothing has imported yet."""
        self.package = self._write(text)

    def _write(self, text: str) -> str:
        name = f"{self.kind}_models_{next(self._numbers)}"
        (self.root / name).mkdir()
        (self.root / name / "__init__.py").touch()
        (self.root / name / "tables.py").write_text(text, encoding="utf-8")
        importlib.invalidate_caches()
        return name

    def folder(self, name: str = "migrations") -> Path:
        """Make an empty folder for migrations, beside which lies what they load."""
        place = self.root / name
        place.mkdir()
        for path in self._service().glob("migrations/*.py"):
            (place / path.name).write_bytes(path.read_bytes())
        (place / "models").mkdir()
        return place / "models"

    def _service(self) -> Path:
        path = importlib.import_module("tools.migrations.make").__file__
        return Path(str(path)).parents[2]

    def config(self, role: str = "filled", package: str = "") -> Config:
        """Return Tortoise's configuration of a database."""
        modules = [f"{package or self.package}.tables", "aerich.models"]
        return {
            "connections": {"default": self.databases[role].connection()},
            "apps": {"models": {"models": modules, "default_connection": "default"}},
            "use_tz": True,
            "timezone": "UTC",
        }

    def project(self, folder: Path, *, development: bool = True) -> Any:  # noqa: ANN401 - the service's own class
        """Describe folder and databases to the planner."""
        planner = importlib.import_module("tools.migrations.make")
        config = self.config() if development else None
        return planner.Project(development=config, scratch=self.config("scratch"), folder=folder)

    async def make(
        self, folder: Path, name: str = "change", *, development: bool = True, **wishes: Any
    ) -> Made | None:
        """Run `make-migration`.

        Raises:
            Refused: It will not.
        """
        planner = importlib.import_module("tools.migrations.make")
        project = self.project(folder, development=development)
        try:
            made = await apart(planner.make(project, name, planner.Wishes(**wishes)))
        except planner.Refused as refusal:
            raise Refused(str(refusal)) from refusal
        return (made.path, list(made.words)) if made else None

    async def left_over(self, folder: Path) -> list[str]:
        """Return what differs between the migrations and the models, as the planner sees it."""
        planner = importlib.import_module("tools.migrations.make")
        return list(map(str, await apart(planner.left_over(self.project(folder)))))

    async def upgrade(self, folder: Path, role: str = "filled") -> list[str]:
        """Let aerich apply what is pending.

        Raises:
            Refused: A file ended with a sentence.
        """
        return await self._by_aerich("upgrade", folder, role)

    async def downgrade(self, folder: Path, role: str = "filled") -> list[str]:
        """Let aerich undo what was applied last.

        Raises:
            Refused: The file ended with a sentence.
        """
        return await self._by_aerich("downgrade", folder, role)

    async def _by_aerich(self, verb: str, folder: Path, role: str) -> list[str]:
        scratch = importlib.import_module("tools.migrations.scratch")
        config = self.config(role)

        async def work() -> list[str]:
            async with scratch.connected(config):
                try:
                    names: list[str] = await getattr(scratch, verb)(config, folder)
                except SystemExit as end:
                    raise Refused(str(end.code)) from end
            return names

        return await apart(work())

    @contextlib.asynccontextmanager
    async def models(self, role: str = "filled") -> AsyncIterator[dict[str, Any]]:
        """Offer the models of the moment over a database, by the names of their classes."""
        executor.EXECUTOR_CACHE.clear()  # it knows statements by table, and tables change here
        scratch = importlib.import_module("tools.migrations.scratch")
        async with scratch.connected(self.config(role)) as connection:
            apps = Tortoise.apps or {}
            yield {
                "connection": connection,
                **{name: model for name, model in apps["models"].items() if name != "Aerich"},
            }

    async def truth(self, text: str) -> Catalogue:
        """Return the tables that Tortoise makes of models, or the planner where Tortoise cannot."""
        if text not in self._truths:
            await self.databases["expected"].empty()
            package = self._write(text)
            config = self.config("expected", package)
            try:
                await apart(self._by_tortoise(config))
            except ConfigurationError as error:  # keys in a circle
                if "cyclic" not in str(error):
                    raise
                await self.databases["expected"].empty()
                await apart(self._by_planner(config))
            self._truths[text] = await self.databases["expected"].catalogue()
        return self._truths[text]

    async def _by_tortoise(self, config: Config) -> None:
        await Tortoise.init(config=config)
        with mock.patch.dict(encoders, {bytes: BYTES[self.kind]}):  # of which it knows nothing
            await make_tables(self.kind, mend_comments=True)

    async def _by_planner(self, config: Config) -> None:
        scratch = importlib.import_module("tools.migrations.scratch")
        models = importlib.import_module("tools.migrations.models")
        async with scratch.connected(config) as connection:
            await models.create_tables(connection)

    async def unlike(self, text: str, role: str = "filled") -> list[str]:
        """Say in words in what a database differs from models, names included."""
        found = await self.databases[role].catalogue()
        return differences(found, await self.truth(text), names=True)


@contextlib.asynccontextmanager
async def workshop(kind: str, service: Path) -> AsyncIterator[Workshop]:
    """Offer a workshop for a kind of database, one a process.

    Args:
        kind: `sqlite`, `postgres` or `mysql`.
        service: A service rendered for it, whose `tools/` are on trial.
    """
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(service.resolve()))
    async with databases(kind) as made:
        with tempfile.TemporaryDirectory(prefix="workshop_") as root:
            sys.path.insert(1, root)
            for database in made.values():
                await database.empty()
            yield Workshop(kind, made, Path(root))


def elsewhere(module: str, kind: str, service: Path, *more: str) -> str:
    """Run a module of the tests for a kind of database in a process of its own.

    Returns:
        What it printed.

    Raises:
        AssertionError: It did not end with 0.
    """
    options = ["--database", kind, "--service", str(service), *more]
    command = [sys.executable, "-m", module, *options]
    done = subprocess.run(command, cwd=harness.ROOT, capture_output=True, text=True, check=False)
    said = f"{done.stdout}{done.stderr}"
    if done.returncode != 0:
        message = f"{module} on {kind} ended with {done.returncode}:\n{said}"
        raise AssertionError(message)
    return said
