"""The tables of the read models, one set per version; a replay of the log can build them again.

Version 1 has the plain names (`accounts`); the tables of version n, built by a rebuild, are named `accounts_v<n>`.
Times are milliseconds since 1970, half-lives hours.
"""

from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Integer, LargeBinary, MetaData, Table, Text, text

from database import Json, timestamp_ms


@dataclass(frozen=True, slots=True)
class ReadModels:
    """One version of the read models."""

    metadata: MetaData
    accounts: Table
    contacts: Table
    ledger: Table
    stage_changes: Table
    handoffs: Table
    handoff_steps: Table
    handoff_assignments: Table
    gated: Table
    timers: Table
    suppressions: Table


@lru_cache(maxsize=16)
def read_models(version: int = 1) -> ReadModels:
    metadata, suffix = MetaData(), "" if version == 1 else f"_v{version}"
    build = (
        _accounts, _contacts, _ledger, _stage_changes, _handoffs, _steps, _assignments, _gated, _timers, _suppressions,
    )  # fmt: skip
    return ReadModels(metadata, *(table(metadata, suffix) for table in build))


def _accounts(metadata: MetaData, suffix: str) -> Table:
    """Score, stage and breadth are those of the model's first track at `as_of`; a NULL score: not scored (`anon:…`)."""
    return Table(
        f"accounts{suffix}",
        metadata,
        Column("account", Text, primary_key=True),
        Column("name", Text),
        Column("owner", Text),
        Column("segment", Text),
        Column("profile", Json),
        Column("score", Double),
        Column("stage", Text),
        Column("fit_points", Double, nullable=False),
        Column("fit_grade", Text, nullable=False),
        Column("breadth", Integer),
        Column("tracks", Json, nullable=False),
        timestamp_ms("as_of", nullable=False),
        Column("seq", BigInteger, nullable=False),
        Column("epoch", Integer, nullable=False),
        Column("model", Text, nullable=False),
        Column("digest", Text, nullable=False),
        Column("suppressed", Boolean, nullable=False),
        Column("forwards_to", Text),
        timestamp_ms("falls_at"),
        Column("state", LargeBinary, nullable=False),
        Index(f"accounts{suffix}_by_score", text("score DESC"), "account"),
    )


def _contacts(metadata: MetaData, suffix: str) -> Table:
    return Table(
        f"contacts{suffix}",
        metadata,
        Column("account", Text, primary_key=True),
        Column("contact", Text, primary_key=True),
        Column("role", Text),
        Column("engaged", Json, nullable=False),
        Column("scores", Json, nullable=False),
        Column("seq", BigInteger, nullable=False),
        Column("model", Text, nullable=False),
        Column("state", LargeBinary, nullable=False),
        Index(f"contacts{suffix}_by_contact", "contact"),
    )


def _ledger(metadata: MetaData, suffix: str) -> Table:
    """Append-only. `n` numbers the lines of one seq. Clustered by key: the lines of an account are adjacent."""
    return Table(
        f"ledger{suffix}",
        metadata,
        Column("account", Text, primary_key=True),
        Column("epoch", Integer, primary_key=True, autoincrement=False),
        Column("seq", BigInteger, primary_key=True, autoincrement=False),
        Column("n", Integer, primary_key=True, autoincrement=False),
        Column("track", Text, nullable=False),
        timestamp_ms("time", nullable=False),
        Column("event", Text, nullable=False),
        Column("type", Text, nullable=False),
        Column("contact", Text, nullable=False),
        Column("rule", Text, nullable=False),
        Column("points", Double, nullable=False),
        Column("weight", Double, nullable=False),
        Column("cut", Text),
        Column("half_life", Integer),
        sqlite_with_rowid=False,
    )


def _stage_changes(metadata: MetaData, suffix: str) -> Table:
    """`cause` is a fact's id, or `time`."""
    return Table(
        f"stage_changes{suffix}",
        metadata,
        Column("account", Text, primary_key=True),
        Column("epoch", Integer, primary_key=True, autoincrement=False),
        Column("seq", BigInteger, primary_key=True, autoincrement=False),
        Column("n", Integer, primary_key=True, autoincrement=False),
        Column("track", Text, nullable=False),
        timestamp_ms("at", nullable=False),
        Column("from_stage", Text),
        Column("to_stage", Text),
        Column("cause", Text, nullable=False),
        Column("score", Double, nullable=False),
        Index(f"stage_changes{suffix}_by_time", "at"),
    )


