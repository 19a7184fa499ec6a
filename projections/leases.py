"""Leases: one holder of a role at a time. Never trusts two clocks to agree better than the term is long."""

from sqlalchemy import Engine, or_, update

from projections.statements import add_missing
from projections.work_tables import leases

TERM_MS = 15_000


def take(engine: Engine, role: str, holder: str, now: int, term: int = TERM_MS) -> bool:
    """Take or keep the lease until `now + term`; False while another holds it."""
    with engine.begin() as connection:
        add_missing(connection, leases, [{"role": role, "holder": holder, "until": now}])
        free = or_(leases.c.holder == holder, leases.c.until < now)
        taking = update(leases).where(leases.c.role == role, free).values(holder=holder, until=now + term)
        return connection.execute(taking).rowcount == 1


def release(engine: Engine, role: str, holder: str) -> None:
    with engine.begin() as connection:
        connection.execute(leases.delete().where(leases.c.role == role, leases.c.holder == holder))
