"""Commands of the command line that work with the database."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import click
from pydantic import ValidationError
from tortoise.exceptions import ConfigurationError, OperationalError

from app.database import connection, driver
from app.database.migration_tool import reason
from app.database.settings import DatabaseSettings
from app.web.errors import AppError

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def asynchronous(
    work: Callable[Parameters, Coroutine[Any, Any, Result]],
) -> Callable[Parameters, Result]:
    """Run a command in an event loop, and tell what can go wrong in one sentence."""

    @wraps(work)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        try:
            with asyncio.Runner() as runner:
                return _run(runner, work(*args, **kwargs))
        except Exception as error:
            if (sentence := _sentence(error)) is None:
                raise
            raise click.ClickException(sentence) from None

    return run


@asynccontextmanager
async def connected() -> AsyncGenerator[None]:
    """Keep the database of the command line's settings ready while a command runs."""
    settings: DatabaseSettings = click.get_current_context().obj()
    async with connection.connected(settings):
        yield


def _sentence(error: Exception) -> str | None:
    """Return what a person can do about the error, or None if it is a fault of the program."""
    if isinstance(error, AppError | PermissionError | TimeoutError) and str(error):
        return str(error)
    if driver.is_unavailable(error):
        return (
            f"The database does not answer ({reason(error)})."
            " Is it running, is DATABASE_URL right, and has `just migrate` created it?"
        )
    if isinstance(error, OperationalError):
        return f"The database refused ({reason(error)}). Run `just migrate` first."
    return reason(error) if isinstance(error, OSError | ConfigurationError) else None


def _run(runner: asyncio.Runner, work: Coroutine[Any, Any, Result]) -> Result:
    """Run the work; if it fails, let drivers' threads end before the loop that they report to."""
    before = threading.enumerate()
    try:
        return runner.run(work)
    except Exception:
        for thread in set(threading.enumerate()) - set(before):
            thread.join(timeout=1)
        raise


def refusal(error: ValidationError) -> click.ClickException:
    """Say in one sentence what is wrong with what was typed, without repeating it."""
    fault = error.errors(include_input=False)[0]
    sentence = fault["msg"].removeprefix("Value error, ")
    return click.ClickException(f"{fault['loc'][0]}: {sentence}")
