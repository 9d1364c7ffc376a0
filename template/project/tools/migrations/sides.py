"""The two catalogues to compare: of the models, and of the files."""

from contextlib import suppress
from pathlib import Path

from tortoise.backends.base.client import BaseDBAsyncClient

from tools.migrations import dialect, files, models, registration, scratch
from tools.migrations.catalogue import Catalogue
from tools.migrations.refusal import Refused
from tools.migrations.scratch import Config

BRANCHES = " If another branch changed it too, see docs/migrations.md, Two branches."


class TablesRefused(Refused):
    """The database refuses the tables of the models."""


async def model_catalogue(config: Config, folder: Path, package: str = "") -> Catalogue:
    """Return the catalogue of the models' tables, created in an empty database and dropped again.

    If the database refuses them, they are created after all that the files create beside tables:
    types, extensions, functions.

    Args:
        config: The configuration of the empty database.
        folder: The folder of the files.
        package: The package whose models must all be registered, if any.

    Raises:
        Refused: A model is not registered with Tortoise, or the database refuses its table.
    """
    async with scratch.connected(config) as connection:
        if package:
            registration.expect_all(package, config["apps"][scratch.APP]["models"])
        with suppress(TablesRefused):
            catalogue = await _of_models(connection)
            await dialect.clear(connection, catalogue)
            return catalogue
    await scratch.renew(config)
    async with scratch.connected(config) as connection:
        await apply(connection, config, folder)
        await dialect.drop_tables(connection, await dialect.read(connection))
        catalogue = await _of_models(connection)
    await scratch.renew(config)
    return catalogue


async def _of_models(connection: BaseDBAsyncClient) -> Catalogue:
    """Create the tables of the models.

    Raises:
        Refused: A model is wrong.
        TablesRefused: The database refuses its table.
    """
    try:
        await models.create_tables(connection)
    except Refused:
        raise
    except Exception as error:
        raise TablesRefused(
            f"The database refuses the tables of the models: {str(error).rstrip('.')}."
        ) from error
    return dialect.as_migrated(await dialect.read(connection))


async def apply(connection: BaseDBAsyncClient, config: Config, folder: Path) -> None:
    """Let aerich apply the existing files.

    Raises:
        Refused: One is for another database, or cannot be applied.
    """
    paths = files.versions(folder)
    for path in paths:
        if files.constant(path, "DIALECT") not in {None, dialect.NAME}:
            raise Refused(
                f"{path.name} was written for another database: `just restart-migrations`."
            )
    try:
        await scratch.upgrade(config, folder)
    except (Exception, SystemExit) as error:
        seen = await scratch.recorded(connection)
        name = next((path.name for path in paths if path.name not in seen), "A migration")
        why = str(error).rstrip(".")
        advice = "." if "(Two branches)" in why else f".{BRANCHES}"
        raise Refused(f"{name} cannot be applied to an empty database: {why}{advice}") from error
