"""Projectors share the partitions by leases, each a fair share.

Each projector has a lease as a member. It acquires as many partitions as are its share, releases surplus ones, and
takes over those whose lease ran out. Leases only distribute the work: that two projectors do not write the same
partition is ensured by the compare-and-set of its checkpoint.
"""

from collections.abc import Callable, Sequence
from time import monotonic

from sqlalchemy import Connection, Engine, func, select, update

from database import LEASE_DURATION_MS, acquire_lease_within, database_now, dialect_of, leases
from schemas import SCORES
from streams import Log

PARTITION_ROLE_PREFIX, MEMBER_ROLE_PREFIX = "project/", "projecting/"
REBALANCE_INTERVAL_S = 2.0
_ADVISORY_LOCK_ID = 7_305_802_061_776_307  # arbitrary; used for nothing else


class LeasedPartitions:
    """The partitions of one projector. `holder` must be unique; `clock`: milliseconds since 1970."""

    def __init__(
        self,
        engine: Engine,
        log: Log,
        holder: str,
        clock: Callable[[], int],
        *,
        lease_duration_ms: int = LEASE_DURATION_MS,
        interval_s: float = REBALANCE_INTERVAL_S,
    ) -> None:
        self._engine, self._log, self._holder, self._clock = engine, log, holder, clock
        self._lease_duration_ms, self._interval_s = lease_duration_ms, interval_s
        self._rebalanced_at = float("-inf")
        self._assigned: Sequence[int] = ()

    def partitions(self) -> Sequence[int]:
        """The partitions assigned now; rebalances at most every `interval_s`."""
        if monotonic() - self._rebalanced_at >= self._interval_s:
            self._rebalance()
        return self._assigned

    def still_owns(self, partition: int) -> bool:
        return partition in self.partitions()

    def close(self) -> None:
        """Release all leases, so that other projectors can take over at once."""
        self._rebalanced_at, self._assigned = float("-inf"), ()
        mine = (leases.c.holder == self._holder, leases.c.role.startswith("project"))
        with self._engine.begin() as connection:
            connection.execute(leases.delete().where(*mine))

    def _rebalance(self) -> None:
        started = monotonic()
        with self._engine.begin() as connection:
            dialect_of(connection).lock_transaction(connection, _ADVISORY_LOCK_ID)
            self._assigned = self._assign(connection, self._clock())
        self._rebalanced_at = started

    def _assign(self, connection: Connection, now: int) -> Sequence[int]:
        acquire_lease_within(connection, MEMBER_ROLE_PREFIX + self._holder, self._holder, now, self._lease_duration_ms)
        fair_share = _fair_share(self._log.partitions(SCORES), _count_members(connection, now))
        mine = self._renew_leases(connection, now)
        self._release_leases(connection, mine[fair_share:])
        return sorted([*mine[:fair_share], *self._acquire_free(connection, now, fair_share - len(mine))])

    def _renew_leases(self, connection: Connection, now: int) -> list[int]:
        """Renew own leases, even expired ones if no other projector took them; returns their partitions."""
        mine = (leases.c.holder == self._holder, leases.c.role.startswith(PARTITION_ROLE_PREFIX))
        until = database_now(connection, now) + self._lease_duration_ms
        renewed = connection.execute(update(leases).where(*mine).values(until=until).returning(leases.c.role))
        return sorted(int(role.removeprefix(PARTITION_ROLE_PREFIX)) for role in renewed.scalars())

    def _release_leases(self, connection: Connection, partitions: Sequence[int]) -> None:
        roles = [f"{PARTITION_ROLE_PREFIX}{each}" for each in partitions]
        connection.execute(leases.delete().where(leases.c.role.in_(roles), leases.c.holder == self._holder))

    def _acquire_free(self, connection: Connection, now: int, limit: int) -> list[int]:
        free = sorted(set(range(self._log.partitions(SCORES))) - _leased_partitions(connection, now))
        for partition in free[: max(limit, 0)]:
            acquire_lease_within(
                connection, f"{PARTITION_ROLE_PREFIX}{partition}", self._holder, now, self._lease_duration_ms
            )
        return free[: max(limit, 0)]


def _fair_share(partitions: int, members: int) -> int:
    return -(-partitions // members)


def _count_members(connection: Connection, now: int) -> int:
    """The number of live members; deletes the leases of dead ones."""
    of_members, at = leases.c.role.startswith(MEMBER_ROLE_PREFIX), database_now(connection, now)
    connection.execute(leases.delete().where(of_members, leases.c.until < at))
    return int(connection.execute(select(func.count()).where(of_members)).scalar_one())


def _leased_partitions(connection: Connection, now: int) -> set[int]:
    of_partitions = (leases.c.role.startswith(PARTITION_ROLE_PREFIX), leases.c.until >= database_now(connection, now))
    roles = connection.execute(select(leases.c.role).where(*of_partitions)).scalars()
    return {int(role.removeprefix(PARTITION_ROLE_PREFIX)) for role in roles}
