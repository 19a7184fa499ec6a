"""Builds the channels of the settings."""

from collections.abc import Sequence

from alerts.channels.channel import Channel
from alerts.channels.receivers import receivers_of
from alerts.settings import AlertSettings, ChannelSettings
from schemas import Clock


def channels_of(settings: AlertSettings, clock: Clock) -> Sequence[Channel]:
    """One for each receiver of each channel; `clock`: milliseconds since 1970."""
    return [each for channel in settings.channels for each in channels_to(channel, settings.link, clock)]


def channels_to(channel: ChannelSettings, link: str | None, clock: Clock) -> Sequence[Channel]:
    """One for each receiver."""
    if channel.webhook is not None and channel.secret_env is not None:
        from alerts.channels.webhook_channel import WebhookChannel

        return [WebhookChannel(channel.name, channel.webhook, channel.secret_env.get_secret_value().split(), clock)]
    from alerts.channels.apprise_channel import AppriseChannel

    if channel.address is None:
        raise ValueError(f"channel {channel.name!r} has no address")
    return [AppriseChannel(channel.name, receiver, link) for receiver in receivers_of(channel.address)]
