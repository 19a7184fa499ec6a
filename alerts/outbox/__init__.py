"""The outbox of the alerts: its tables, the states of deliveries, and checkpoints."""

from alerts.outbox.checkpoints import ALERTS, AlertCheckpointConflict, CheckpointMove
from alerts.outbox.outbox import AlertOutbox
from alerts.outbox.rows import (
    CANCELED,
    DELIVERED,
    FAILED,
    HELD,
    HISTORY,
    PLANNED,
    STATUSES,
    WAITING,
    Decision,
    DeliveryState,
    DueAlert,
    HeldAlert,
    Naming,
    NewAlert,
    Pause,
    SentAlert,
)
from alerts.outbox.tables import alert_namings, alert_pauses, alerts

__all__ = [
    "ALERTS",
    "CANCELED",
    "DELIVERED",
    "FAILED",
    "HELD",
    "HISTORY",
    "PLANNED",
    "STATUSES",
    "WAITING",
    "AlertCheckpointConflict",
    "AlertOutbox",
    "CheckpointMove",
    "Decision",
    "DeliveryState",
    "DueAlert",
    "HeldAlert",
    "Naming",
    "NewAlert",
    "Pause",
    "SentAlert",
    "alert_namings",
    "alert_pauses",
    "alerts",
]
