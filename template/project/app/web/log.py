"""Log lines with the id of the request that they belong to."""

import logging
import logging.config
import textwrap
from contextvars import ContextVar
from typing import Any, Literal

JSON_NAMES = {"asctime": "timestamp", "levelname": "level", "name": "logger"}

_request_id: ContextVar[str | None] = ContextVar("request_id", default=None)


def current_request_id() -> str | None:
    """Return the id of the request in hand, or None outside of one."""
    return _request_id.get()


def set_request_id(request_id: str) -> None:
    """Give the request in hand an id; each runs in a context of its own."""
    _request_id.set(request_id)


class RequestIdFilter(logging.Filter):
    """Adds `request_id` to each record."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep the record."""
        record.request_id = _request_id.get() or "-"
        record.__dict__.pop("color_message", None)  # uvicorn's, for terminals
        return True


class OneLineFormatter(logging.Formatter):
    """Text for people. Control characters in a message cannot forge a second line."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Escape what a terminal or a log reader would obey."""
        message = super().formatMessage(record)
        return "".join(char if char.isprintable() else repr(char)[1:-1] for char in message)

    def formatException(self, ei: Any) -> str:  # noqa: ANN401, N802 - as logging has it
        """Indent the traceback, whose last line may hold anything."""
        return textwrap.indent(super().formatException(ei), "    ")


def configure(level: str, form: Literal["text", "json"]) -> None:
    """Send all logs to standard output.

    `level` is that of the service. Libraries stay at INFO: their debug lines
    hold SQL with its values.
    """
    # No line shows these, and collecting them for each record takes time.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "filters": {"request_id": {"()": RequestIdFilter}},
            "formatters": {
                "text": {
                    "()": OneLineFormatter,
                    "format": "%(asctime)s %(levelname)-7s %(request_id)s %(name)s: %(message)s",
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
