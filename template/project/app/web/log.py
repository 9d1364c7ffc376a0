"""Log lines with the id of the request that they belong to."""

import logging
import logging.config
import os
import sys
import textwrap
import traceback
from io import TextIOWrapper
from pathlib import Path
from typing import Any, Literal

import fastapi
import starlette

from app.web.errors import request_id

COLOURS = {"DEBUG": 36, "INFO": 32, "WARNING": 33, "ERROR": 31, "CRITICAL": 35}
"""ECMA-48 colour of each level."""
FRAMEWORK_FOLDERS = (str(Path(fastapi.__file__).parent), str(Path(starlette.__file__).parent))
"""Their stack frames are left out of tracebacks."""
JSON_NAMES = {"asctime": "timestamp", "levelname": "level", "name": "logger"}


class RequestIdFilter(logging.Filter):
    """Adds `request_id` to each record."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep the record."""
        record.request_id = request_id.get() or "-"
        record.__dict__.pop("color_message", None)  # uvicorn's, for terminals
        return True


class OneLineFormatter(logging.Formatter):
    """Formats text for people; escapes control characters, so that input cannot forge a line."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Escape control characters, and end with the request's id."""
        message = super().formatMessage(record).removesuffix("  -")
        return "".join(char if char.isprintable() else repr(char)[1:-1] for char in message)

    def formatException(self, ei: Any) -> str:  # noqa: ANN401, N802 - as logging has it
        """Indent the traceback, and leave out the frames of the framework."""
        trace = traceback.TracebackException(*ei)
        callers, last = trace.stack[:-1], trace.stack[-1:]
        own = [each for each in callers if not each.filename.startswith(FRAMEWORK_FOLDERS)]
        trace.stack[:] = [*own, *last]
        return textwrap.indent("".join(trace.format()).rstrip(), "    ")


class ColourFormatter(OneLineFormatter):
    """Formats text for a terminal, with the level in colour."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Colour the level."""
        level = record.levelname
        coloured = f"\x1b[{COLOURS.get(level, 0)}m{level}\x1b[0m"
        return super().formatMessage(record).replace(level, coloured, 1)


def has_colours() -> bool:
    """Return whether standard output is a terminal and NO_COLOR is not set (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def escape_unencodable() -> None:
    """Make standard output escape characters that its encoding lacks, instead of failing."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def configure(level: str, form: Literal["text", "json"]) -> None:
    """Send all logs to standard output.

    `level` is that of the service. Libraries stay at INFO: their debug lines
    contain SQL with its values.
    """
    escape_unencodable()
    # Unused in our formats, and slow to collect for each record.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "filters": {"request_id": {"()": RequestIdFilter}},
            "formatters": {
                "text": {
                    "()": ColourFormatter if has_colours() else OneLineFormatter,
                    "format": "%(asctime)s %(levelname)-8s %(name)-15s %(message)s  %(request_id)s",
                },
                "json": {
                    "()": "pythonjsonlogger.json.JsonFormatter",
                    "format": "%(asctime)s %(levelname)s %(name)s %(message)s %(request_id)s",
                    "rename_fields": JSON_NAMES,
                },
            },
            "handlers": {
                "stdout": {
                    "class": "logging.StreamHandler",
                    "stream": "ext://sys.stdout",
                    "filters": ["request_id"],
                    "formatter": form,
                }
            },
            "root": {"level": "INFO" if level == "DEBUG" else level, "handlers": ["stdout"]},
            "loggers": {
                "app": {"level": level},
                "tortoise": {"level": "WARNING"},
                "uvicorn": {"handlers": [], "propagate": True},
                "uvicorn.access": {"level": "WARNING"},
            },
        }
    )
