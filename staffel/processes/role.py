"""What a long-running process does: its steps, what it waits for, and what tells whether it is ready."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from staffel.processes.process import Wait
from staffel.processes.readiness import ReadinessCheck
from streams.host import Step


class Role(NamedTuple):
    """`close` gives back what others wait for."""

    steps: Sequence[Step]
    wait: Wait
    checks: Sequence[ReadinessCheck]
    close: Callable[[], object]
