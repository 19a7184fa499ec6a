"""Several projectors share the partitions by leases, each a fair part. Never keeps two from writing: checkpoints do.

Every projector tells that it is alive by a row with a term. Each takes as many partitions as are its part, gives back
what is too much, and takes over what nobody renewed; of a projector that was paused for longer the term runs out.
"""

from collections.abc import Callable, Sequence
from time import monotonic

from sqlalchemy import Connection, Engine, func, select, update

from database.leases import TERM_MS, leases, moment, take_within
from schemas.topics import SCORES
from streams.log import Log

PARTITION, MEMBER = "project/", "projecting/"
EVERY_S = 2.0
_ADVISORY_LOCK = 7_305_802_061_776_307  # any number that is ours alone


class Shares:
    """What one projector has. `holder` is unlike that of any other; `clock`: milliseconds since 1970."""

    def __init__(
        self,
        engine: Engine,
        log: Log,
        holder: str,
        clock: Callable[[], int],
        *,
        term: int = TERM_MS,
        every: float = EVERY_S,
    ) -> None:
        self._engine, self._log, self._holder, self._clock = engine, log, holder, clock
        self._term, self._every = term, every
        self._settled = float("-inf")
        self._own: Sequence[int] = ()

    def partitions(self) -> Sequence[int]:
        """Those that are its own now; asks the database every so many seconds alone."""
        if monotonic() - self._settled >= self._every:
            self._settle()
        return self._own

    def keep(self, partition: int) -> bool:
        return partition in self.partitions()

    def close(self) -> None:
        """Let the others have everything at once."""
        self._settled, self._own = float("-inf"), ()
        mine = (leases.c.holder == self._holder, leases.c.role.startswith("project"))
        with self._engine.begin() as connection:
            connection.execute(leases.delete().where(*mine))

    def _settle(self) -> None:
        asked = monotonic()
        with self._engine.begin() as connection:
            _alone(connection)
            self._own = self._shared(connection, self._clock())
        self._settled = asked

    def _shared(self, connection: Connection, now: int) -> Sequence[int]:
        take_within(connection, MEMBER + self._holder, self._holder, now, self._term)
        fair = _fair(self._log.partitions(SCORES), _members(connection, now))
        mine = self._renewed(connection, now)
        self._give_back(connection, mine[fair:])
        return sorted([*mine[:fair], *self._taken(connection, now, fair - len(mine))])

    def _renewed(self, connection: Connection, now: int) -> list[int]:
        """What nobody took, however late."""
        mine = (leases.c.holder == self._holder, leases.c.role.startswith(PARTITION))
        until = moment(connection, now) + self._term
        renewed = connection.execute(update(leases).where(*mine).values(until=until).returning(leases.c.role))
        return sorted(int(role.removeprefix(PARTITION)) for role in renewed.scalars())

    def _give_back(self, connection: Connection, partitions: Sequence[int]) -> None:
        roles = [f"{PARTITION}{each}" for each in partitions]
        connection.execute(leases.delete().where(leases.c.role.in_(roles), leases.c.holder == self._holder))

    def _taken(self, connection: Connection, now: int, most: int) -> list[int]:
        free = sorted(set(range(self._log.partitions(SCORES))) - _held(connection, now))
        for partition in free[: max(most, 0)]:
            take_within(connection, f"{PARTITION}{partition}", self._holder, now, self._term)
        return free[: max(most, 0)]


def _alone(connection: Connection) -> None:
    """Until the transaction is over nobody else shares; on SQLite the transaction alone sees to that."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_ADVISORY_LOCK)))


def _fair(partitions: int, members: int) -> int:
    return -(-partitions // members)


def _members(connection: Connection, now: int) -> int:
    """How many are alive; rows of those who are not go."""
    of_members, at = leases.c.role.startswith(MEMBER), moment(connection, now)
    connection.execute(leases.delete().where(of_members, leases.c.until < at))
    return int(connection.execute(select(func.count()).where(of_members)).scalar_one())


def _held(connection: Connection, now: int) -> set[int]:
    of_partitions = (leases.c.role.startswith(PARTITION), leases.c.until >= moment(connection, now))
    roles = connection.execute(select(leases.c.role).where(*of_partitions)).scalars()
    return {int(role.removeprefix(PARTITION)) for role in roles}
