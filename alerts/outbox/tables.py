"""The tables of the alerts."""

from sqlalchemy import Column, Index, Integer, LargeBinary, Table, Text, UniqueConstraint

from database import Serial, metadata, timestamp_ms

alerts = Table(
    "alerts",
    metadata,
    Column("n", Serial, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("receiver", Text, nullable=False, server_default=""),
    Column("kind", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("event", LargeBinary, nullable=False),
    timestamp_ms("at", nullable=False),
    Column("status", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    timestamp_ms("tried_at"),
    timestamp_ms("next_try_at", nullable=False),
    timestamp_ms("told_at"),
    Column("held_by", Text),
    Column("handoff", Text),
    Column("why", Text),
    UniqueConstraint("id", "channel", "receiver", name="alerts_once"),
    Index("alerts_waiting", "status", "next_try_at"),
    Index("alerts_by_account", "account", "kind", "channel"),
    Index("alerts_by_handoff", "handoff"),
)
"""One row per alert and receiver of a channel, with the state of its delivery.

`held_by`: the alert that it follows; `handoff`: the one whose answer cancels it.
"""

alert_namings = Table(
    "alert_namings",
    metadata,
    Column("contact", Text, primary_key=True),
    Column("alert", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("receiver", Text, primary_key=True),
    timestamp_ms("at", nullable=False),
)
"""Which receivers were told the name of a person, and when first."""

alert_pauses = Table(
    "alert_pauses",
    metadata,
    Column("channel", Text, primary_key=True),
    timestamp_ms("began_at", nullable=False),
    timestamp_ms("until", nullable=False),
)
"""The silence that a channel asked for last."""
