"""Callbacks for the end of the tests, in reverse order. Needed because test workers skip atexit handlers."""

import atexit
from contextlib import ExitStack

SHUTDOWN = ExitStack()
atexit.register(SHUTDOWN.close)
