"""The projector: score updates into read models, one transaction per batch. Never touches the world.

The transaction holds read models, ledger, timers, work in hand and the checkpoint; a batch is written whole or not at
all, and one that comes twice changes nothing. Where updates are missing, because the log kept the last one of each key
alone, the partition is told anew by a replay of `engagement`, work and all, and then read on.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from sqlalchemy import Connection, Engine

from projections import versions
from projections.database import reading
from projections.tables import read_models
from projections.updates import Batch, Hole, Replay, batches, read_batch
from projections.versions import Checkpoint
from projections.writing import write_batch
from schemas.topics import SCORES
from streams.log import Log, LogRefused

BATCH = 20_000


class Share(Protocol):
    """Which partitions a projector has."""

    def partitions(self) -> Sequence[int]:
        """Those that are its own from now on."""

    def keep(self) -> None:
        """It is alive, in the middle of long work."""


class Whole:
    """All partitions, for ever: one projector is alive."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def partitions(self) -> Sequence[int]:
        return range(self._log.partitions(SCORES))

    def keep(self) -> None:
        """There is nobody to tell."""


class _Standing(NamedTuple):
    version: int
    checkpoint: Checkpoint


class Projector:
    """A step: `advance` takes one batch of each partition and answers how many records it took.

    Raises `Hole` where updates are missing and no `replay` brings them, `AnotherProjector` where one is alive,
    `LogRefused` where the checkpoint belongs to another log.
    """

    def __init__(
        self,
        engine: Engine,
        log: Log,
        name: str = versions.MAIN,
        *,
        replay: Replay | None = None,
        share: Share | None = None,
        batch: int = BATCH,
    ) -> None:
        self.name = f"projector {name}"
        self._engine, self._log, self._projection, self._replay, self._batch = engine, log, name, replay, batch
        self._share = share or Whole(log)
        self._version: int | None = None

    @classmethod
    def beside(cls, engine: Engine, log: Log, name: str, version: int, replay: Replay) -> "Projector":
        """One that writes a version which is not pointed to yet."""
        projector = cls(engine, log, name, replay=replay)
        projector._version = version
        return projector

    def advance(self) -> int:
        return sum(self._advance_partition(partition) for partition in self._share.partitions())

    def _advance_partition(self, partition: int) -> int:
        standing = self._standing(partition)
        records = self._log.read(SCORES, partition, standing.checkpoint.next_offset, self._batch)
        if not records:
            self._check_end(partition, standing.checkpoint)
            return 0
        try:
            self._take(standing, read_batch(partition, records))
        except versions.Switched:
            return 0
        return len(records)

    def _standing(self, partition: int) -> _Standing:
        with reading(self._engine).connect() as connection:
            version = self._version or versions.version_of(connection, self._projection)
            checkpoint = versions.checkpoint(connection, self._projection, version, partition)
        log = self._log.generation(SCORES)
        if checkpoint.log not in (None, log):
            raise _refused(self._projection, partition, f"was read in another topic {SCORES}, one of before")
        return _Standing(version, checkpoint._replace(log=log))

    def _check_end(self, partition: int, checkpoint: Checkpoint) -> None:
        end = self._log.end(SCORES, partition)
        if end < checkpoint.next_offset:
            why = f"was read up to offset {checkpoint.next_offset}, and {SCORES} ends at {end}"
            raise _refused(self._projection, partition, why)

    def _take(self, standing: _Standing, batch: Batch) -> None:
        old = standing.checkpoint
        reached = max(old.engagement_next, batch.engagement_next)
        new = Checkpoint(batch.next_offset, reached, old.log)
        try:
            self._write(standing, batch, new)
        except Hole:
            if self._replay is None:
                raise
            self._tell_anew(standing, batch.partition, self._replay)
            self._write(standing, batch, new)

    def _tell_anew(self, standing: _Standing, partition: int, replay: Replay) -> None:
        """The whole partition once more; the checkpoint stays where it is, and nobody else may have moved it."""
        for batch in batches(partition, replay(partition), self._batch):
            self._write(standing, batch, standing.checkpoint)
            self._share.keep()

    def _write(self, standing: _Standing, batch: Batch, new: Checkpoint) -> None:
        with self._engine.begin() as connection:
            self._move(connection, standing, batch.partition, new)
            write_batch(connection, read_models(standing.version), batch)

    def _move(self, connection: Connection, standing: _Standing, partition: int, new: Checkpoint) -> None:
        name, (version, old) = self._projection, standing
        if self._version is None and versions.version_of(connection, name, hold=True) != version:
            raise versions.Switched
        if old.next_offset == 0:
            versions.start(connection, name, version, self._log.partitions(SCORES))
        versions.move_checkpoint(connection, name, version, partition, old=old, new=new)


def _refused(name: str, partition: int, why: str) -> LogRefused:
    return LogRefused(
        f"partition {partition} of {name} {why}: the log is another one than before, or lost its end. "
        f"Name the log that was read in STAFFEL_LOG, or a new database in STAFFEL_DATABASE; where the topics were made "
        f"anew with the same facts, run `staffel rebuild {name}`"
    )
