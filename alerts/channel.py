"""The port of a channel: what an alert is, and what became of a delivery."""

from collections.abc import Callable
from typing import NamedTuple, Protocol


class Delivered(NamedTuple):
    """The channel has it."""


class AttemptFailed(NamedTuple):
    """Not this time. `after`: milliseconds for which the channel asks for silence."""

    why: str
    retry_after_ms: int | None = None


class Gone(NamedTuple):
    """The channel wants nothing more, for good."""

    why: str


Outcome = Delivered | AttemptFailed | Gone

Clock = Callable[[], int]


class Alert(NamedTuple):
    """What is told. `event`: the CloudEvent in JSON; `id`: the same however often it is told."""

    id: str
    kind: str
    event: bytes


class Channel(Protocol):
    """Tells one alert at a time, within a bounded time, from a thread of its own."""

    name: str

    def send(self, alert: Alert) -> Outcome:
        """How it went. Says why without repeating an address or a secret."""
