"""Leases: a role has one holder at a time, for a limited time that the holder renews.

On PostgreSQL the clock of the server decides how long a lease is valid, so the clocks of the machines need not agree;
on SQLite all processes run on one machine.
"""

import os
from collections.abc import Callable
from secrets import token_hex
from socket import gethostname
from threading import Event
from time import monotonic

from sqlalchemy import Column, Connection, Engine, Table, Text, or_, select
from sqlalchemy.sql.elements import ColumnElement

from database.columns import metadata, timestamp_ms
from database.dialects import dialect_of
from database.engine import read_only

leases = Table(
    "leases",
    metadata,
    Column("role", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    timestamp_ms("until", nullable=False),
)


LEASE_DURATION_MS = 15_000
_RETRY_INTERVAL_S = 0.2
EMBEDDED_HOLDER = "host"
"""The holder of an embedded host: the host lock allows only one, and its successor continues with the same leases."""


class LeaseLost(Exception):
    """The lease ran out before the work was done; another process may have taken it over."""


def new_holder_id() -> str:
    """A unique holder: machine, process and a random part, since process ids are reused."""
    return f"{gethostname()} process {os.getpid()} {token_hex(4)}"


def database_now(connection: Connection, now: int) -> ColumnElement[int]:
    """The time of the database in milliseconds since 1970: of the server, or `now` of this machine on SQLite."""
    return dialect_of(connection).now(now)


def acquire_lease(engine: Engine, role: str, holder: str, now: int, duration_ms: int = LEASE_DURATION_MS) -> bool:
    """Acquire or renew the lease for `duration_ms`; False if another process holds it."""
    with engine.begin() as connection:
        return acquire_lease_within(connection, role, holder, now, duration_ms)


def acquire_lease_within(
    connection: Connection, role: str, holder: str, now: int, duration_ms: int = LEASE_DURATION_MS
) -> bool:
    """As `acquire_lease`, within the transaction of the caller."""
    at = database_now(connection, now)
    insert = dialect_of(connection).insert_of(leases).values(role=role, holder=holder, until=at + duration_ms)
    is_free = or_(leases.c.holder == holder, leases.c.until < at)
    upsert = insert.on_conflict_do_update(
        index_elements=["role"], set_={"holder": insert.excluded.holder, "until": insert.excluded.until}, where=is_free
    )
    return connection.execute(upsert.returning(leases.c.role)).first() is not None


def release_lease(engine: Engine, role: str, holder: str) -> None:
    with engine.begin() as connection:
        connection.execute(leases.delete().where(leases.c.role == role, leases.c.holder == holder))


def holder_of(engine: Engine, role: str, now: int) -> str | None:
    """The current holder of the role, or None."""
    with read_only(engine).connect() as connection:
        statement = select(leases.c.holder).where(
            leases.c.role == role, leases.c.until >= database_now(connection, now)
        )
        return connection.execute(statement).scalar()


class Lease:
    """A lease as one process sees it. `clock`: milliseconds since 1970."""

    def __init__(
        self, engine: Engine, role: str, holder: str, clock: Callable[[], int], duration_ms: int = LEASE_DURATION_MS
    ) -> None:
        self.role, self.holder = role, holder
        self._engine, self._clock, self._duration_ms = engine, clock, duration_ms
        self._acquired_at = float("-inf")

    @property
    def is_valid(self) -> bool:
        """Whether no other process can hold the lease: its duration, counted on this machine, is not over."""
        return monotonic() - self._acquired_at < self._duration_ms / 1000

    def acquire(self, timeout_s: float = 0.0) -> bool:
        """Acquire the lease, or renew it once half of its duration is over; False if another process still holds it
        after `timeout_s`."""
        deadline, pause = monotonic() + timeout_s, Event()
        while not self._acquire_once():
            if monotonic() >= deadline:
                return False
            pause.wait(_RETRY_INTERVAL_S)
        return True

    def _acquire_once(self) -> bool:
        started = monotonic()
        if started - self._acquired_at < self._duration_ms / 2000:
            return True
        acquired = acquire_lease(self._engine, self.role, self.holder, self._clock(), self._duration_ms)
        self._acquired_at = started if acquired else float("-inf")
        return acquired

    def invalidate(self) -> None:
        """Make the next `acquire` ask the database, however recently the lease was renewed."""
        self._acquired_at = float("-inf")

    def release(self) -> None:
        """Free the lease, so that another process can acquire it at once."""
        self.invalidate()
        release_lease(self._engine, self.role, self.holder)
