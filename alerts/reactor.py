"""The alerts as a step of an embedded host, or as a process of their own; one process at a time sends.

Other processes wait for the lease. A process that lost it sends nothing more, and stops when the compare-and-set of its
checkpoint fails.
"""

from collections.abc import Sequence
from threading import Event
from time import monotonic
from typing import Any

from alerts.channels.channel import Channel
from alerts.delivery import Delivery
from alerts.dossier import Dossiers, PlanSource
from alerts.freshness import Freshness
from alerts.outbox import ALERTS, AlertOutbox
from alerts.settings import AlertSettings
from alerts.subscription import Subscription
from database import EMBEDDED_HOLDER, LEASE_DURATION_MS, Database, Lease
from schemas import SQA_HANDOFFS, Clock
from streams import Log

_POLL_INTERVAL_S = 0.5
_SHUTDOWN_TIMEOUT_S = 15.0
"""For attempts in progress at the end; one that takes longer is repeated by the next holder, with the same id."""


class Alerts:
    """A step: `advance` reads new events of `sqa-handoffs`, and the threads of the channels send them until `close`.

    `plan`: the model in force. `holder` must be unique among the processes. `clock`: milliseconds since 1970.
    `log_lines`: a structlog logger.
    """

    name = ALERTS

    def __init__(
        self,
        engine: Database,
        log: Log,
        settings: AlertSettings,
        channels: Sequence[Channel],
        clock: Clock,
        *,
        plan: PlanSource,
        freshness: Freshness,
        log_lines: Any,
        holder: str = EMBEDDED_HOLDER,
        lease_duration_ms: int = LEASE_DURATION_MS,
    ) -> None:
        self._log, self._log_lines = log, log_lines
        self._outbox = AlertOutbox(engine)
        self._lease = Lease(engine, ALERTS, holder, clock, lease_duration_ms)
        dossiers = Dossiers(engine, log, plan)
        self._subscription = Subscription(self._outbox, dossiers, log, settings, clock, freshness, log_lines)
        max_age_ms = freshness.recorded_ms
        self._deliveries = [
            Delivery(self._outbox, each, settings, clock, self.holds_lease, max_age_ms, log_lines) for each in channels
        ]
        self._had_lease, self._closed = False, Event()

    def holds_lease(self) -> bool:
        """Whether this process certainly holds the lease."""
        return self._lease.is_valid

    def advance(self) -> int:
        """Read new events; returns how many, 0 if another process holds the lease. Raises errors of the threads."""
        if not self._acquire_lease():
            return 0
        for delivery in self._deliveries:
            delivery.raise_failure()
        moved = self._subscription.advance()
        if moved:
            self._wake_deliveries()
        return moved

    def wait(self, timeout: float) -> bool:
        """Block until there may be something to read, or for `timeout` seconds."""
        if not self._subscription.positions or not self.holds_lease():
            return self._closed.wait(timeout)
        return self._log.wait(self._subscription.positions, timeout, topic=SQA_HANDOFFS)

    def run(self, stop: Event) -> None:
        """Read and send until `stop` is set; then finish the attempts in progress."""
        try:
            while not stop.is_set():
                if not self.advance():
                    self.wait(_POLL_INTERVAL_S)
        finally:
            self.close()

    def close(self) -> None:
        """Stop the threads and release the lease, so that another process can start at once."""
        self._closed.set()
        for delivery in self._deliveries:
            delivery.stop()
        deadline = monotonic() + _SHUTDOWN_TIMEOUT_S
        for delivery in self._deliveries:
            delivery.join(max(0.0, deadline - monotonic()))
        if self.holds_lease():
            self._lease.release()

    def _acquire_lease(self) -> bool:
        held_before, self._had_lease = self._had_lease, self._lease.acquire()
        if self._had_lease and not held_before:
            self._log_lines.info("alerts_begin", holder=self._lease.holder)
            self._start_deliveries()
        return self._had_lease

    def _start_deliveries(self) -> None:
        """Start the threads; alerts that wait for channels which the settings no longer contain fail."""
        self._subscription.forget_positions()
        self._outbox.fail_others(
            [each.receiver for each in self._deliveries], "the settings no longer contain this channel or receiver"
        )
        for delivery in self._deliveries:
            delivery.start()

    def _wake_deliveries(self) -> None:
        for delivery in self._deliveries:
            delivery.wake()
