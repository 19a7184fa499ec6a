"""Figures for those who look after a running system: what waits, whose clock says what, who holds a role.

Never changes a row.
"""

from typing import NamedTuple

from sqlalchemy import Engine, func, select

from database.engine import reading
from database.leases import leases, moment
from projections.work_tables import moves, outbox


class Waiting(NamedTuple):
    """`age_ms`: since when the oldest row's event happened, 0 where nothing waits."""

    outbox: int
    age_ms: int
    moves: int


def waiting(engine: Engine, now: int) -> Waiting:
    """What waits for a reactor at this moment; `now` in milliseconds since 1970."""
    rows = select(func.count(), func.min(outbox.c.at)).where(outbox.c.published.is_(False))
    opened = select(func.count()).where(moves.c.done.is_(False))
    with reading(engine).connect() as connection:
        count, oldest = connection.execute(rows).one()
        return Waiting(int(count), max(0, now - (oldest or now)), int(connection.execute(opened).scalar_one()))


def database_time(engine: Engine, now: int) -> int:
    """Milliseconds since 1970 by the server's clock; `now` where the database has none of its own."""
    with reading(engine).connect() as connection:
        return int(connection.execute(select(moment(connection, now))).scalar_one())


def holders(engine: Engine, now: int) -> dict[str, str]:
    """Role -> who holds it at this moment."""
    with reading(engine).connect() as connection:
        held = select(leases.c.role, leases.c.holder).where(leases.c.until >= moment(connection, now))
        return {row.role: row.holder for row in connection.execute(held)}
