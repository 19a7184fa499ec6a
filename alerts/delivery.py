"""Sends due alerts, with one thread per receiver, so that a slow one does not delay the others.

The state of an alert is stored after the attempt: after a crash in between it is sent again, with the same id.
"""

from collections.abc import Callable
from threading import Event, Thread
from typing import Any

from alerts.channels.channel import Alert, AttemptFailed, Channel, Gone, Outcome
from alerts.outbox import CANCELED, FAILED, AlertOutbox, DeliveryState, DueAlert, Pause
from alerts.reconsideration import Reconsideration
from alerts.reminders import is_superseded
from alerts.retry import MAX_WAIT_BEFORE_FALLBACK_MS, state_after, unsent
from alerts.settings import AlertSettings
from schemas import Clock, decode_fact, format_time

_BATCH_SIZE = 20
_POLL_INTERVAL_S = 2.0
"""Each channel checks for due alerts at least this often."""
_MIN_WAIT_S = 0.01
_EXPIRED_REASON = "it was not sent before it was too old"


class Delivery:
    """The thread of one receiver. `may_send`: whether this process holds the lease now.

    `max_age_ms`: older alerts fail unsent; `log`: a structlog logger.
    """

    def __init__(
        self,
        outbox: AlertOutbox,
        channel: Channel,
        settings: AlertSettings,
        clock: Clock,
        may_send: Callable[[], bool],
        max_age_ms: int,
        log: Any,
    ) -> None:
        self._outbox, self._channel, self._clock, self._may_send, self._max_age_ms = (
            outbox,
            channel,
            clock,
            may_send,
            max_age_ms,
        )
        self.receiver = (channel.name, channel.receiver)
        self._fallback = next((each.fallback for each in settings.channels if each.name == channel.name), None)
        self._reconsideration = Reconsideration(outbox, channel, settings, clock, max_age_ms)
        self._log = log.bind(channel=channel.name, **({"receiver": channel.receiver} if channel.receiver else {}))
        self._wake, self._stopping = Event(), False
        self._gone: Gone | None = None
        self._failure: Exception | None = None
        self._thread = Thread(target=self._run, name=f"alerts by {'/'.join(self.receiver)}", daemon=True)

    def start(self) -> None:
        """Start the thread, or wake it."""
        if self._thread.ident is None:
            self._thread.start()
        self.wake()

    def wake(self) -> None:
        """Check for due alerts now."""
        self._wake.set()

    def stop(self) -> None:
        """Stop after the attempt in progress, which `join` awaits."""
        self._stopping = True
        self._wake.set()

    def join(self, seconds: float) -> None:
        if self._thread.is_alive():
            self._thread.join(seconds)

    def raise_failure(self) -> None:
        """Raise the error that interrupted the thread since the last call, if any: of the database, or a bug."""
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def send_due(self) -> float:
        """Send what is due now; returns the seconds until the next alert is due."""
        if self._is_active():
            self._reconsideration.run()
        while self._is_active() and not self._is_silent():
            due = self._outbox.due_alerts(*self.receiver, self._clock(), _BATCH_SIZE)
            for alert in due:
                if not self._is_active() or self._is_silent():
                    break
                self._process(alert)
            if len(due) < _BATCH_SIZE:
                break
        return self._seconds_until_due()

    def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            self._wake.wait(self._run_once())

    def _run_once(self) -> float:
        try:
            return self.send_due()
        except Exception as failure:
            self._failure = failure
            return _POLL_INTERVAL_S

    def _is_active(self) -> bool:
        return not self._stopping and self._may_send()

    def _is_silent(self) -> bool:
        """Whether the channel asked for silence. A long one is not waited for where another channel can take over."""
        return self._pause().remaining(self._clock()) > 0 and not self._leaves_to_fallback()

    def _leaves_to_fallback(self) -> bool:
        return self._fallback is not None and self._pause().remaining(self._clock()) > MAX_WAIT_BEFORE_FALLBACK_MS

    def _pause(self) -> Pause:
        """Stored, so that a restart does not end it."""
        stored = self._outbox.pause_of(self._channel.name)
        pause = stored.seen_at(self._clock())
        if pause != stored:
            self._outbox.store_pause(self._channel.name, pause)
        return pause

    def _process(self, alert: DueAlert) -> None:
        state = self._canceled(alert)
        if state is None:
            why = self._skip_reason(alert)
            state = self._attempt(alert) if why is None else unsent(FAILED, alert, self._clock(), why)
        if self._outbox.update_state(alert, state):
            self._log_state(alert, state)

    def _canceled(self, alert: DueAlert) -> DeliveryState | None:
        """The state of a reminder or escalation that is not needed any more, else None."""
        if alert.handoff is None:
            return None
        now = self._clock()
        if self._outbox.is_answered(alert.handoff):
            return unsent(CANCELED, alert, now, "sales has answered")
        return unsent(CANCELED, alert, now, "it is overdue") if is_superseded(decode_fact(alert.event), now) else None

    def _skip_reason(self, alert: DueAlert) -> str | None:
        """Why the alert is not sent at all, or None."""
        if self._gone is not None:
            return self._gone.why
        if self._clock() > alert.at + self._max_age_ms:
            return _EXPIRED_REASON
        if self._leaves_to_fallback():
            return f"left to {self._fallback}: it asked for silence until {format_time(self._pause().until)}"
        return None

    def _attempt(self, alert: DueAlert) -> DeliveryState:
        outcome = self._send(alert)
        now = self._clock()
        if isinstance(outcome, Gone):
            self._gone = outcome
        if isinstance(outcome, AttemptFailed) and outcome.retry_after_ms is not None:
            self._outbox.store_pause(self._channel.name, Pause(now, now + outcome.retry_after_ms))
        return state_after(outcome, alert, now, self._max_age_ms, self._fallback)

    def _log_state(self, alert: DueAlert, state: DeliveryState) -> None:
        fields = {"alert": alert.id, "kind": alert.kind, "attempts": state.attempts}
        if state.why is None:
            self._log.info(f"alert_{state.status}", **fields)
        else:
            self._log.warning(f"alert_{state.status}", **fields, why=state.why)

    def _send(self, alert: DueAlert) -> Outcome:
        try:
            return self._channel.send(Alert(alert.id, alert.kind, alert.event))
        except Exception as error:  # a faulty channel must not stop its other alerts
            return AttemptFailed(f"the channel failed: {type(error).__name__}")

    def _seconds_until_due(self) -> float:
        due = self._outbox.next_try_at(*self.receiver) if self._may_send() else None
        if due is None:
            return _POLL_INTERVAL_S
        now = self._clock()
        return min(max(max(due - now, self._pause().remaining(now)) / 1000, _MIN_WAIT_S), _POLL_INTERVAL_S)
