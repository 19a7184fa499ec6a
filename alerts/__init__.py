"""Alerts to people and systems about handoffs: rules, settings, outbox, delivery and channels."""

from alerts.channels.channel import Channel, Delivered
from alerts.channels.coverage import coverage_problems
from alerts.channels.receivers import receivers_of
from alerts.channels.registry import channels_of, channels_to
from alerts.dossier import Dossiers
from alerts.freshness import Freshness
from alerts.messages import Links, message, sample_alert
from alerts.outbox import PLANNED, STATUSES, WAITING, AlertOutbox, Naming, alert_namings, alert_pauses, alerts
from alerts.people import People
from alerts.reactor import Alerts
from alerts.settings import AlertSettings, ChannelSettings, read_alerts

__all__ = [
    "PLANNED",
    "STATUSES",
    "WAITING",
    "AlertOutbox",
    "AlertSettings",
    "Alerts",
    "Channel",
    "ChannelSettings",
    "Delivered",
    "Dossiers",
    "Freshness",
    "Links",
    "Naming",
    "People",
    "alert_namings",
    "alert_pauses",
    "alerts",
    "channels_of",
    "channels_to",
    "coverage_problems",
    "message",
    "read_alerts",
    "receivers_of",
    "sample_alert",
]
