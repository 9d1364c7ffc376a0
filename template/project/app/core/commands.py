"""Commands of the command line that work with the database."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, NoReturn, ParamSpec, TypeVar

import click
from tortoise.exceptions import OperationalError

from app.core import dialect
from app.core.errors import AppError

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def asynchronous(
    work: Callable[Parameters, Coroutine[Any, Any, Result]],
) -> Callable[Parameters, Result]:
    """Run a command in an event loop, and tell what can go wrong in one sentence."""

    @wraps(work)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        try:
            return asyncio.run(work(*args, **kwargs))
        except AppError as error:
            raise click.ClickException(str(error)) from None
        except (PermissionError, TimeoutError) as error:
            if not str(error):
                unavailable(error)
            raise click.ClickException(str(error)) from None
        except Exception as error:
            if dialect.is_unavailable(error):
                unavailable(error)
            if isinstance(error, OperationalError):
                message = f"The database refused ({reason(error)}). Run `just migrate` first."
                raise click.ClickException(message) from None
            raise

    return run


def unavailable(error: Exception) -> NoReturn:
    """End the command because the database does not answer."""
    message = (
        f"The database does not answer ({reason(error)})."
        " Is it running, is DATABASE_URL right, and has `just migrate` created it?"
    )
    raise click.ClickException(message) from None


def reason(error: Exception) -> str:
    """Return what the driver said, without what the ORM adds about its configuration."""
    cause = error.__cause__ or error.__context__ or error
    return f"{type(cause).__name__}: {cause}"
