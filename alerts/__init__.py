"""Alerts to people and systems about handoffs: rules, settings, outbox, delivery and channels."""

from alerts.channel import Delivered
from alerts.channels import channel_of, channels_of
from alerts.messages import sample_alert
from alerts.outbox import STATUSES, WAITING, AlertOutbox, alerts
from alerts.reactor import Alerts
from alerts.settings import AlertSettings, ChannelSettings, read_alerts

__all__ = [
    "STATUSES",
    "WAITING",
    "AlertOutbox",
    "AlertSettings",
    "Alerts",
    "ChannelSettings",
    "Delivered",
    "alerts",
    "channel_of",
    "channels_of",
    "read_alerts",
    "sample_alert",
]
