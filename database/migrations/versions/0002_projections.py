"""The read models in their first version, and the tables of the work in hand."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy import BigInteger, Boolean, Double, Integer, LargeBinary, Text

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    _create_scores()
    _create_ledger()
    _create_stages()
    _create_handoffs()
    _create_steps_and_timers()
    _create_positions()
    _create_work()
    _create_directory()


def _key(name: str, kind: type[sa.types.TypeEngine[Any]] = Text) -> sa.Column[Any]:
    return sa.Column(name, kind(), primary_key=True, autoincrement=False)


def _must(name: str, kind: type[sa.types.TypeEngine[Any]]) -> sa.Column[Any]:
    return sa.Column(name, kind(), nullable=False)


def _may(name: str, kind: type[sa.types.TypeEngine[Any]]) -> sa.Column[Any]:
    return sa.Column(name, kind())


def _create_scores() -> None:
    op.create_table(
        "accounts",
        _key("account"),
        *(_may(name, Text) for name in ("name", "owner", "segment", "profile")),
        _may("score", Double),
        _may("stage", Text),
        _must("fit_points", Double),
        _must("fit_grade", Text),
        _may("breadth", Integer),
        _must("tracks", Text),
        _must("as_of", BigInteger),
        _must("seq", BigInteger),
        _must("epoch", Integer),
        _must("model", Text),
        _must("digest", Text),
        _must("suppressed", Boolean),
        _may("forwards_to", Text),
        _may("falls_at", BigInteger),
        _must("state", LargeBinary),
    )
    op.create_index("accounts_by_score", "accounts", [sa.text("score DESC"), "account"])
    op.create_table(
        "contacts",
        _key("account"),
        _key("contact"),
        _may("role", Text),
        _must("engaged", Text),
        _must("scores", Text),
        _must("seq", BigInteger),
        _must("model", Text),
        _must("state", LargeBinary),
    )
    op.create_index("contacts_by_contact", "contacts", ["contact"])


def _create_ledger() -> None:
    op.create_table(
        "ledger",
        _key("account"),
        _key("epoch", Integer),
        _key("seq", BigInteger),
        _key("n", Integer),
        _must("track", Text),
        _must("time", BigInteger),
        *(_must(name, Text) for name in ("event", "type", "contact", "rule")),
        _must("points", Double),
        _must("weight", Double),
        _may("cut", Text),
        _may("half_life", Integer),
        sqlite_with_rowid=False,
    )


def _create_stages() -> None:
    op.create_table(
        "stage_changes",
        _key("account"),
        _key("epoch", Integer),
        _key("seq", BigInteger),
        _key("n", Integer),
        _must("track", Text),
        _must("at", BigInteger),
        _may("from_stage", Text),
        _may("to_stage", Text),
        _must("cause", Text),
        _must("score", Double),
    )
    op.create_index("stage_changes_by_time", "stage_changes", ["at"])
    op.create_table(
        "gated",
        _key("account"),
        _key("seq", BigInteger),
        _key("n", Integer),
        _must("track", Text),
        _may("crossing", Integer),
        _must("at", BigInteger),
        _must("fact", Text),
        _must("why", Text),
    )


def _create_handoffs() -> None:
    op.create_table(
        "handoffs",
        _key("handoff"),
        _must("account", Text),
        _must("track", Text),
        _must("crossing", Integer),
        _must("status", Text),
        _must("crossed_at", BigInteger),
        _must("crossed_seq", BigInteger),
        _must("fact", Text),
        _must("score", Double),
        _must("model", Text),
        _may("route", Text),
        _must("act_now", Boolean),
        _may("due_at", BigInteger),
        *(_must(name, Text) for name in ("reasons", "people", "facts", "position")),
        _must("seq", BigInteger),
        _must("steps", Integer),
        _may("decided_at", BigInteger),
        *(_may(name, Text) for name in ("by", "reason", "opportunity")),
        _must("late", Boolean),
    )
    op.create_index("handoffs_by_crossing", "handoffs", ["account", "track", "crossing"], unique=True)
    op.create_index("handoffs_by_status", "handoffs", ["status", "crossed_at"])


def _create_steps_and_timers() -> None:
    op.create_table(
        "handoff_steps",
        _key("handoff"),
        _key("seq", BigInteger),
        _must("account", Text),
        _must("status", Text),
        _must("at", BigInteger),
        _must("fact", Text),
        *(_may(name, Text) for name in ("by", "reason", "opportunity")),
        _must("late", Boolean),
    )
    op.create_table(
        "timers",
        _key("kind"),
        _key("ref"),
        _must("account", Text),
        _must("at", BigInteger),
        _must("recorded", Boolean),
    )
    op.create_index("timers_due", "timers", ["recorded", "at"])


def _create_positions() -> None:
    op.create_table("projections", _key("projection"), _must("version", Integer))
    op.create_table(
        "checkpoints",
        _key("projection"),
        _key("version", Integer),
        _key("partition", Integer),
        _must("next_offset", BigInteger),
        _must("engagement_next", BigInteger),
    )
    op.create_table("leases", _key("role"), _must("holder", Text), _must("until", BigInteger))


def _create_work() -> None:
    serial = BigInteger().with_variant(Integer(), "sqlite")
    op.create_table(
        "outbox",
        sa.Column("n", serial, primary_key=True, autoincrement=True),
        sa.Column("id", Text, nullable=False, unique=True),
        _must("topic", Text),
        _must("key", Text),
        _must("event", LargeBinary),
        _must("at", BigInteger),
        _must("published", Boolean),
    )
    op.create_index("outbox_waiting", "outbox", ["published", "n"])
    op.create_table(
        "parked",
        _key("account"),
        _key("seq", BigInteger),
        _must("time", BigInteger),
        _must("event", Text),
        _must("source", Text),
        _must("fact", LargeBinary),
    )
    op.create_table("moves", _key("move"), _key("account"), _must("to_account", Text), _must("done", Boolean))
    op.create_index("moves_open", "moves", ["done"])
    op.create_index("moves_by_account", "moves", ["account"])


def _create_directory() -> None:
    op.create_table(
        "directory_accounts", _key("account"), _may("name", Text), _may("name_key", Text), _must("seq", BigInteger)
    )
    op.create_index("directory_accounts_by_name", "directory_accounts", ["name_key"])
    op.create_table("directory_domains", _key("domain"), _must("account", Text))
    op.create_index("directory_domains_by_account", "directory_domains", ["account"])
    op.create_table("directory_visitors", _key("visitor"), _must("account", Text), _may("contact", Text))
    op.create_table("directory_contacts", _key("contact"), _must("account", Text))
