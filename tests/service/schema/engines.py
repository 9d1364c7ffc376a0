"""The tools on trial, behind one interface: the planner, aerich's own diff, Tortoise's own tool."""

import importlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

from aerich import Command
from aerich.migrate import Migrate
from tortoise import Tortoise
from tortoise.migrations.api.migrate import migrate
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.schema_editor import MySQLSchemaEditor

from tests.service.schema.case import Options
from tests.service.schema.models import Package
from tests.service.schema.trial_databases import TrialDatabase

Config = dict[str, Any]


class Refused(Exception):  # noqa: N818 - a fact, as the planner's own
    """A refusal of the tool, with its reason in a sentence."""


@dataclass(frozen=True)
class Bench:
    """The place where a case is tried: models, databases, a folder for migrations."""

    package: Package
    databases: Mapping[str, TrialDatabase]
    folder: Path
    """The folder of the files, named like the Tortoise app."""

    def config(self, role: str = "filled") -> Config:
        """Return Tortoise's configuration for a database."""
        modules = [*self.package.modules, "aerich.models"]
        return {
            "connections": {"default": self.databases[role].connection()},
            "apps": {"models": {"models": modules, "default_connection": "default"}},
            "use_tz": True,
            "timezone": "UTC",
        }


class Engine(Protocol):
    """A tool that writes and applies migrations.

    Each call runs in an asyncio context of its own, without an open Tortoise.
    """

    name: ClassVar[str]
    is_strict: ClassVar[bool]
    """Marks a tool of which names and comments count too, and a refusal must be a sentence."""
    imports_models: ClassVar[bool]
    """Marks a tool whose files import the models."""

    async def first(self, bench: Bench) -> None:
        """Write the migration of the models as they are, for an empty database."""

    async def make(self, bench: Bench, options: Options, *, anyway: bool = False) -> bool:
        """Write the migration of the changes; return whether there were any."""

    async def upgrade(self, bench: Bench) -> None:
        """Apply the pending migrations."""

    async def downgrade(self, bench: Bench) -> None:
        """Undo the migration that was applied last."""

    async def open(self, bench: Bench) -> None:
        """Open Tortoise with the models of the moment, unless the tool has."""


def _command(bench: Bench) -> Command:
    """Prepare aerich, which keeps its state in class attributes, so empty them first."""
    for lists in ("{}_operators", "_{}_fk_m2m_index_operators", "_{}_m2m"):
        for direction in ("upgrade", "downgrade"):
            setattr(Migrate, lists.format(direction), [])
    for memory in ("_last_version_content", "_db_version"):
        setattr(Migrate, memory, None)
    for renames in ("_rename_fields", "_rename_models"):
        setattr(Migrate, renames, {})
    return Command(
        tortoise_config=bench.config(), app=bench.folder.name, location=str(bench.folder.parent)
    )


class Aerich:
    """aerich's own `init-db`, `migrate`, `upgrade` and `downgrade`."""

    name: ClassVar[str] = "aerich"
    is_strict: ClassVar[bool] = False
    imports_models: ClassVar[bool] = False

    async def first(self, bench: Bench) -> None:
        """Run `aerich init-db`, which makes the tables too."""
        bench.folder.rmdir()
        await _command(bench).init_db(safe=True)

    async def make(
        self,
        bench: Bench,
        options: Options,  # noqa: ARG002 - it cannot be told
        *,
        anyway: bool = False,  # noqa: ARG002
    ) -> bool:
        """Run `aerich migrate`, which guesses renames."""
        command = _command(bench)
        await command.init()
        return bool(await command.migrate("change", no_input=True))

    async def upgrade(self, bench: Bench) -> None:
        """Run `aerich upgrade`; a file may stop it with a message."""
        command = _command(bench)
        await command.init()
        try:
            await command.upgrade(run_in_transaction=True)
        except SystemExit as end:  # here, since it would end the event loop
            raise Refused(str(end.code)) from end

    async def downgrade(self, bench: Bench) -> None:
        """Run `aerich downgrade`; a file may stop it with a message."""
        command = _command(bench)
        await command.init()
        try:
            await command.downgrade(version=-1, delete=False)
        except SystemExit as end:
            raise Refused(str(end.code)) from end

    async def open(self, bench: Bench) -> None:
        """Open Tortoise, unless aerich has."""
        if not Tortoise.is_inited():
            await Tortoise.init(config=bench.config())


