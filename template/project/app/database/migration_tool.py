"""Functions around aerich, which applies migrations; they need an initialized Tortoise."""

import ast
from contextlib import suppress
from pathlib import Path
from typing import Any

from aerich import Command
from aerich.exceptions import DowngradeError
from aerich.models import Aerich
from tortoise import Tortoise
from tortoise.exceptions import OperationalError

from app.database import driver
from app.web.errors import AppError

Config = dict[str, Any]
FOLDER = Path(__file__).resolve().parents[2] / "migrations"
"""Beside `app/`, independent of the working directory."""
RESTORE = "run `just restore-migrations`, or take it from the branch that has it"
"""The remedy for a missing file: an update of the template, or another branch, removed it."""


class UnusableFile(AppError):
    """A migration file is missing, or cannot be undone; the message names it."""


async def upgrade(config: Config) -> list[str]:
    """Apply all pending migrations and return their names; the caller holds the migration lock."""
    command = await _command(config)
    return [_name(file) for file in await command.upgrade()]


async def downgrade(config: Config) -> str | None:
    """Undo the migration that was applied last and return its name, or None if there is none.

    Raises:
        UnusableFile: Its file is missing, or has no downgrade.
    """
    done = await applied(config)
    if not done:
        return None
    source(config, done[-1])
    command = await _command(config)
    try:
        await command.downgrade(version=-1, delete=False)
    except DowngradeError as error:
        raise UnusableFile(
            f"{done[-1]} cannot be undone: its downgrade() returns no statement."
        ) from error
    return done[-1]


def reason(error: Exception) -> str:
    """Return the driver's message, without the configuration that the ORM adds."""
    cause = error.__cause__ or error.__context__
    shown = cause if str(cause or "") else error
    return f"{type(shown).__name__}: {shown}".removesuffix(": ")


def names(config: Config) -> list[str]:
    """Return the names of all migration files, in their order."""
    numbered = [
        (int(number), path.stem)
        for path in _folder(config).glob("*_*.py")
        if (number := path.stem.partition("_")[0]).isdigit()
    ]
    return [name for _, name in sorted(numbered)]


async def pending(config: Config) -> list[str]:
    """Return the names of the migrations that the database has not recorded, in their order."""
    recorded = set(await applied(config))
    return [name for name in names(config) if name not in recorded]


async def applied(config: Config) -> list[str]:
    """Return the names of the applied migrations, in the order in which they were applied."""
    records = Aerich.filter(app=_app(config)).order_by("id")
    try:
        files = await records.values_list("version", flat=True)
    except OperationalError as error:
        if driver.is_unavailable(error):
            raise
        return []  # the first migration creates aerich's table
    return [_name(str(file)) for file in files]


async def record(config: Config, done: list[str]) -> None:
    """Record migrations as applied, without running them."""
    for name in done:
        await Aerich.create(version=f"{name}.py", app=_app(config), content={})


def constant(config: Config, name: str, wanted: str) -> Any:  # noqa: ANN401 - of any type
    """Return a literal constant of a migration, without running the file; None if it has none.

    Raises:
        UnusableFile: The file is missing, or is not Python.
    """
    try:
        statements = ast.parse(source(config, name), f"{name}.py").body
    except SyntaxError as error:
        raise UnusableFile(str(error)) from error
    for statement in statements:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id=found)], value=ast.expr() as value)
                | ast.AnnAssign(target=ast.Name(id=found), value=ast.expr() as value)
            ) if found == wanted:
                with suppress(ValueError):  # it is no literal
                    return ast.literal_eval(value)
    return None


def source(config: Config, name: str) -> str:
    """Return the source code of a migration.

    Raises:
        UnusableFile: The file is missing.
    """
    path = _folder(config) / f"{name}.py"
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise UnusableFile(f"{path} was applied, and is missing: {RESTORE}.") from error


def quoted(name: str) -> str:
    """Quote the name of a table or column for SQL; a table's may have its schema in front."""
    connection = Tortoise.get_connection("default")
    quote = connection.schema_generator(connection).quote
    return ".".join(map(quote, name.split(".")))


def _folder(config: Config) -> Path:
    folder = FOLDER / _app(config)
    if not folder.is_dir():
        raise UnusableFile(f"The folder {folder} is missing. Restore it, for example from git.")
    return folder


def _app(config: Config) -> str:
    (app,) = config["apps"]
    return str(app)


def _name(file: str) -> str:
    return file.removesuffix(".py")


async def _command(config: Config) -> Command:
    command = Command(config, _app(config), str(FOLDER))
    await command.init()
    return command