def _handoffs(metadata: MetaData, suffix: str) -> Table:
    """`reasons`, `people`, `facts` and `position` are those of the crossing; `seq` is that of the last step.

    `fact` caused the crossing: its type, time and recorded time are in `cause_type`, `cause_time` and `recorded_at`.
    `steps` counts those that take a number; an expiry and an assignment take none.
    """
    return Table(
        f"handoffs{suffix}",
        metadata,
        Column("handoff", Text, primary_key=True),
        Column("account", Text, nullable=False),
        Column("track", Text, nullable=False),
        Column("crossing", Integer, nullable=False),
        Column("status", Text, nullable=False),
        timestamp_ms("crossed_at", nullable=False),
        Column("crossed_seq", BigInteger, nullable=False),
        Column("fact", Text, nullable=False),
        Column("cause_type", Text),
        timestamp_ms("cause_time"),
        timestamp_ms("recorded_at"),
        Column("score", Double, nullable=False),
        Column("model", Text, nullable=False),
        Column("route", Text),
        Column("act_now", Boolean, nullable=False),
        timestamp_ms("due_at"),
        Column("reasons", Json, nullable=False),
        Column("people", Json, nullable=False),
        Column("facts", Json, nullable=False),
        timestamp_ms("evidence_until"),
        Column("position", Json, nullable=False),
        Column("seq", BigInteger, nullable=False),
        Column("steps", Integer, nullable=False),
        timestamp_ms("decided_at"),
        Column("by", Text),
        Column("reason", Text),
        Column("note", Text),
        Column("opportunity", Text),
        Column("late", Boolean, nullable=False),
        Column("assigned_to", Text),
        Column("assigned_by", Text),
        timestamp_ms("assigned_at"),
        Index(f"handoffs{suffix}_by_crossing", "account", "track", "crossing", unique=True),
        Index(f"handoffs{suffix}_by_status", "status", "crossed_at"),
    )


def _steps(metadata: MetaData, suffix: str) -> Table:
    return Table(
        f"handoff_steps{suffix}",
        metadata,
        Column("handoff", Text, primary_key=True),
        Column("seq", BigInteger, primary_key=True, autoincrement=False),
        Column("account", Text, nullable=False),
        Column("status", Text, nullable=False),
        timestamp_ms("at", nullable=False),
        timestamp_ms("recorded_at"),
        Column("fact", Text, nullable=False),
        Column("by", Text),
        Column("reason", Text),
        Column("note", Text),
        Column("opportunity", Text),
        Column("late", Boolean, nullable=False),
    )


def _assignments(metadata: MetaData, suffix: str) -> Table:
    """Each was the newest of its handoff when it was read."""
    return Table(
        f"handoff_assignments{suffix}",
        metadata,
        Column("handoff", Text, primary_key=True),
        Column("seq", BigInteger, primary_key=True, autoincrement=False),
        Column("account", Text, nullable=False),
        timestamp_ms("at", nullable=False),
        timestamp_ms("recorded_at", nullable=False),
        Column("fact", Text, nullable=False),
        Column("by", Text),
        Column("to", Text),
    )


def _gated(metadata: MetaData, suffix: str) -> Table:
    """Crossings that opened no handoff, and entries that a cool-down prevented."""
    return Table(
        f"gated{suffix}",
        metadata,
        Column("account", Text, primary_key=True),
        Column("seq", BigInteger, primary_key=True, autoincrement=False),
        Column("n", Integer, primary_key=True, autoincrement=False),
        Column("track", Text, nullable=False),
        Column("crossing", Integer),
        timestamp_ms("at", nullable=False),
        Column("fact", Text, nullable=False),
        Column("why", Text, nullable=False),
    )


def _timers(metadata: MetaData, suffix: str) -> Table:
    """`kind` is `review` (of an account) or `expiry` (of a handoff); `recorded`: its fact is in the log."""
    return Table(
        f"timers{suffix}",
        metadata,
        Column("kind", Text, primary_key=True),
        Column("ref", Text, primary_key=True),
        Column("account", Text, nullable=False),
        timestamp_ms("at", nullable=False),
        Column("recorded", Boolean, nullable=False),
        Index(f"timers{suffix}_due", "recorded", "at"),
    )


def _suppressions(metadata: MetaData, suffix: str) -> Table:
    """A NULL contact is the whole account; it holds while `ended_seq` is NULL. Ended ones stay."""
    return Table(
        f"suppressions{suffix}",
        metadata,
        Column("suppression", Text, primary_key=True),
        Column("account", Text, nullable=False),
        Column("contact", Text),
        Column("reason", Text, nullable=False),
        Column("handoff", Text),
        timestamp_ms("since", nullable=False),
        Column("cause", Text, nullable=False),
        Column("cause_type", Text, nullable=False),
        timestamp_ms("until"),
        Column("started_seq", BigInteger, nullable=False),
        timestamp_ms("renewed_at", nullable=False),
        timestamp_ms("ended_at"),
        Column("ended_by", Text),
        Column("ended_type", Text),
        Column("ended_seq", BigInteger),
        Index(f"suppressions{suffix}_by_account", "account"),
        Index(f"suppressions{suffix}_by_contact", "contact"),
    )
