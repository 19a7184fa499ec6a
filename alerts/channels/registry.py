"""Builds the channels of the settings."""

from collections.abc import Sequence
from functools import partial

from alerts.channels.apprise_channel import AlertNames
from alerts.channels.channel import Channel
from alerts.channels.receivers import Receiver, receivers_of
from alerts.messages import Links
from alerts.people import People
from alerts.settings import AlertSettings, ChannelSettings
from schemas import Clock


def channels_of(
    settings: AlertSettings, clock: Clock, pages: str | None = None, people: People | None = None
) -> Sequence[Channel]:
    """One for each receiver of each channel. `clock`: milliseconds since 1970; `pages`: the URL of Staffel's pages;
    `people`: who the contacts are, for channels that may name them."""
    links = Links(settings.link, pages)
    return [each for channel in settings.channels for each in channels_to(channel, links, clock, people)]


def channels_to(
    channel: ChannelSettings, links: Links, clock: Clock, people: People | None = None
) -> Sequence[Channel]:
    """One for each receiver."""
    if channel.webhook is not None and channel.secret_env is not None:
        from alerts.channels.webhook_channel import WebhookChannel

        return [WebhookChannel(channel.name, channel.webhook, channel.secret_env.get_secret_value().split(), clock)]
    from alerts.channels.apprise_channel import AppriseChannel

    if channel.address is None:
        raise ValueError(f"channel {channel.name!r} has no address")
    return [
        AppriseChannel(channel.name, receiver, links, _names_for(channel, receiver, people))
        for receiver in receivers_of(channel.address)
    ]


def _names_for(channel: ChannelSettings, receiver: Receiver, people: People | None) -> AlertNames | None:
    return partial(people.named_to, channel.name, receiver.key) if channel.names and people is not None else None
