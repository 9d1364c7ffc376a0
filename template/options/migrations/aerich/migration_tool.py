"""Migrations by aerich, as functions that work inside an open Tortoise context."""

import re
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aerich import Command
from aerich.exceptions import NotSupportError
from aerich.migrate import Migrate
from aerich.models import Aerich
from aerich.utils import get_models_describe
from tortoise import Tortoise
from tortoise.exceptions import OperationalError
from tortoise.utils import get_schema_sql

Config = dict[str, Any]
FOLDER = Path("migrations")


class CannotWriteMigration(Exception):
    """The tool cannot express this change; the sentence says what to do instead."""


def prepare(config: Config) -> Config:
    """Add what the tool needs to Tortoise's configuration: its table of applied migrations."""
    aerich = {"models": ["aerich.models"], "default_connection": "default"}
    return config | {"apps": config["apps"] | {"aerich": aerich}}


async def upgrade(config: Config) -> list[str]:
    """Apply all that is pending and return its names; the caller holds the migration lock."""
    try:
        await Aerich.exists()
    except OperationalError:
        connection = Tortoise.get_connection("default")
        await connection.execute_script(";\n".join(_create_statements("aerich")))
    names: list[str] = []
    for app in _apps(config):
        command = await _command(config, app)
        names += [f"{app}.{Path(file).stem}" for file in await command.upgrade()]
    return names


async def downgrade(config: Config) -> str | None:
    """Undo the migration that was applied last, and return its name."""
    try:
        last = await Aerich.all().order_by("-id").first()
    except OperationalError:
        return None
    if last is None:
        return None
    command = await _command(config, last.app)
    await command.downgrade(version=-1, delete=False)
    return f"{last.app}.{Path(last.version).stem}"


async def pending(config: Config) -> list[str]:
    """Name the migrations that this database has not seen."""
    try:
        applied = set(await Aerich.all().values_list("app", "version"))
    except OperationalError:
        applied = set()
    return [
        f"{app}.{path.stem}"
        for app in _apps(config)
        for path in _files(app)
        if (app, path.name) not in applied
    ]


async def changes(config: Config) -> list[str]:
    """Name the apps whose models have changes that no migration makes."""
    with TemporaryDirectory() as folder:
        shutil.copytree(FOLDER, folder, dirs_exist_ok=True)
        return [app for app in _apps(config) if await _make(config, app, "check", Path(folder))]


async def make(config: Config, name: str) -> list[str]:
    """Write a migration for each app that has changes, and return the paths.

    Raises:
        CannotWriteMigration: The database is behind the files, or aerich lacks the change.
    """
    if missing := await pending(config):
        message = f"Run `just migrate` first: {', '.join(missing)} has not been applied."
        raise CannotWriteMigration(message)
    paths = [await _make(config, app, name, FOLDER) for app in _apps(config)]
    return [str(path) for path in paths if path]


async def _make(config: Config, app: str, name: str, folder: Path) -> Path | None:
    command = await _command(config, app, folder)
    if not Tortoise.apps or not Tortoise.apps[app]:
        return None
    if not _files(app, folder):
        return _write_first(app, folder / app / "0_init.py")
    try:
        file = await command.migrate(name, no_input=not sys.stdin.isatty())
    except NotSupportError as error:
        message = f"{str(error).rstrip('.')}. docs/migrations.md says what to do instead."
        raise CannotWriteMigration(message) from error
    return folder / app / file if file else None


def _write_first(app: str, path: Path) -> Path:
    """Write the migration that makes every table of the app.

    aerich's own `init` writes the tables of all apps into each one's file, and
    no way back.
    """
    statements = _create_statements(app)
    tables = [
        match.group(1)
        for statement in statements
        if (match := re.match(r"CREATE TABLE IF NOT EXISTS (\S+)", statement))
    ]
    text = Migrate.build_migration_file_text(
        upgrade_sql=_lines(statements),
        downgrade_sql=_lines([f"DROP TABLE IF EXISTS {table}" for table in reversed(tables)]),
        models_state=get_models_describe(app),
    )
    path.write_text(text, encoding="utf-8")
    return path


def _create_statements(app: str) -> list[str]:
    """Return the statements of the schema that touch the tables of one app."""
    connection = Tortoise.get_connection("default")
    models = [model.describe() for model in (Tortoise.apps or {})[app].values()]
    tables = {model["table"] for model in models}
    tables |= {field["through"] for model in models for field in model["m2m_fields"]}
    statements = get_schema_sql(connection, safe=True).split(";\n")
    subject = re.compile(r"(?:TABLE|COLUMN|ON)(?: IF NOT EXISTS)? [\"`](\w+)[\"`]")
    return [
        statement.strip().rstrip(";")
        for statement in statements
        if (match := subject.search(statement)) and match.group(1) in tables
    ]


def _lines(statements: list[str]) -> str:
    return ";\n        ".join(statements) + ";"


async def _command(config: Config, app: str, folder: Path = FOLDER) -> Command:
    """Prepare aerich for one app. It keeps its state in class attributes, so empty them first."""
    for lists in ("{}_operators", "_{}_fk_m2m_index_operators", "_{}_m2m"):
        for direction in ("upgrade", "downgrade"):
            setattr(Migrate, lists.format(direction), [])
    for memory in ("_last_version_content", "_db_version"):
        setattr(Migrate, memory, None)
    for renames in ("_rename_fields", "_rename_models"):
        setattr(Migrate, renames, {})
    command = Command(tortoise_config=config, app=app, location=str(folder))
    await command.init()
    return command


def _apps(config: Config) -> list[str]:
    return [app for app in config["apps"] if app != "aerich"]


def _files(app: str, folder: Path = FOLDER) -> list[Path]:
    return sorted(
        (path for path in (folder / app).glob("*_*.py") if path.stem.split("_")[0].isdigit()),
        key=lambda path: int(path.stem.split("_")[0]),
    )
