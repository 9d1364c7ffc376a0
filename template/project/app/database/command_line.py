"""Helpers of commands that use the database."""

import asyncio
import signal
import sys
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
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


def async_command(
    work: Callable[Parameters, Coroutine[Any, Any, Result]],
) -> Callable[Parameters, Result]:
    """Run a command in an event loop; report expected errors in one sentence."""

    @wraps(work)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        try:
            with _interruptible(), asyncio.Runner() as runner:
                return _run(runner, work(*args, **kwargs))
        except Exception as error:
            if (sentence := _sentence(error)) is None:
                raise
            raise click.ClickException(sentence) from None

    return run


@asynccontextmanager
async def connected() -> AsyncGenerator[None]:
    """Connect to the database of the settings while a command runs."""
    settings: DatabaseSettings = click.get_current_context().obj()
    async with connection.connected(settings):
        yield


def read_line() -> str:
    """Return a line of standard input, without its end.

    Raises:
        ClickException: Standard input is closed.
    """
    if sys.stdin is None:
        raise click.ClickException("Standard input is closed")
    return sys.stdin.readline().rstrip("\r\n")


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C raise KeyboardInterrupt at once: asyncio's handler leaves a prompt waiting."""

    def interrupt(_signal: int, _frame: object) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _sentence(error: Exception) -> str | None:
    """Return what is wrong and what to do, or None if the error is a bug."""
    if isinstance(error, AppError | PermissionError | TimeoutError) and str(error):
        return str(error)
    if driver.is_access_denied(error):
        return (
            f"The database refused the user or the password ({reason(error)}). Correct them in"
            " DATABASE_URL, and in MIGRATION_DATABASE_URL if it is set."
        )
    if driver.is_refused_write(error):
        return f"The database refused to write ({reason(error)}). Is it read-only, its disk full?"
    if driver.is_unavailable(error):
        return (
            f"The database does not answer ({reason(error)})."
            " Is it running, is DATABASE_URL right, and has `just migrate` created it?"
        )
    if isinstance(error, OperationalError):
        return f"The database refused ({reason(error)}). Run `just migrate` first."
    return reason(error) if isinstance(error, OSError | ConfigurationError) else None


def _run(runner: asyncio.Runner, work: Coroutine[Any, Any, Result]) -> Result:
    """Run the work; if it fails, join the threads of drivers before the event loop closes."""
    before = threading.enumerate()
    try:
        return runner.run(work)
    except Exception:
        for thread in set(threading.enumerate()) - set(before):
            thread.join(timeout=1)
        raise


def as_click_error(error: ValidationError) -> click.ClickException:
    """Return an error that says what is wrong with the input, without repeating it."""
    fault = error.errors(include_input=False)[0]
    sentence = fault["msg"].removeprefix("Value error, ")
    return click.ClickException(f"{fault['loc'][0]}: {sentence}")
