"""What the reading side keeps where the log is on a broker: notes of appends, the inbox, alerts, copies."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import BigInteger, Boolean, Integer, LargeBinary, Text

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    with op.batch_alter_table("checkpoints") as checkpoints:
        checkpoints.add_column(sa.Column("log", Text))
    _create_notes()
    _create_inbox()
    _create_alerts()


def _create_notes() -> None:
    op.create_table(
        "append_notes",
        sa.Column("role", Text, primary_key=True),
        sa.Column("topic", Text, primary_key=True),
        sa.Column("partition", Integer, primary_key=True, autoincrement=False),
        sa.Column("end", BigInteger, nullable=False),
    )
    op.create_table(
        "copied",
        sa.Column("topic", Text, primary_key=True),
        sa.Column("partition", Integer, primary_key=True, autoincrement=False),
        sa.Column("log", Text, nullable=False),
        sa.Column("next_offset", BigInteger, nullable=False),
    )


def _create_inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("id", LargeBinary, primary_key=True),
        sa.Column("account", Text, nullable=False),
        sa.Column("partition", Integer, nullable=False),
        sa.Column("since", BigInteger, nullable=False),
        sa.Column("offset", BigInteger),
        sa.Column("at", BigInteger, nullable=False),
        sa.Column("keep", Boolean, nullable=False),
        postgresql_with={"fillfactor": "50"},
    )
    anonymous, expiring = sa.text("account LIKE 'anon:%'"), sa.text("NOT keep")
    op.create_index("inbox_by_visitor", "inbox", ["account"], sqlite_where=anonymous, postgresql_where=anonymous)
    op.create_index("inbox_expiring", "inbox", ["at"], sqlite_where=expiring, postgresql_where=expiring)


def _create_alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("n", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("id", Text, nullable=False),
        sa.Column("channel", Text, nullable=False),
        sa.Column("kind", Text, nullable=False),
        sa.Column("account", Text, nullable=False),
        sa.Column("event", LargeBinary, nullable=False),
        sa.Column("at", BigInteger, nullable=False),
        sa.Column("status", Text, nullable=False),
        sa.Column("attempts", Integer, nullable=False),
        sa.Column("next_try_at", BigInteger, nullable=False),
        sa.Column("told_at", BigInteger),
        sa.Column("why", Text),
        sa.UniqueConstraint("id", "channel", name="alerts_once"),
    )
    op.create_index("alerts_waiting", "alerts", ["status", "next_try_at"])
    op.create_index("alerts_by_account", "alerts", ["account", "kind", "channel"])
