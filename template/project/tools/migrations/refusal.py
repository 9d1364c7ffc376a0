"""Why a tool cannot do what it was asked for."""

from collections.abc import Iterator
from contextlib import contextmanager
from traceback import extract_tb


class Refused(Exception):
    """It cannot be done; the sentence says why, and what to do."""


@contextmanager
def refusing(words: str, *, advice: str = "") -> Iterator[None]:
    """Turn whatever goes wrong, also in code and SQL of the owner, into a sentence.

    Raises:
        Refused: Something went wrong; the sentence begins with these words.
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
    """Turn what goes wrong while the owner's code is imported into a sentence with its place.

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
