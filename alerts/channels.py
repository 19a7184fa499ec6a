"""The ways to tell: what a channel is, and which one the settings ask for. Never raises because of who is told."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from alerts.retrying import Outcome
from alerts.settings import AlertSettings, ChannelSettings

Clock = Callable[[], int]


class Alert(NamedTuple):
    """What is told. `event`: the CloudEvent in JSON; `id`: the same however often it is told."""

    id: str
    kind: str
    event: bytes


class Channel(Protocol):
    """Tells one alert at a time, within a bounded time, from a thread of its own."""

    name: str

    def tell(self, alert: Alert) -> Outcome:
        """How it went. Says why without repeating an address or a secret."""


def channels_of(settings: AlertSettings, clock: Clock) -> Sequence[Channel]:
    """`clock`: milliseconds since 1970."""
    return [channel_of(each, settings.link, clock) for each in settings.channels]


def channel_of(channel: ChannelSettings, link: str | None, clock: Clock) -> Channel:
    if channel.webhook is not None and channel.secret_env is not None:
        from alerts.webhook import Webhook

        return Webhook(channel.name, channel.webhook, channel.secret_env.get_secret_value().split(), clock)
    from alerts.apprise_channel import AppriseChannel

    address = channel.url or channel.url_env
    if address is None:
        raise ValueError(f"channel {channel.name!r} has no address")
    return AppriseChannel(channel.name, address.get_secret_value(), link)
