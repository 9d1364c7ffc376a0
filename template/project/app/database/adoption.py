"""Adoption of databases whose tables other tools than these migrations created."""

from aerich.models import Aerich
from tortoise import Tortoise
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.exceptions import OperationalError
from tortoise.transactions import in_transaction

from app.database import driver, migration_tool
from app.database.migration_tool import Config
from app.web.errors import AppError

ADOPTED = "adopted"
"""The app under which aerich's table holds the name of the migration that adopted the database."""


class CannotAdopt(AppError):
    """The database is not in the state that the migrations expect; the message says why."""


async def adopt(config: Config) -> list[str]:
    """Record the migrations whose tables exist already, and return their names.

    `just adopt-migrations` wrote a list of these tables. Only names are compared: the
    migration with the list makes the other changes.

    Raises:
        CannotAdopt: There is no list, a listed table or column is missing, or a migration was run.
    """
    waiting = await migration_tool.pending(config)
    lists = [name for name in waiting if migration_tool.constant(config, name, "ADOPTS")]
    if not lists:
        raise CannotAdopt(
            "No migration lists tables to adopt. Run `just adopt-migrations` in development."
        )
    files = migration_tool.constant(config, lists[-1], "ADOPTS")
    names = [name for name in waiting if f"{name}.py" in files]
    if len(names) < len(files):
        raise CannotAdopt(
            f"This database was migrated already: some of {', '.join(files)} were applied."
        )
    connection = Tortoise.get_connection("default")
    there = migration_tool.constant(config, lists[-1], "THERE")
    if missing := [each for each in there if not await _exists(connection, *each)]:
        raise CannotAdopt(
            f"The database lacks what {lists[-1]} expects: {'; '.join(map(str, missing))}."
        )
    if "aerich" not in await _tables():
        await connection.execute_script(migration_tool.constant(config, lists[-1], "AERICH_TABLE"))
    async with in_transaction("default") as transaction:
        await transaction.execute_query(migration_tool.constant(config, lists[-1], "MARK"))
        await migration_tool.record(config, names)
    return names


async def applied(config: Config) -> list[str]:
    """Name the migrations that were applied here, rather than recorded by an adoption.

    Such a record is no way back: the tables were made by other tools. The migration with the
    list, applied after it, undoes the adoption as a whole.
    """
    names = await migration_tool.applied(config)
    mark = await Aerich.filter(app=ADOPTED).first() if names else None
    if mark is None:
        return names
    adopted = migration_tool.constant(config, mark.version.removesuffix(".py"), "ADOPTS")
    ours = set(migration_tool.names(config)) - {file.removesuffix(".py") for file in adopted}
    return [name for name in names if name in ours]


async def missing(config: Config) -> list[str]:
    """Name the migrations that were applied here, and whose files are missing.

    Of an adopted database it names none, as files of other tools are recorded there too.
    """
    files = set(migration_tool.names(config))
    return [name for name in await applied(config) if name not in files]


async def expect_own_tables(config: Config) -> None:
    """Refuse a database that has tables of the models although no migration was recorded.

    An empty table of aerich is accepted: an interrupted first migration leaves one.

    Raises:
        CannotAdopt: There are such tables; the message names them.
    """
    if set(await migration_tool.applied(config)) & set(migration_tool.names(config)):
        return
    there = await _tables()
    ours = {str(model["table"]) for model in Tortoise.describe_models().values()} - {"aerich"}
    found = sorted(there & ours)
    if found and ("aerich" not in there or await Aerich.exists()):
        raise CannotAdopt(
            f"The database has {', '.join(found)}, which these migrations did not create: nothing"
            " was applied. Run `just adopt-migrations` in development, then `migrate --adopt` here."
        )


async def _tables() -> set[str]:
    """Name the tables of the database."""
    connection = Tortoise.get_connection("default")
    return {row["name"] for row in await connection.execute_query_dict(driver.TABLES_QUERY)}


async def _exists(connection: BaseDBAsyncClient, table: str, *columns: str) -> bool:
    """Return whether a table has these columns."""
    quote = migration_tool.quoted
    names = ", ".join(f"it.{quote(column)}" for column in columns)  # a plain "x" may be text
    try:
        await connection.execute_query(f"SELECT {names} FROM {quote(table)} it WHERE 1 = 0")  # noqa: S608
    except OperationalError as error:
        if driver.is_unavailable(error):
            raise
        return False
    return True
