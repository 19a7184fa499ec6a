"""The one place where objects meet. Never decides anything but who is given what."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from projections.database import Database, open_database
from projections.health import projected, projector_positions
from projections.migrate import migrate
from projections.mover import Mover
from projections.projector import Projector
from projections.relay import Relay
from projections.timers import Timers
from projections.updates import Replay
from schemas.topics import ENGAGEMENT
from scoring.plan import Plan
from staffel.settings import Settings
from streams.activation import activate, activated_plan
from streams.compaction import Compaction
from streams.embedded import Host, Step
from streams.host_lock import HostLock
from streams.log import Log
from streams.scorer import Scorer
from streams.sql_host_lock import host_lock_of
from streams.sql_log import SqlLog

if TYPE_CHECKING:
    from intake.recorder import Recorder
    from intake.vault import Vault

Clock = Callable[[], int]
RandomBytes = Callable[[int], bytes]


def system_clock() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class StillBusy(Exception):
    """The process that hosts has not caught up in the time a command waits."""


@dataclass(frozen=True)
class Staffel:
    """Everything of one process, connected."""

    settings: Settings
    engine: Database
    log: SqlLog
    lock: HostLock
    clock: Clock
    random_bytes: RandomBytes

    @cached_property
    def plan(self) -> Plan:
        """The model in force, compiled."""
        return activated_plan(self.log)

    @cached_property
    def vault(self) -> "Vault":
        from intake.vault import Vault

        return Vault(self.engine, self.random_bytes)

    @cached_property
    def recorder(self) -> "Recorder":
        from intake.entrance import entrance_to
        from intake.networks import NoNetworks, read_networks
        from intake.recorder import Recorder
        from projections.directory import Directory

        networks = read_networks(self.settings.networks)[0] if self.settings.networks else NoNetworks()
        entrance = entrance_to(self.log, self.engine, self.clock, keep=True)
        return Recorder(entrance, self.vault, Directory(self.engine), self.clock, networks=networks)

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

    def serving_host(self) -> Host:
        """The steps and the timers: what `staffel up` runs."""
        return Host([*self.steps(), Timers(self.engine, self.log, self.clock)], self.log, self.lock)

    def settle(self) -> None:
        """Return when everything recorded so far is visible; `StillBusy` where another host takes too long."""
        partitions = range(self.log.partitions(ENGAGEMENT))
        until = {partition: self.log.end(ENGAGEMENT, partition) for partition in partitions}
        if not self.host.catch_up(until, lambda: projected(self.engine, self.log), self.settings.wait):
            holder = self.lock.holder() or "the process that hosts"
            raise StillBusy(f"recorded, but {holder} has not caught up in {self.settings.wait:g} s; ask again later")

    def projector_positions(self) -> dict[int, int]:
        return projector_positions(self.engine, self.log)

    def close(self) -> None:
        self.log.close()
        self.engine.dispose()


def replay_of(log: Log) -> Replay:
    """All updates once more, for a projector that meets a hole."""
    from audit.replay import scored_updates

    return lambda partition: scored_updates(log, partition)


def connect(settings: Settings, *, clock: Clock = system_clock, random_bytes: RandomBytes = os.urandom) -> Staffel:
    """Open database and log; a new log begins with the activation of its first model."""
    if settings.database is None:
        settings.home.mkdir(parents=True, exist_ok=True)
    engine = open_database(settings.database_url)
    migrate(engine)
    log = SqlLog(engine, settings.partitions)
    activate(log, lambda: model_text(settings), clock)
    return Staffel(settings, engine, log, host_lock_of(engine), clock, random_bytes)


def model_text(settings: Settings) -> tuple[str, str]:
    """Text and name of the model of a new log."""
    if settings.model is not None:
        return settings.model.read_text(encoding="utf-8"), str(settings.model)
    default = resources.files("scoring") / "models" / "default.yaml"
    return default.read_text(encoding="utf-8"), "default.yaml"


def examples() -> Path:
    """The folder of the examples beside the packages."""
    return Path(__file__).resolve().parent.parent / "examples"
