"""The projector: score updates into read models, whole batches or nothing of them. Never touches the world.

The transaction holds read models, ledger, timers, work in hand and the checkpoints; what was read is written whole or
not at all, and what comes twice changes nothing. Where updates are missing, because the log kept the last one of each
key alone, the partition is told anew by a replay of `engagement`, work and all, and then read on.
"""

from collections.abc import Collection, Iterator, Sequence
from time import monotonic
from typing import NamedTuple, Protocol

from sqlalchemy import Connection, Engine

from database.engine import reading
from database.notifications import PROJECTED, notify
from projections.read_models import versions
from projections.read_models.tables import read_models
from projections.read_models.updates import Batch, Hole, Replay, batches, read_batch
from projections.read_models.versions import Checkpoint
from projections.writer import write_batches
from schemas.topics import SCORES
from streams.log import Log, LogRefused, Record
from streams.scorer.gc_tuning import gc_frozen

BATCH = 20_000
"""Records of a partition at once: an account that comes several times among them is written once."""
FEW = 1_000
"""Fewer of a partition are written together with those of others: each statement is one round trip to the server."""
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


class _Part(NamedTuple):
    """A partition, and where its projection stands."""

    partition: int
    checkpoint: Checkpoint


class _Retelling(NamedTuple):
    """A partition on its way through a replay, and where its projection stood at the beginning."""

    part: _Part
    rest: Iterator[Batch]


class _Read(NamedTuple):
    """What the log holds next of a partition."""

    part: _Part
    records: Sequence[Record]


class _Portion(NamedTuple):
    """What is written of a partition, and where its checkpoint goes with it."""

    part: _Part
    batch: Batch
    new: Checkpoint


class Projector:
    """A step: `advance` takes what is next of each partition and answers how far it came, in records.

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
        self._few = min(FEW, batch)
        self._share = share or Whole(log)
        self._retellings: dict[int, _Retelling] = {}
        self.positions: dict[int, int] = {}
        """Partition -> the next offset to read, of its own ones, as of the last `advance`."""
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
        with gc_frozen():
            parts = [_Part(each, stands.get(each, Checkpoint())) for each in own if self._share.keep(each)]
            try:
                return self._advance(version, parts)
            except versions.Switched:
                return 0

    def _advance(self, version: int, parts: Sequence[_Part]) -> int:
        told = {part.partition: self._retell(version, part.partition) for part in parts}
        retold = {partition for partition, count in told.items() if count is not None}
        read = self._read([part for part in parts if not told[part.partition]])
        few = [each for each in read if len(each.records) < self._few]
        many = [each for each in read if len(each.records) >= self._few]
        self._write_together(version, [_portion(*each) for each in few], retold)
        moved = sum(count or 0 for count in told.values()) + sum(len(each.records) for each in few)
        return moved + sum(self._write_many(version, each, retold) for each in many)

    def _read(self, parts: Sequence[_Part]) -> list[_Read]:
        """The next records of each partition that has some."""
        checked = [part._replace(checkpoint=self._checked(*part)) for part in parts]
        self.positions = {part.partition: part.checkpoint.next_offset for part in checked}
        records = self._log.read_each(SCORES, self.positions, self._few)
        return [_Read(part, some) for part in checked if (some := records[part.partition])]

    def _write_together(self, version: int, portions: Sequence[_Portion], retold: Collection[int]) -> None:
        try:
            if portions:
                self._write(version, portions)
        except Hole:
            for portion in portions:
                self._write_alone(version, portion, retold)

    def _write_many(self, version: int, read: _Read, retold: Collection[int]) -> int:
        """As many as one transaction is meant for, of a partition that is its own still; how many they were."""
        partition, records = read.part.partition, read.records
        if not self._share.keep(partition):
            return 0
        rest = self._batch - len(records)
        more = self._log.read(SCORES, partition, records[-1].offset + 1, rest) if rest else []
        self._write_alone(version, _portion(read.part, [*records, *more]), retold)
        return len(records) + len(more)

    def _write_alone(self, version: int, portion: _Portion, retold: Collection[int]) -> None:
        """One partition by itself; where it misses updates, it is told anew in the next rounds."""
        partition = portion.part.partition
        try:
            self._write(version, [portion])
        except Hole:
            if self._replay is None or partition in retold:
                raise
            rest = batches(partition, self._replay(partition), self._batch)
            self._retellings[partition] = _Retelling(portion.part, rest)

    def _retell(self, version: int, partition: int) -> int | None:
        """The next portion of a replay; the checkpoint stays where it is, and nobody else may have moved it. How many
        updates: 0 where it has ended, None where there is none."""
        telling = self._retellings.pop(partition, None)
        if telling is None:
            return None
        batch = next(telling.rest, None)
        if batch is None:
            return 0
        self._write(version, [_Portion(telling.part, batch, telling.part.checkpoint)])
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

    def _write(self, version: int, portions: Sequence[_Portion]) -> None:
        """One transaction."""
        with self._engine.begin() as connection:
            self._move(connection, version, portions)
            write_batches(connection, read_models(version), [portion.batch for portion in portions])
            notify(connection, PROJECTED, ",".join(str(portion.part.partition) for portion in portions))

    def _move(self, connection: Connection, version: int, portions: Sequence[_Portion]) -> None:
        name = self._projection
        if self._version is None and versions.version_of(connection, name, hold=True) != version:
            raise versions.Switched
        if any(portion.part.checkpoint.next_offset == 0 for portion in portions):
            versions.start(connection, name, version, self._log.partitions(SCORES))
        moves = {portion.part.partition: (portion.part.checkpoint, portion.new) for portion in portions}
        versions.move_checkpoints(connection, name, version, moves)


def _portion(part: _Part, records: Sequence[Record]) -> _Portion:
    batch, old = read_batch(part.partition, records), part.checkpoint
    reached = max(old.engagement_next, batch.engagement_next)
    return _Portion(part, batch, Checkpoint(batch.next_offset, reached, old.log))


def _refused(name: str, partition: int, why: str) -> LogRefused:
    return LogRefused(
        f"partition {partition} of {name} {why}: the log is another one than before, or lost its end. "
        f"Name the log that was read in STAFFEL_LOG, or a new database in STAFFEL_DATABASE; where the topics were made "
        f"anew with the same facts, run `staffel rebuild {name}`"
    )
