"""What is taken down when the tests end, last things first. Never left to the interpreter alone: workers skip that."""

import atexit
from contextlib import ExitStack

SHUTDOWN = ExitStack()
atexit.register(SHUTDOWN.close)
