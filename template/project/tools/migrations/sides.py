"""The two sides that are compared: the tables of the models, and those of the files."""

from contextlib import suppress
from pathlib import Path

from tortoise.backends.base.client import BaseDBAsyncClient

from tools.migrations import dialect, files, models, registration, scratch
from tools.migrations.catalogue import Catalogue
from tools.migrations.refusal import Refused
from tools.migrations.scratch import Config


class NotTaken(Refused):
    """The database does not take the tables of the models."""


async def described(config: Config, folder: Path, package: str = "") -> Catalogue:
    """Return the catalogue of the models' tables, made in an empty database that stays empty.

    Where it does not take them, they are made among what the files make beside tables: types,
    extensions, functions.

    Args:
        config: Its configuration.
        folder: The folder of the files.
        package: The package in which models are defined, if Tortoise must have been told of all.

    Raises:
        Refused: Tortoise was not told of a model, or the database does not take its table.
    """
    async with scratch.connected(config) as connection:
        if package:
            registration.expect_all(package, config["apps"][scratch.APP]["models"])
        with suppress(NotTaken):
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
    """Make the tables of the models.

    Raises:
        Refused: A model is at fault.
        NotTaken: The database does not take its table.
    """
    try:
        await models.create_tables(connection)
    except Refused:
        raise
    except Exception as error:
        raise NotTaken(
            f"The database does not take the tables of the models: {str(error).rstrip('.')}."
        ) from error
    return dialect.as_ours(await dialect.read(connection))


async def apply(connection: BaseDBAsyncClient, config: Config, folder: Path) -> None:
    """Let aerich apply the files that are there.

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
        raise Refused(f"{name} cannot be applied to an empty database: {error}") from error
