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

from database.columns import metadata, ms
from database.engine import reading
from database.statements import insert_into

leases = Table(
    "leases",
    metadata,
    Column("role", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    ms("until", nullable=False),
)


TERM_MS = 15_000
_ASK_AGAIN_S = 0.2
HOST = "host"
"""The holder where one process hosts alone, under its own lock: a successor goes on with the same lease."""


class LeaseLost(Exception):
    """The term is over before the work was done; somebody else may have begun it."""


def holder_here() -> str:
    """A holder unlike any other: machine, process, and chance, as process numbers come again."""
    return f"{gethostname()} process {os.getpid()} {token_hex(4)}"


def moment(connection: Connection, now: int) -> ColumnElement[int]:
    """Milliseconds since 1970 by the clock that counts; `now` is this machine's."""
    if connection.dialect.name != "postgresql":
        return literal(now, BigInteger)
    return cast(func.floor(func.extract("epoch", func.clock_timestamp()) * 1000), BigInteger)


def take(engine: Engine, role: str, holder: str, now: int, term: int = TERM_MS) -> bool:
    """Take or keep the lease for `term` milliseconds; False while another holds it."""
    with engine.begin() as connection:
        return take_within(connection, role, holder, now, term)


def take_within(connection: Connection, role: str, holder: str, now: int, term: int = TERM_MS) -> bool:
    """The same within a transaction."""
    at = moment(connection, now)
    taking = insert_into(leases, connection.dialect.name).values(role=role, holder=holder, until=at + term)
    free = or_(leases.c.holder == holder, leases.c.until < at)
    taken = taking.on_conflict_do_update(
        index_elements=["role"], set_={"holder": taking.excluded.holder, "until": taking.excluded.until}, where=free
    )
    return connection.execute(taken.returning(leases.c.role)).first() is not None


def release(engine: Engine, role: str, holder: str) -> None:
    with engine.begin() as connection:
        connection.execute(leases.delete().where(leases.c.role == role, leases.c.holder == holder))


def holder_of(engine: Engine, role: str, now: int) -> str | None:
    """Who holds the role at this moment."""
    with reading(engine).connect() as connection:
        held = select(leases.c.holder).where(leases.c.role == role, leases.c.until >= moment(connection, now))
        return connection.execute(held).scalar()


class Lease:
    """A role as one process holds it, or not. `clock`: milliseconds since 1970."""

    def __init__(self, engine: Engine, role: str, holder: str, clock: Callable[[], int], term: int = TERM_MS) -> None:
        self.role, self.holder = role, holder
        self._engine, self._clock, self._term = engine, clock, term
        self._taken = float("-inf")

    @property
    def is_sure(self) -> bool:
        """Nobody else can have taken it yet: its term, counted here, is not over."""
        return monotonic() - self._taken < self._term / 1000

    def keep(self, patience: float = 0.0) -> bool:
        """Take it, or renew it where half of its term is over; False where another holds it for longer than `patience`
        (seconds)."""
        deadline, pause = monotonic() + patience, Event()
        while not self._keep():
            if monotonic() >= deadline:
                return False
            pause.wait(_ASK_AGAIN_S)
        return True

    def _keep(self) -> bool:
        asked = monotonic()
        if asked - self._taken < self._term / 2000:
            return True
        held = take(self._engine, self.role, self.holder, self._clock(), self._term)
        self._taken = asked if held else float("-inf")
        return held

    def forget(self) -> None:
        """Ask anew, however short ago it was taken."""
        self._taken = float("-inf")

    def release(self) -> None:
        """Let another begin at once."""
        self.forget()
        release(self._engine, self.role, self.holder)
