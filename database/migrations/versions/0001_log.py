"""The log: one table per topic, the counters its offsets come from, and the positions of the scorers."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_TOPICS = ("log_engagement", "log_scores", "log_sqa_handoffs", "log_suppressions", "log_dead_letters")

# Bytewise order, so that all keys below `acme.com/` stand together whatever the locale of the database.
_KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    for table in _TOPICS:
        _create_topic(table)
    _create_counters()


def _create_topic(table: str) -> None:
    op.create_table(
        table,
        sa.Column("partition", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("offset", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("key", _KEY, nullable=False),
        sa.Column("record_id", sa.LargeBinary),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.Column("headers", sa.LargeBinary),
        sa.Column("checksum", sa.BigInteger, nullable=False),
    )
    op.create_index(f"{table}_key", table, ["key", "offset"])
    there = sa.text("record_id IS NOT NULL")
    op.create_index(f"{table}_record_id", table, ["record_id"], unique=True, sqlite_where=there, postgresql_where=there)


def _create_counters() -> None:
    op.create_table(
        "log_ends",
        sa.Column("topic", sa.Text, primary_key=True),
        sa.Column("partition", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("next_offset", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "log_positions",
        sa.Column("partition", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("next_offset", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "log_meta",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("partitions", sa.Integer, nullable=False),
        sa.Column("generation", sa.Text, nullable=False),
    )
