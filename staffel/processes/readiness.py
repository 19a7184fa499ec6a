"""Looks every second whether a process is ready, and how far behind it is. Never waits for what does not answer.

It runs in a thread of its own: whoever asks for the health of a process gets what was found last.
"""

from collections.abc import Callable, Sequence
from threading import Event, Thread
from time import monotonic
from typing import NamedTuple

from database.errors import DatabaseError
from staffel.processes.heartbeat import Pulse
from staffel.processes.metrics import Metrics
from streams.log import LogError

EVERY_S = 1.0
STALE_S = 15.0
"""A look that takes longer is itself a finding."""


class Check(NamedTuple):
    """One question about a process, and what was found."""

    name: str
    ok: bool
    found: str


class Measure(NamedTuple):
    """`look` measures into the metrics and answers what was found; raises what log and database raise."""

    name: str
    look: Callable[[Metrics], "Found"]


class Found(NamedTuple):
    ok: bool
    what: str


class Watch:
    """The newest findings of a process."""

    def __init__(self, pulse: Pulse, metrics: Metrics) -> None:
        self._pulse, self._metrics = pulse, metrics
        self._measures: Sequence[Measure] = ()
        self._found: Sequence[Check] | None = None
        self._looked = monotonic()

    def begin(self, measures: Sequence[Measure], stop: Event) -> None:
        """Look at these from now on, until `stop` is set."""
        self._measures = measures
        Thread(target=self._run, args=(stop,), name="watch", daemon=True).start()

    def checks(self) -> list[Check]:
        """What was found last; all must hold for a process to be ready."""
        return [self._working(), *(self._found or [])]

    def _run(self, stop: Event) -> None:
        while not stop.wait(EVERY_S if self._found else 0):
            self.look()

    def look(self) -> None:
        found = [self._check(measure) for measure in self._measures]
        for check in found:
            self._metrics.ready.labels(check.name).set(check.ok)
        self._found, self._looked = found, monotonic()

    def _check(self, measure: Measure) -> Check:
        try:
            return Check(measure.name, *measure.look(self._metrics))
        except (LogError, DatabaseError) as trouble:
            return Check(measure.name, False, str(trouble))
        except Exception as error:  # whatever it is, the other checks go on
            return Check(measure.name, False, repr(error))

    def _working(self) -> Check:
        if self._pulse.trouble is not None:
            return Check("working", False, self._pulse.trouble)
        if self._found is None:
            return Check("working", False, "starting")
        silent = monotonic() - self._looked
        if silent > STALE_S:
            return Check("working", False, f"log or database have not answered for {silent:.0f} s")
        return Check("working", True, "at work")
