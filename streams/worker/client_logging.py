"""Warnings of libraries as structured log lines, each message at most once in a while.

Without a broker its clients log the same message ten times a second.
"""

import logging
from time import monotonic
from typing import Any

REPEAT_INTERVAL_S = 30.0


class ClientLogHandler(logging.Handler):
    """Logs a message when it occurs first, and again after `REPEAT_INTERVAL_S`; `log` is a structured logger."""

    def __init__(self, log: Any) -> None:
        super().__init__(logging.WARNING)
        self._log = log
        self._logged_at: dict[tuple[str, str], float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        message_key = (record.name, str(record.msg))
        if monotonic() >= self._logged_at.get(message_key, 0.0) + REPEAT_INTERVAL_S:
            self._logged_at[message_key] = monotonic()
            self._log.warning("client", library=record.name, said=record.getMessage())

    def attach(self, *names: str) -> None:
        """Become the only handler of these loggers and the ones below them."""
        for name in names:
            logger = logging.getLogger(name)
            logger.handlers, logger.propagate = [self], False
            logger.setLevel(logging.WARNING)
