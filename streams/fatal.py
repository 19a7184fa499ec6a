"""The way out of a worker whose state may no longer be what the log says. Never unwinds.

On every ordinary way out, an exception not excepted, Faust acknowledges, commits and so skips what was being worked on.
"""

import os
from typing import Any, NoReturn

FATAL = 70


def leave(log: Any, why: str, error: BaseException | None = None) -> NoReturn:
    """Say why and end the process at once; a supervisor starts it again, and the log tells it where it stands."""
    try:
        log.critical("left", why=why, error=repr(error) if error else None, exit=FATAL)
    finally:
        os._exit(FATAL)
