"""Telling what waits, one thread for each channel, so that a slow one keeps nobody waiting. Never decides who is told.

An alert is marked after it was told: after a crash in between it is told again, with the same id.
"""

from collections.abc import Callable
from threading import Event, Thread
from typing import Any

from alerts.channel import Alert, Channel, Clock, Gone, Outcome, Refused
from alerts.outbox import AlertRows, Mark, Waiting
from alerts.retry import mark_of, mark_untold

_AT_ONCE = 20
_LOOK_S = 2.0
"""At least so often a channel looks by itself for what is due."""
_BREATH_S = 0.01
_TOO_LATE = "nobody told it while it was fresh"


class Delivery:
    """The thread of one channel. `may_tell`: whether this process is the one that tells now.

    `fresh` in milliseconds, `log` takes structured lines.
    """

    def __init__(
        self, rows: AlertRows, channel: Channel, clock: Clock, may_tell: Callable[[], bool], fresh: int, log: Any
    ) -> None:
        self._rows, self._channel, self._clock, self._may_tell, self._fresh = rows, channel, clock, may_tell, fresh
        self.channel = channel.name
        self._log = log.bind(channel=channel.name)
        self._wake, self._stopping = Event(), False
        self._silent_until = 0
        self._gone: Gone | None = None
        self._failure: Exception | None = None
        self._thread = Thread(target=self._run, name=f"alerts by {channel.name}", daemon=True)

    def begin(self) -> None:
        """Look for what is due, now and from now on."""
        if self._thread.ident is None:
            self._thread.start()
        self.wake()

    def wake(self) -> None:
        """Something waits, perhaps."""
        self._wake.set()

    def end(self) -> None:
        """Tell no more; what is being told is told to its end. `join` awaits that."""
        self._stopping = True
        self._wake.set()

    def join(self, seconds: float) -> None:
        if self._thread.is_alive():
            self._thread.join(seconds)

    def raise_failure(self) -> None:
        """What kept the thread from its work since the last call, if anything: trouble with the database, or a bug."""
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def tell_due(self) -> float:
        """Tell what is due now. Seconds until there is more to do."""
        while self._is_on():
            due = self._rows.waiting(self.channel, self._clock(), _AT_ONCE)
            for alert in due:
                if not self._is_on():
                    break
                self._tell(alert)
            if len(due) < _AT_ONCE:
                break
        return self._pause()

    def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            self._wake.wait(self._one_round())

    def _one_round(self) -> float:
        try:
            return self.tell_due()
        except Exception as failure:
            self._failure = failure
            return _LOOK_S

    def _is_on(self) -> bool:
        return not self._stopping and self._may_tell() and self._clock() >= self._silent_until

    def _tell(self, alert: Waiting) -> None:
        why = self._obstacle(alert)
        mark = self._marked(alert) if why is None else mark_untold(alert, self._clock(), why)
        if self._rows.mark(alert, mark):
            self._say(alert, mark)

    def _obstacle(self, alert: Waiting) -> str | None:
        """Why it is not told at all, if so."""
        if self._gone is not None:
            return self._gone.why
        return _TOO_LATE if self._clock() > alert.at + self._fresh else None

    def _marked(self, alert: Waiting) -> Mark:
        outcome = self._told(alert)
        now = self._clock()
        if isinstance(outcome, Gone):
            self._gone = outcome
        if isinstance(outcome, Refused) and outcome.after is not None:
            self._silent_until = now + outcome.after
        return mark_of(outcome, alert, now, self._fresh)

    def _say(self, alert: Waiting, mark: Mark) -> None:
        told = {"alert": alert.id, "kind": alert.kind, "attempts": mark.attempts}
        if mark.why is None:
            self._log.info(f"alert_{mark.status}", **told)
        else:
            self._log.warning(f"alert_{mark.status}", **told, why=mark.why)

    def _told(self, alert: Waiting) -> Outcome:
        try:
            return self._channel.tell(Alert(alert.id, alert.kind, alert.event))
        except Exception as error:  # a channel that breaks its promise must not keep the others of its rows from going
            return Refused(f"the channel failed: {type(error).__name__}")

    def _pause(self) -> float:
        due = self._rows.next_try_at(self.channel) if self._may_tell() else None
        if due is None:
            return _LOOK_S
        return min(max((max(due, self._silent_until) - self._clock()) / 1000, _BREATH_S), _LOOK_S)
