"""Leases: one holder of a role at a time. Never trusts two machines' clocks to agree.

On PostgreSQL the server's clock alone decides how long a lease holds; on SQLite everybody is on one machine.
"""

import os
from collections.abc import Callable
from secrets import token_hex
from socket import gethostname
from threading import Event
from time import monotonic

from sqlalchemy import BigInteger, Column, Connection, Engine, Table, Text, cast, func, literal, or_, select
from sqlalchemy.sql.elements import ColumnElement

from database.columns import metadata, timestamp_ms
from database.engine import read_only
from database.statements import dialect_insert

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
"""The holder where one process hosts alone, under its own lock: a successor goes on with the same lease."""


class LeaseLost(Exception):
    """The term is over before the work was done; somebody else may have begun it."""


def new_holder_id() -> str:
    """A holder unlike any other: machine, process, and chance, as process numbers come again."""
    return f"{gethostname()} process {os.getpid()} {token_hex(4)}"


def database_now(connection: Connection, now: int) -> ColumnElement[int]:
    """Milliseconds since 1970 by the clock that counts; `now` is this machine's."""
    if connection.dialect.name != "postgresql":
        return literal(now, BigInteger)
    return cast(func.floor(func.extract("epoch", func.clock_timestamp()) * 1000), BigInteger)


def acquire_lease(engine: Engine, role: str, holder: str, now: int, duration_ms: int = LEASE_DURATION_MS) -> bool:
    """Take or keep the lease for `term` milliseconds; False while another holds it."""
    with engine.begin() as connection:
        return acquire_lease_within(connection, role, holder, now, duration_ms)


def acquire_lease_within(
    connection: Connection, role: str, holder: str, now: int, duration_ms: int = LEASE_DURATION_MS
) -> bool:
    """The same within a transaction."""
    at = database_now(connection, now)
    insert = dialect_insert(leases, connection.dialect.name).values(role=role, holder=holder, until=at + duration_ms)
    is_free = or_(leases.c.holder == holder, leases.c.until < at)
    upsert = insert.on_conflict_do_update(
        index_elements=["role"], set_={"holder": insert.excluded.holder, "until": insert.excluded.until}, where=is_free
    )
    return connection.execute(upsert.returning(leases.c.role)).first() is not None


def release_lease(engine: Engine, role: str, holder: str) -> None:
    with engine.begin() as connection:
        connection.execute(leases.delete().where(leases.c.role == role, leases.c.holder == holder))


def holder_of(engine: Engine, role: str, now: int) -> str | None:
    """Who holds the role at this moment."""
    with read_only(engine).connect() as connection:
        statement = select(leases.c.holder).where(
            leases.c.role == role, leases.c.until >= database_now(connection, now)
        )
        return connection.execute(statement).scalar()


class Lease:
    """A role as one process holds it, or not. `clock`: milliseconds since 1970."""

    def __init__(
        self, engine: Engine, role: str, holder: str, clock: Callable[[], int], duration_ms: int = LEASE_DURATION_MS
    ) -> None:
        self.role, self.holder = role, holder
        self._engine, self._clock, self._duration_ms = engine, clock, duration_ms
        self._acquired_at = float("-inf")

    @property
    def is_valid(self) -> bool:
        """Nobody else can have taken it yet: its term, counted here, is not over."""
        return monotonic() - self._acquired_at < self._duration_ms / 1000

    def acquire(self, timeout_s: float = 0.0) -> bool:
        """Take it, or renew it where half of its term is over; False where another holds it for longer than `patience`
        (seconds)."""
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
        """Ask anew, however short ago it was taken."""
        self._acquired_at = float("-inf")

    def release(self) -> None:
        """Let another begin at once."""
        self.invalidate()
        release_lease(self._engine, self.role, self.holder)
