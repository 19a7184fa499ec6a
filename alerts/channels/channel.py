"""The port of a channel: the alert to send, and the outcome of an attempt."""

from typing import NamedTuple, Protocol

LONGEST_WAIT_MS = 6 * 3_600_000
"""No attempt is further away: neither by the schedule of the retries nor where a receiver asks for silence."""


class Delivered(NamedTuple):
    """The channel accepted the alert."""


class AttemptFailed(NamedTuple):
    """The alert may be tried again. `retry_after_ms`: how long the channel asks to wait."""

    why: str
    retry_after_ms: int | None = None


class Gone(NamedTuple):
    """The channel does not accept alerts any more."""

    why: str


Outcome = Delivered | AttemptFailed | Gone


class Alert(NamedTuple):
    """`event`: the CloudEvent as JSON; `id`: the same for every attempt."""

    id: str
    kind: str
    event: bytes


class Channel(Protocol):
    """Sends one alert at a time to one receiver, within a bounded time; called from one thread.

    `receiver`: its key among those of the channel with this name; empty for the only one.
    """

    name: str
    receiver: str

    def send(self, alert: Alert) -> Outcome:
        """Send the alert. Reasons of a failure must not contain an address or a secret. Does not raise."""
