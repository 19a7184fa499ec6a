"""Alerts to several receivers of a channel, the silence that a channel asked for, and whom alerts told a name."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    for table in _tables_of_handoffs():
        op.add_column(table, sa.Column("evidence_until", sa.BigInteger))
    with op.batch_alter_table("alerts") as alerts:
        alerts.add_column(sa.Column("receiver", sa.Text, nullable=False, server_default=""))
        alerts.add_column(sa.Column("tried_at", sa.BigInteger))
        alerts.add_column(sa.Column("held_by", sa.Text))
        alerts.add_column(sa.Column("handoff", sa.Text))
        alerts.drop_constraint("alerts_once", type_="unique")
        alerts.create_unique_constraint("alerts_once", ["id", "channel", "receiver"])
    op.create_index("alerts_by_handoff", "alerts", ["handoff"])
    op.create_table(
        "alert_namings",
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("contact", "alert", "channel", "receiver")),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "alert_pauses",
        sa.Column("channel", sa.Text, primary_key=True),
        sa.Column("began_at", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
    )


def _tables_of_handoffs() -> list[str]:
    """Of the read models of the migrations, and of each rebuild whose tables still exist."""
    names = sa.inspect(op.get_bind()).get_table_names()
    return sorted(name for name in names if re.fullmatch(r"handoffs(_v\d+)?", name))
