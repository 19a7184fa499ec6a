"""What waits for a reactor: rows of the outbox, moves that are open. Never publishes or moves anything."""

from typing import NamedTuple

from sqlalchemy import Engine, func, select

from projections.database import reading
from projections.work_tables import moves, outbox


class Waiting(NamedTuple):
    """`age_ms`: since when the oldest row's event happened, 0 where nothing waits."""

    outbox: int
    age_ms: int
    moves: int


def waiting(engine: Engine, now: int) -> Waiting:
    """At this moment; `now` in milliseconds since 1970."""
    rows = select(func.count(), func.min(outbox.c.at)).where(outbox.c.published.is_(False))
    opened = select(func.count()).where(moves.c.done.is_(False))
    with reading(engine).connect() as connection:
        count, oldest = connection.execute(rows).one()
        return Waiting(int(count), max(0, now - (oldest or now)), int(connection.execute(opened).scalar_one()))
