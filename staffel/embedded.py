"""The embedded host: one process does all of it on the log in the database."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property

from database.notifications import PROJECTED, Notifications
from projections.lag import projected_offsets, projector_positions
from projections.projector import Projector
from projections.reactors.mover import Mover
from projections.reactors.relay import Relay
from projections.reactors.timers import Timers
from schemas.topics import ENGAGEMENT
from staffel.application import Application, replay_of
from streams.host import Host, Step
from streams.scorer.embedded import Scorer
from streams.sql.compaction import Compaction
from streams.sql.log import SqlLog


@dataclass(frozen=True)
class Embedded(Application):
    """One process at a time hosts all of it, on the log in the database."""

    log: SqlLog

    @cached_property
    def host(self) -> Host:
        """Scorers, projector, relay and mover: what a command drains before it answers."""
        return Host(self.steps(), self.log, self.lock)

    def steps(self) -> list[Step]:
        scorers: list[Step] = [Scorer(self.log, p) for p in range(self.log.partitions(ENGAGEMENT))]
        projector = Projector(self.engine, self.log, replay=replay_of(self.log))
        relay = Relay(self.engine, self.log, self.clock)
        mover = Mover(self.engine, self.log, self.clock)
        return [*scorers, projector, mover, relay, Compaction(self.log, lambda: self.projector_positions())]

    def serving_steps(self) -> list[Step]:
        """The steps and the timers: what `staffel up` runs."""
        return [*self.steps(), Timers(self.engine, self.log, self.clock)]

    def serving_host(self) -> Host:
        return Host(self.serving_steps(), self.log, self.lock)

    def drain(self) -> None:
        self.host.drain()

    def await_visible(self, end_offsets: Mapping[int, int]) -> str | None:
        with closing(Notifications(self.engine, [PROJECTED])) as notifications:
            if self.host.catch_up(
                end_offsets, lambda: projected_offsets(self.engine, self.log), self.settings.wait, notifications.wait
            ):
                return None
        holder = self.lock.holder() or "the process that hosts"
        return f"{holder} has not caught up in {self.settings.wait:g} s; ask again later"

    def projector_positions(self) -> dict[int, int]:
        return projector_positions(self.engine, self.log)
