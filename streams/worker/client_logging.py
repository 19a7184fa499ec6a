"""What libraries log, as structured lines among ours, and each thing seldom. Never a line below a warning.

While a broker is away its clients say so ten times a second.
"""

import logging
from time import monotonic
from typing import Any

SELDOM_S = 30.0


class ClientLines(logging.Handler):
    """Passes on what is said for the first time, and again after a while; `log` takes structured lines."""

    def __init__(self, log: Any) -> None:
        super().__init__(logging.WARNING)
        self._log = log
        self._said: dict[tuple[str, str], float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        place = (record.name, str(record.msg))
        if monotonic() >= self._said.get(place, 0.0) + SELDOM_S:
            self._said[place] = monotonic()
            self._log.warning("client", library=record.name, said=record.getMessage())

    def listen(self, *names: str) -> None:
        """To these loggers and those below them, from now on nobody else does."""
        for name in names:
            logger = logging.getLogger(name)
            logger.handlers, logger.propagate = [self], False
            logger.setLevel(logging.WARNING)
