"""The tables of the reactors' work, which no rebuild touches: outbox, parked facts, moves, append notes.

Every row has a key that follows from the log, so writing it again changes nothing.
"""

from collections.abc import Iterable

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    false,
    select,
)

from database import Serial, metadata, rows_by_key, timestamp_ms

outbox = Table(
    "outbox",
    metadata,
    Column("n", Serial, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("topic", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("event", LargeBinary, nullable=False),
    timestamp_ms("at", nullable=False),
    Column("published", Boolean, nullable=False),
    Index("outbox_waiting", "published", "n"),
)
"""`event` is a CloudEvent whose `recordedtime` is empty; the relay sets it."""

parked_facts = Table(
    "parked",
    metadata,
    Column("account", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    timestamp_ms("time", nullable=False),
    Column("event", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("fact", LargeBinary, nullable=False),
    Column("bot", Boolean, nullable=False, server_default=false()),
    Index("parked_by_visitor", "bot", "account"),
)

moves = Table(
    "moves",
    metadata,
    Column("move", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("to_account", Text, nullable=False),
    Column("done", Boolean, nullable=False),
    Index("moves_open", "done"),
    Index("moves_by_account", "account"),
)
"""`move` is the key of the id of the fact that identified the visitor; `to_account` may be no account that fits."""


append_notes = Table(
    "append_notes",
    metadata,
    Column("role", Text, primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("end", BigInteger, nullable=False),
)
"""The ends of partitions before a role began to append: after a crash its records are searched from there."""


def unpublished_ids(connection: Connection, ids: Iterable[str]) -> set[str]:
    """Those of the ids that wait in the outbox."""
    waiting = select(outbox.c.id).where(outbox.c.published.is_(False))
    return {row.id for row in rows_by_key(connection, waiting, outbox.c.id, ids)}
