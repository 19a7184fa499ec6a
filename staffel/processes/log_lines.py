"""Structured log lines on standard error, as text or JSON. A log line must hold no personal data."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from schemas import log_text, terminal_text


def configure_logs(shape: str) -> None:
    """`console` for people, `json` for programs."""
    renderer: Any = structlog.processors.JSONRenderer()  # writes what is not ASCII as escapes
    escape: list[Any] = []
    if shape != "json":
        # Rich tracebacks show the values of variables, which may be personal data.
        plain = structlog.dev.plain_traceback
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)
        escape = [escape_values]
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            *escape,
            renderer,
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(level=logging.WARNING, handlers=[_LibraryHandler()], force=True)


def escape_values(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A processor: no value makes a line of its own or controls the terminal. A traceback keeps its lines."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = terminal_text(value) if name == "exception" else log_text(value)
    return event


class _LibraryHandler(logging.Handler):
    """Log records of libraries, in the same format."""

    def emit(self, record: logging.LogRecord) -> None:
        event_logger().log(record.levelno, "library", library=record.name, said=record.getMessage())


def event_logger() -> Any:
    return structlog.get_logger()
