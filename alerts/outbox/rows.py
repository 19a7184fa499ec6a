"""The rows of the outbox and the states that a delivery may have; times in milliseconds since 1970."""

from typing import NamedTuple

WAITING, DELIVERED, FAILED, HELD, HISTORY = "waiting", "delivered", "failed", "held", "history"
PLANNED, CANCELED = "planned", "canceled"
STATUSES = (WAITING, DELIVERED, FAILED, HELD, HISTORY, PLANNED, CANCELED)
PENDING_STATUSES = (WAITING, PLANNED)
"""What is still to be sent: what waits, and what is planned for a later time."""
COOL_DOWN_STATUSES = (WAITING, DELIVERED)
"""What the cool-down counts: alerts that were sent, or will be."""


class NewAlert(NamedTuple):
    """A row to add; `at`: the time of the event; `held_by`: the id of the alert that it follows too closely;
    `handoff`: the one whose answer cancels the alert."""

    id: str
    channel: str
    receiver: str
    kind: str
    account: str
    event: bytes
    at: int
    status: str
    next_try_at: int
    why: str | None = None
    held_by: str | None = None
    handoff: str | None = None


class DueAlert(NamedTuple):
    """An alert to send now. `attempts`: the number of attempts so far."""

    n: int
    id: str
    kind: str
    event: bytes
    at: int
    attempts: int
    handoff: str | None = None


class SentAlert(NamedTuple):
    """An alert that was sent, or will be."""

    id: str
    channel: str
    receiver: str
    kind: str
    account: str
    at: int


class Decision(NamedTuple):
    """`held_by`: the id of the alert that this one follows too closely."""

    status: str
    why: str | None = None
    held_by: str | None = None


class HeldAlert(NamedTuple):
    """A row whose alert may be sent after all, because the one before it was not."""

    n: int
    alert: SentAlert


class Naming(NamedTuple):
    """An alert told a receiver the name of a contact."""

    contact: str
    alert: str
    channel: str
    receiver: str
    at: int


class DeliveryState(NamedTuple):
    """The state of an alert after `attempts` attempts, the last one at `tried_at`."""

    status: str
    attempts: int
    next_try_at: int
    tried_at: int | None = None
    told_at: int | None = None
    why: str | None = None


class Pause(NamedTuple):
    """The silence that a channel asked for."""

    began_at: int
    until: int

    def remaining(self, now: int) -> int:
        """Milliseconds; 0 when it is over."""
        return max(0, self.until - now)

    def seen_at(self, now: int) -> "Pause":
        """The same pause, begun again if the clock has gone back to a time before it."""
        return self if now >= self.began_at else Pause(now, now + self.until - self.began_at)


NO_PAUSE = Pause(0, 0)
