"""Refusals of the development tools, as messages to people."""

from collections.abc import Iterator
from contextlib import contextmanager
from traceback import extract_tb


class Refused(Exception):
    """The request cannot be fulfilled; the message says why, and what to do."""


@contextmanager
def refusing(words: str, *, advice: str = "") -> Iterator[None]:
    """Turn any error, also of the owner's code and SQL, into a refusal.

    Raises:
        Refused: An error was raised; the message begins with these words.
    """
    try:
        yield
    except Refused:
        raise
    except (Exception, SystemExit) as error:
        raise Refused(
            f"{words}: {str(error).rstrip('.') or type(error).__name__}.{advice}"
        ) from error


@contextmanager
def loading(what: str) -> Iterator[None]:
    """Turn an error while the owner's code is imported into a refusal with its place.

    Raises:
        Refused: It cannot be imported.
    """
    try:
        yield
    except Exception as error:
        cause = error.__cause__ or error.__context__ or error  # Tortoise says less
        frames = [each for each in extract_tb(cause.__traceback__) if each.name == "<module>"]
        is_placed = frames and not isinstance(cause, SyntaxError)
        place = f" ({frames[-1].filename}, line {frames[-1].lineno})" if is_placed else ""
        raise Refused(
            f"{what} cannot be imported: {type(cause).__name__}: {cause}{place}"
        ) from error
