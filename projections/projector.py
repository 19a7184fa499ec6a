"""The projector: score updates into read models, one transaction per batch. Never touches the world.

The transaction holds read models, ledger, timers, work in hand and the checkpoint; a batch is written whole or not at
all, and one that comes twice changes nothing. Where updates are missing, because the log kept the last one of each key
alone, the partition is told anew by a replay of `engagement`, work and all, and then read on.
"""

from collections.abc import Iterator, Sequence
from time import monotonic
from typing import NamedTuple, Protocol

from sqlalchemy import Connection, Engine

from projections import versions
from projections.database import reading
from projections.tables import read_models
from projections.updates import Batch, Hole, Replay, batches, read_batch
from projections.versions import Checkpoint
from projections.writing import write_batch
from schemas.topics import SCORES
from streams.garbage import frozen_garbage
from streams.log import Log, LogRefused
from streams.notices import PROJECTED, tell

BATCH = 20_000
CHECK_EVERY_S = 5.0


class Share(Protocol):
    """Which partitions a projector has."""

    def partitions(self) -> Sequence[int]:
        """Those that are its own now."""

    def keep(self, partition: int) -> bool:
        """Whether this one of them is its own still, after the work on others."""


class Whole:
    """All partitions, for ever: one projector is alive."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def partitions(self) -> Sequence[int]:
        return range(self._log.partitions(SCORES))

    def keep(self, partition: int) -> bool:
        return True


class _Standing(NamedTuple):
    version: int
    checkpoint: Checkpoint


class _Retelling(NamedTuple):
    """A partition on its way through a replay, and where its projection stood at the beginning."""

    standing: _Standing
    rest: Iterator[Batch]


class Projector:
    """A step: `advance` takes one batch of each partition and answers how many records it took.

    Raises `Hole` where updates are missing that no `replay` brings, `AnotherProjector` where one is alive,
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
        self._retellings: dict[int, _Retelling] = {}
        self._generation: str | None = None
        self._check_again: dict[int, float] = {}
        self._version: int | None = None

    @classmethod
    def beside(cls, engine: Engine, log: Log, name: str, version: int, replay: Replay) -> "Projector":
        """One that writes a version which is not pointed to yet."""
        projector = cls(engine, log, name, replay=replay)
        projector._version = version
        return projector

    def advance(self) -> int:
        own = self._share.partitions()
        self._retellings = {each: telling for each, telling in self._retellings.items() if each in own}
        version, stands = self._standing()
        with frozen_garbage():
            return sum(
                self._advance_partition(each, _Standing(version, stands.get(each, Checkpoint())))
                for each in own
                if self._share.keep(each)
            )

    def _advance_partition(self, partition: int, standing: _Standing) -> int:
        telling = self._retellings.pop(partition, None)
        try:
            told = 0 if telling is None else self._retell(partition, telling)
            return told or self._read_on(partition, standing, retold=telling is not None)
        except versions.Switched:
            return 0

    def _read_on(self, partition: int, stands: _Standing, *, retold: bool) -> int:
        standing = stands._replace(checkpoint=self._checked(partition, stands.checkpoint))
        records = self._log.read(SCORES, partition, standing.checkpoint.next_offset, self._batch)
        if not records:
            return 0
        try:
            self._take(standing, read_batch(partition, records))
        except Hole:
            if self._replay is None or retold:
                raise
            self._retellings[partition] = _Retelling(standing, batches(partition, self._replay(partition), self._batch))
        return len(records)

    def _retell(self, partition: int, telling: _Retelling) -> int:
        """The next portion of a replay; the checkpoint stays where it is, and nobody else may have moved it."""
        batch = next(telling.rest, None)
        if batch is None:
            return 0
        self._write(telling.standing, batch, telling.standing.checkpoint)
        self._retellings[partition] = telling
        return len(batch)

    def _standing(self) -> tuple[int, dict[int, Checkpoint]]:
        """The version that is written, and where it stands: of all partitions at once, for a broker has many."""
        with reading(self._engine).connect() as connection:
            version = self._version or versions.version_of(connection, self._projection)
            return version, versions.standing(connection, self._projection, version)

    def _checked(self, partition: int, stands: Checkpoint) -> Checkpoint:
        """The checkpoint with the log that it belongs to; a broker is asked for it every so often alone."""
        if monotonic() >= self._check_again.get(partition, 0.0):
            self._generation = self._log.generation(SCORES)
            end = self._log.end(SCORES, partition)
            if end < stands.next_offset:
                why = f"was read up to offset {stands.next_offset}, and {SCORES} ends at {end}"
                raise _refused(self._projection, partition, why)
            self._check_again[partition] = monotonic() + CHECK_EVERY_S
        if stands.log not in (None, self._generation):
            raise _refused(self._projection, partition, f"was read in another topic {SCORES}, one of before")
        return stands._replace(log=self._generation)

    def _take(self, standing: _Standing, batch: Batch) -> None:
        old = standing.checkpoint
        reached = max(old.engagement_next, batch.engagement_next)
        self._write(standing, batch, Checkpoint(batch.next_offset, reached, old.log))

    def _write(self, standing: _Standing, batch: Batch, new: Checkpoint) -> None:
        with self._engine.begin() as connection:
            self._move(connection, standing, batch.partition, new)
            write_batch(connection, read_models(standing.version), batch)
            tell(connection, PROJECTED, str(batch.partition))

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
