"""Causes, notes and assignments of handoffs, and when their steps were recorded."""

import re

import sqlalchemy as sa
from alembic import op
from sqlalchemy import BigInteger, Text

revision = "0008"
down_revision = "0007"

_HANDOFF_COLUMNS = (
    ("cause_type", Text), ("cause_time", BigInteger), ("recorded_at", BigInteger), ("note", Text),
    ("assigned_to", Text), ("assigned_by", Text), ("assigned_at", BigInteger),
)  # fmt: skip
_STEP_COLUMNS = (("recorded_at", BigInteger), ("note", Text))


def upgrade() -> None:
    """Rows of earlier versions have no values there."""
    for suffix in _suffixes():
        for name, kind in _HANDOFF_COLUMNS:
            op.add_column(f"handoffs{suffix}", sa.Column(name, kind))
        for name, kind in _STEP_COLUMNS:
            op.add_column(f"handoff_steps{suffix}", sa.Column(name, kind))
        _create_assignments(suffix)


def _suffixes() -> list[str]:
    """Of the versions of the read models: those of the migrations, and of each rebuild whose tables still exist."""
    names = sa.inspect(op.get_bind()).get_table_names()
    return sorted(found[1] for name in names if (found := re.fullmatch(r"handoffs((?:_v\d+)?)", name)))


def _create_assignments(suffix: str) -> None:
    op.create_table(
        f"handoff_assignments{suffix}",
        sa.Column("handoff", Text, primary_key=True),
        sa.Column("seq", BigInteger, primary_key=True, autoincrement=False),
        sa.Column("account", Text, nullable=False),
        sa.Column("at", BigInteger, nullable=False),
        sa.Column("recorded_at", BigInteger, nullable=False),
        sa.Column("fact", Text, nullable=False),
        sa.Column("by", Text),
        sa.Column("to", Text),
    )
