"""Structured log lines on standard error, as text or JSON. A log line must hold no personal data."""

import logging
import sys
from typing import Any

import structlog


def configure_logs(shape: str) -> None:
    """`console` for people, `json` for programs."""
    renderers: list[Any] = [
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(),
    ]
    if shape != "json":
        # Rich tracebacks show the values of variables, which may be personal data.
        plain = structlog.dev.plain_traceback
        renderers = [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *renderers,
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(level=logging.WARNING, handlers=[_LibraryHandler()], force=True)


class _LibraryHandler(logging.Handler):
    """Log records of libraries, in the same format."""

    def emit(self, record: logging.LogRecord) -> None:
        event_logger().log(record.levelno, "library", library=record.name, said=record.getMessage())


def event_logger() -> Any:
    return structlog.get_logger()