class Planner(Aerich):
    """The service's planner, whose files plain aerich applies."""

    name: ClassVar[str] = "planner"
    is_strict: ClassVar[bool] = True
    imports_models: ClassVar[bool] = False

    def __init__(self) -> None:
        self.first_files: dict[str, tuple[str, str]] = {}
        """Name and text of the first file, by the package of the models: most cases share them."""

    async def first(self, bench: Bench) -> None:
        """Run `make-migration` in an empty folder."""
        key = bench.package.imported
        if key not in self.first_files:
            path = await self.write(bench, None, Options())
            if path is None:
                raise RuntimeError("the planner made nothing of models without migrations")
            self.first_files[key] = (path.name, path.read_text(encoding="utf-8"))
        name, text = self.first_files[key]
        (bench.folder / name).write_text(text, encoding="utf-8")

    async def make(self, bench: Bench, options: Options, *, anyway: bool = False) -> bool:
        """Run `make-migration`."""
        return await self.write(bench, bench.config(), options, anyway=anyway) is not None

    async def check(self, bench: Bench) -> list[str]:
        """Return the output of the service's `check` about files that any tool has written."""
        planner = importlib.import_module("tools.migrations.make")
        package = bench.package.imported
        project = planner.Project(None, bench.config("scratch"), bench.folder, package=package)
        try:
            return [str(change) for change in await planner.remaining_changes(project)]
        except planner.Refused as refusal:
            return [str(refusal)]

    async def write(
        self, bench: Bench, development: Config | None, options: Options, *, anyway: bool = False
    ) -> Path | None:
        """Run `make-migration`, with or without a development database, and return the file."""
        planner = importlib.import_module("tools.migrations.make")
        project = planner.Project(
            development=development, scratch=bench.config("scratch"), folder=bench.folder
        )
        said = planner.Options(
            columns=dict(options.columns),
            tables=dict(options.tables),
            fills={at: told for at, sql in options.fills.items() if (told := _value(sql))},
            fills_sql={at: sql for at, sql in options.fills.items() if not _value(sql)},
            anyway=anyway,
        )
        try:
            made = await planner.make(project, "change", said)
        except planner.Refused as refusal:
            raise Refused(str(refusal)) from refusal
        return None if made is None else Path(made.path)


def _value(sql: str) -> str | None:
    """Return the argument of `--fill` for a text or a number, None for other SQL."""
    if re.fullmatch(r"'([^']|'')+'", sql):
        return sql[1:-1].replace("''", "'")
    return sql if re.fullmatch(r"-?\d+(\.\d+)?", sql) else None


def _with_collation(*_: object, **__: object) -> str:
    return " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"


class TortoiseTool:
    """Tortoise's own `makemigrations`, `migrate` and `downgrade`.

    It is helped, or every case would fail for the same reason: it takes a client for that of a
    database by the name of its module only, and makes tables of MySQL without their collation.
    """

    name: ClassVar[str] = "tortoise"
    is_strict: ClassVar[bool] = False
    imports_models: ClassVar[bool] = True

    def __init__(self) -> None:
        client = importlib.import_module("app.database.client").client_class
        bases = (base.__module__ for base in client.__mro__)
        client.__module__ = next(module for module in bases if module.startswith("tortoise."))
        if "mysql" in client.__module__:
            MySQLSchemaEditor._table_generate_extra = _with_collation  # type: ignore[method-assign]  # noqa: SLF001

    async def first(self, bench: Bench) -> None:
        """Run `tortoise makemigrations` for the first time."""
        folder = bench.package.root / f"{bench.package.name}_migrations"
        folder.mkdir()
        (folder / "__init__.py").touch()
        await self.make(bench, Options())

    async def make(
        self,
        bench: Bench,
        options: Options,  # noqa: ARG002 - it cannot be told
        *,
        anyway: bool = False,  # noqa: ARG002
    ) -> bool:
        """Run `tortoise makemigrations`, which guesses renames."""
        config = self._config(bench)
        await Tortoise.init(config=config)
        return bool(await MigrationAutodetector(Tortoise.apps, config["apps"]).write())

    async def upgrade(self, bench: Bench) -> None:
        """Run `tortoise migrate`."""
        await migrate(config=self._config(bench), direction="forward")

    async def downgrade(self, bench: Bench) -> None:
        """Run `tortoise downgrade` to the first migration."""
        target = "models.0001_initial"
        await migrate(config=self._config(bench), target=target, direction="backward")

    async def open(self, bench: Bench) -> None:
        """Open Tortoise, which its tool leaves without connections."""
        await Tortoise.init(config=bench.config())

    def _config(self, bench: Bench) -> Config:
        config = bench.config()
        models = config["apps"]["models"]
        models["models"].remove("aerich.models")
        models["migrations"] = f"{bench.package.name}_migrations"
        return config


ENGINES: dict[str, type[Engine]] = {made.name: made for made in (Planner, Aerich, TortoiseTool)}
