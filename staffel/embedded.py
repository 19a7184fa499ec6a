"""The embedded host: one process runs all steps on the log in the database."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property

from database import EMBEDDED_HOLDER, PROJECTED, Notifications
from projections import projected_offsets
from staffel.application import Application
from staffel.topology import COMMANDS, UP, build_steps
from streams import Host, Step
from streams.sql import SqlLog


@dataclass(frozen=True)
class Embedded(Application):
    """One process at a time hosts: the one that holds the lock. A command hosts until what it recorded is visible."""

    log: SqlLog

    @property
    def holder(self) -> str:
        return EMBEDDED_HOLDER

    @cached_property
    def host(self) -> Host:
        """The steps that a command drains before it answers."""
        return Host(self.steps(), self.log, self.lock)

    def steps(self) -> list[Step]:
        return build_steps(COMMANDS, self)

    def serving_steps(self) -> list[Step]:
        return build_steps(UP, self)

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
        holder = self.lock.holder() or "the hosting process"
        return f"{holder} has not caught up within {self.settings.wait:g} s; try again later"
