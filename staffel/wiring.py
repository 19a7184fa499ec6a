"""The one place where objects meet. Never decides anything but who is given what."""

import os
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from database.engine import Database, open_database
from database.host_lock import HostLock, host_lock_of
from database.migrate import migrate
from database.notifications import PROJECTED, Notices
from projections.lag import projected, projector_positions
from projections.projector import Projector
from projections.reactors.mover import Mover
from projections.reactors.relay import Relay
from projections.reactors.timers import Timers
from projections.read_models.updates import Replay
from schemas.topics import ENGAGEMENT
from scoring.plan.plan import Plan
from staffel.settings import Settings
from streams.activation import activate, activated_plan
from streams.host import Host, Step
from streams.log import Log
from streams.scorer.embedded import Scorer
from streams.sql.compaction import Compaction
from streams.sql.log import SqlLog

if TYPE_CHECKING:
    from intake.recorder.networks import CompanyNetworks
    from intake.recorder.recorder import Recorder
    from intake.vault.vault import Vault

Clock = Callable[[], int]
RandomBytes = Callable[[int], bytes]


def system_clock() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class StillBusy(Exception):
    """Those who host have not caught up in the time a command waits."""


@dataclass(frozen=True)
class Staffel(ABC):
    """Everything of one process, connected. What differs between the hosts is behind its abstract methods."""

    settings: Settings
    engine: Database
    log: Log
    lock: HostLock
    clock: Clock
    random_bytes: RandomBytes

    @cached_property
    def plan(self) -> Plan:
        """The model in force, compiled."""
        return activated_plan(self.log)

    @cached_property
    def vault(self) -> "Vault":
        from intake.vault.vault import Vault

        return Vault(self.engine, self.random_bytes)

    @cached_property
    def recorder(self) -> "Recorder":
        from intake.recorder.appender import entrance_to
        from intake.recorder.recorder import Recorder
        from projections.directory import Directory

        entrance = entrance_to(self.log, self.engine, self.clock, keep=True)
        networks = networks_of(self.settings)
        return Recorder(entrance, self.vault, Directory(self.engine), self.clock, networks=networks)

    def settle(self, so_far: str = "recorded") -> None:
        """Return when everything recorded so far is visible; `StillBusy` where those who host take too long.

        `so_far`: what became of the caller's own facts, for the message.
        """
        until = {partition: self.log.end(ENGAGEMENT, partition) for partition in range(self.log.partitions(ENGAGEMENT))}
        late = self.await_projected(until)
        if late is not None:
            raise StillBusy(f"{so_far}, but {late}")

    def close(self) -> None:
        self.log.close()
        self.engine.dispose()

    @abstractmethod
    def drain(self) -> None:
        """Do what there is to do, where this process holds the lock."""

    @abstractmethod
    def await_projected(self, until: Mapping[int, int]) -> str | None:
        """Return when the engagement before these offsets is visible; who is late, where that takes too long."""


@dataclass(frozen=True)
class Embedded(Staffel):
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

    def await_projected(self, until: Mapping[int, int]) -> str | None:
        with closing(Notices(self.engine, [PROJECTED])) as notices:
            if self.host.catch_up(until, lambda: projected(self.engine, self.log), self.settings.wait, notices.wait):
                return None
        holder = self.lock.holder() or "the process that hosts"
        return f"{holder} has not caught up in {self.settings.wait:g} s; ask again later"

    def projector_positions(self) -> dict[int, int]:
        return projector_positions(self.engine, self.log)


def replay_of(log: Log) -> Replay:
    """All updates once more, for a projector that meets a hole."""
    from audit.replay import scored_updates

    return lambda partition: scored_updates(log, partition)


def networks_of(settings: Settings) -> "CompanyNetworks":
    from intake.recorder.networks import NoNetworks, read_networks

    return read_networks(settings.networks)[0] if settings.networks else NoNetworks()


def connect(settings: Settings, *, clock: Clock = system_clock, random_bytes: RandomBytes = os.urandom) -> Staffel:
    """Open database and log. A new log in the database begins with the activation of its first model; one on Kafka
    was laid down by `staffel topics create`, and is refused otherwise (`LogRefused`)."""
    if settings.kafka is None:
        return connect_embedded(settings, clock, random_bytes)
    from staffel.scale_out import connect_scaled_out

    return connect_scaled_out(settings, settings.kafka, clock, random_bytes)


def connect_embedded(settings: Settings, clock: Clock, random_bytes: RandomBytes) -> Embedded:
    if settings.database is None:
        settings.home.mkdir(parents=True, exist_ok=True)
    engine = open_database(settings.database_url)
    migrate(engine)
    log = SqlLog(engine, settings.partitions)
    activate(log, lambda: model_text(settings), clock)
    return Embedded(settings, engine, log, host_lock_of(engine), clock, random_bytes)


def model_text(settings: Settings) -> tuple[str, str]:
    """Text and name of the model of a new log."""
    if settings.model is not None:
        return settings.model.read_text(encoding="utf-8"), str(settings.model)
    default = resources.files("scoring") / "models" / "default.yaml"
    return default.read_text(encoding="utf-8"), "default.yaml"


def examples() -> Path:
    """The folder of the examples beside the packages."""
    return Path(__file__).resolve().parent.parent / "examples"
