"""What libraries log, as structured lines among ours, and each thing seldom. Never a line below a warning.

While a broker is away its clients say so ten times a second.
"""

import logging
from time import monotonic
from typing import Any

REPEAT_INTERVAL_S = 30.0


class ClientLogHandler(logging.Handler):
    """Passes on what is said for the first time, and again after a while; `log` takes structured lines."""

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
        """To these loggers and those below them, from now on nobody else does."""
        for name in names:
            logger = logging.getLogger(name)
            logger.handlers, logger.propagate = [self], False
            logger.setLevel(logging.WARNING)
