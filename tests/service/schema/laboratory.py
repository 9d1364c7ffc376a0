"""A process's databases and folders, shared by the cases of one tool on one database."""

import asyncio
import contextvars
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TypeVar

from tortoise import Tortoise

from tests.service.schema import trial_databases
from tests.service.schema.catalogue import Catalogue
from tests.service.schema.engines import Bench, Engine, Planner
from tests.service.schema.models import Package
from tests.service.schema.trial_databases import TrialDatabase
from tests.service.schema.truth import make_tables

Result = TypeVar("Result")
Texts = dict[str, str]
"""The modules of models: name and text."""


async def apart(act: Awaitable[Result]) -> Result:
    """Await in an asyncio context of its own, and close what was opened in it."""

    async def closing() -> Result:
        try:
            return await act
        finally:
            if Tortoise.is_inited():
                await Tortoise.close_connections()

    return await asyncio.get_running_loop().create_task(closing(), context=contextvars.Context())


@dataclass
class Laboratory:
    """The place where the cases of one tool on one database are tried."""

    kind: str
    engine: Engine
    databases: dict[str, TrialDatabase]
    service: Path
    """A service rendered for the database, whose planner is on trial."""
    root: Path
    """The folder of models and migrations."""
    _numbers: Iterator[int] = field(default_factory=count)
    _truths: dict[str, Catalogue] = field(default_factory=dict)
    planner: Planner = field(default_factory=Planner)

    def bench(self, *, role: str = "filled") -> Bench:
        """Return a new place for models and migrations of the database in that role."""
        name = f"trial_{next(self._numbers):04}"
        folder = self.root / name / "models"
        folder.mkdir(parents=True)
        for helper in (self.service / "migrations").glob("*.py"):  # files load it by path
            shutil.copy(helper, folder.parent)
        package = Package(self.root, f"{name}_models", self.engine.imports_models)
        return Bench(package, {**self.databases, "filled": self.databases[role]}, folder)

    async def truth(self, texts: Texts) -> Catalogue:
        """Return the tables that the models describe, made without the planner."""
        key = "\n".join(texts.values())
        if key not in self._truths:
            await self.databases["expected"].empty()
            bench = self.bench(role="expected")
            bench.package.write(texts)
            await apart(self._by_tortoise(bench))
            self._truths[key] = await self.databases["expected"].catalogue()
        return self._truths[key]

    async def _by_tortoise(self, bench: Bench) -> None:
        await Tortoise.init(config=bench.config())
        await make_tables(self.kind, is_strict=self.engine.is_strict)


@asynccontextmanager
async def opened(kind: str, service: Path, engine: type[Engine]) -> AsyncIterator[Laboratory]:
    """Offer a laboratory for a rendered service, whose `tools/` this process imports."""
    sys.dont_write_bytecode = True  # modules are rewritten within a second
    sys.path.insert(0, str(service))
    with tempfile.TemporaryDirectory(prefix="trial_") as root:
        sys.path.insert(1, root)
        async with trial_databases.opened(kind) as made:
            yield Laboratory(kind, engine(), made, service, Path(root))
