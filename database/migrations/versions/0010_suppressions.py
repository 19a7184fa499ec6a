"""Who is left out of campaigns, why and since when."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "suppressions",
        sa.Column("suppression", sa.Text, primary_key=True),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("contact", sa.Text),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("handoff", sa.Text),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("cause_type", sa.Text, nullable=False),
        sa.Column("until", sa.BigInteger),
        sa.Column("started_seq", sa.BigInteger, nullable=False),
        sa.Column("renewed_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("ended_by", sa.Text),
        sa.Column("ended_type", sa.Text),
        sa.Column("ended_seq", sa.BigInteger),
    )
    op.create_index("suppressions_by_account", "suppressions", ["account"])
    op.create_index("suppressions_by_contact", "suppressions", ["contact"])
