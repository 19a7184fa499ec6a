"""Builds the channels of the settings."""

from collections.abc import Sequence

from alerts.channel import Channel
from alerts.settings import AlertSettings, ChannelSettings
from schemas import Clock


def channels_of(settings: AlertSettings, clock: Clock) -> Sequence[Channel]:
    """`clock`: milliseconds since 1970."""
    return [channel_of(each, settings.link, clock) for each in settings.channels]


def channel_of(channel: ChannelSettings, link: str | None, clock: Clock) -> Channel:
    if channel.webhook is not None and channel.secret_env is not None:
        from alerts.webhook_channel import WebhookChannel

        return WebhookChannel(channel.name, channel.webhook, channel.secret_env.get_secret_value().split(), clock)
    from alerts.apprise_channel import AppriseChannel

    address = channel.url or channel.url_env
    if address is None:
        raise ValueError(f"channel {channel.name!r} has no address")
    return AppriseChannel(channel.name, address.get_secret_value(), link)
