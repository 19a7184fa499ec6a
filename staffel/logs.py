"""Structured log lines on standard error, as text or JSON. Never holds a person's data."""

import sys
from typing import Any

import structlog


def configure(shape: str) -> None:
    """`console` for people, `json` for programs."""
    on_terminal = sys.stderr.isatty()
    renderer: Any = (
        structlog.processors.JSONRenderer() if shape == "json" else structlog.dev.ConsoleRenderer(colors=on_terminal)
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def events() -> Any:
    return structlog.get_logger()
