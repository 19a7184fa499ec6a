"""The projector writes score updates into the read models.

One transaction contains a whole batch: read models, ledger, timers, the reactors' work and the checkpoints. Updates
that are delivered twice change nothing. If updates are missing because compaction kept only the last one of each key,
the projector replays the partition from `engagement` and then continues with `scores`. An account whose values the
database refuses is set aside, so that the others go on.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from time import monotonic
from typing import NamedTuple, Protocol

from sqlalchemy import Connection, Engine

from database import PROJECTED, data_error_code, notify, read_only
from projections.read_models import versions
from projections.read_models.stale_accounts import (
    accounts_of,
    mark_stale,
    only_accounts,
    read_stale,
    skipped_accounts,
    unwritable_accounts,
    without_accounts,
)
from projections.read_models.tables import read_models
from projections.read_models.updates import MissingUpdates, Replay, UpdateBatch, read_batch, replayed_batches
from projections.read_models.versions import Checkpoint
from projections.writer import trial_failure, write_batches
from schemas import SCORES
from streams import Log, LogRefused, Record
from streams.scorer import gc_frozen

BATCH_SIZE = 20_000
"""Records of a partition per transaction: an account that occurs several times among them is written once."""
SMALL_BATCH = 1_000
"""Smaller batches of several partitions share a transaction, as each statement is a round trip to the server."""
CHECK_INTERVAL_S = 5.0


class PartitionAssignment(Protocol):
    """The partitions that a projector has to write."""

    def partitions(self) -> Sequence[int]:
        """The partitions assigned now."""

    def still_owns(self, partition: int) -> bool:
        """Whether the partition is still assigned, after the work on others."""

    def close(self) -> None:
        """Let other projectors have the partitions at once."""


class AllPartitions:
    """All partitions: there is only one projector."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def partitions(self) -> Sequence[int]:
        return range(self._log.partitions(SCORES))

    def still_owns(self, partition: int) -> bool:
        return True

    def close(self) -> None:
        """No-op: no lease is held."""


class _PartitionState(NamedTuple):
    """A partition and its checkpoint."""

    partition: int
    checkpoint: Checkpoint


class _PartitionReplay(NamedTuple):
    """A replay of a partition in progress, and the checkpoint at its beginning."""

    state: _PartitionState
    remaining: Iterator[UpdateBatch]


class _FetchedRecords(NamedTuple):
    """The next records of a partition."""

    state: _PartitionState
    records: Sequence[Record]


class _PartitionWrite(NamedTuple):
    """A batch of a partition, and the checkpoint after it."""

    state: _PartitionState
    batch: UpdateBatch
    new: Checkpoint


class Projector:
    """A step: `advance` writes the next records of each partition and returns their number.

    Raises `MissingUpdates` if updates are missing and there is no `replay`, `CheckpointConflict` if another projector
    writes the partition, and `LogRefused` if the checkpoint belongs to another log.
    """

    def __init__(
        self,
        engine: Engine,
        log: Log,
        name: str = versions.MAIN,
        *,
        replay: Replay | None = None,
        assignment: PartitionAssignment | None = None,
        batch_size: int = BATCH_SIZE,
    ) -> None:
        self.name = f"projector {name}"
        self._engine, self._log, self._projection = engine, log, name
        self._replay, self._batch_size = replay, batch_size
        self._small_batch = min(SMALL_BATCH, batch_size)
        self._assignment = assignment or AllPartitions(log)
        self._replays: dict[int, _PartitionReplay] = {}
        self.positions: dict[int, int] = {}
        """Assigned partition -> the next offset to read, as of the last `advance`."""
        self._generation: str | None = None
        self._next_checks: dict[int, float] = {}
        self._version: int | None = None
        self._skipped: frozenset[str] = frozenset()
        """Accounts that no database takes: they are written no more until a rebuild."""

    @classmethod
    def for_version(cls, engine: Engine, log: Log, name: str, version: int, replay: Replay) -> "Projector":
        """A projector for a version that is not in use yet."""
        projector = cls(engine, log, name, replay=replay)
        projector._version = version
        return projector

    def advance(self) -> int:
        assigned = self._assignment.partitions()
        self._replays = {each: replay for each, replay in self._replays.items() if each in assigned}
        version, checkpoints = self._read_checkpoints()
        with gc_frozen():
            states = [
                _PartitionState(each, checkpoints.get(each, Checkpoint()))
                for each in assigned
                if self._assignment.still_owns(each)
            ]
            try:
                return self._advance(version, states)
            except versions.VersionSwitched:
                return 0

    def place(self) -> str:
        """The next records to read, as `topic/partition/offset`."""
        return ", ".join(f"{SCORES}/{partition}/{offset}" for partition, offset in sorted(self.positions.items()))

    def close(self) -> None:
        """Let other projectors have its partitions at once."""
        self._assignment.close()

    def _advance(self, version: int, states: Sequence[_PartitionState]) -> int:
        replayed_counts = {part.partition: self._write_replayed(version, part.partition) for part in states}
        replayed = {partition for partition, count in replayed_counts.items() if count is not None}
        fetched = self._fetch([part for part in states if not replayed_counts[part.partition]])
        small = [each for each in fetched if len(each.records) < self._small_batch]
        large = [each for each in fetched if len(each.records) >= self._small_batch]
        self._write_together(version, [_partition_write(*each) for each in small], replayed)
        count_written = sum(count or 0 for count in replayed_counts.values()) + sum(len(each.records) for each in small)
        return count_written + sum(self._write_large(version, each, replayed) for each in large)

    def _fetch(self, states: Sequence[_PartitionState]) -> list[_FetchedRecords]:
        """The next records of each partition that has new ones."""
        checked = [part._replace(checkpoint=self._verified_checkpoint(*part)) for part in states]
        self.positions = {part.partition: part.checkpoint.next_offset for part in checked}
        records = self._log.read_each(SCORES, self.positions, self._small_batch)
        return [_FetchedRecords(part, fetched) for part in checked if (fetched := records[part.partition])]

    def _write_together(self, version: int, writes: Sequence[_PartitionWrite], replayed: Collection[int]) -> None:
        try:
            if writes:
                self._write(version, writes)
        except MissingUpdates:
            for write in writes:
                self._write_one(version, write, replayed)

    def _write_large(self, version: int, fetched: _FetchedRecords, replayed: Collection[int]) -> int:
        """Write a full batch of a partition if it is still assigned; returns the number of records."""
        partition, records = fetched.state.partition, fetched.records
        if not self._assignment.still_owns(partition):
            return 0
        room = self._batch_size - len(records)
        more = self._log.read(SCORES, partition, records[-1].offset + 1, room) if room else []
        self._write_one(version, _partition_write(fetched.state, [*records, *more]), replayed)
        return len(records) + len(more)

    def _write_one(self, version: int, write: _PartitionWrite, replayed: Collection[int]) -> None:
        """Write one partition; if updates are missing, start a replay for the next rounds."""
        partition = write.state.partition
        try:
            self._write(version, [write])
        except MissingUpdates:
            if self._replay is None or partition in replayed:
                raise
            remaining = replayed_batches(partition, self._replay(partition), self._batch_size)
            self._replays[partition] = _PartitionReplay(write.state, remaining)

    def _write_replayed(self, version: int, partition: int) -> int | None:
        """Write the next batch of a running replay, with the checkpoint unchanged.

        Returns the number of updates: 0 at the end of the replay, None if no replay runs.
        """
        replay = self._replays.pop(partition, None)
        if replay is None:
            return None
        batch = next(replay.remaining, None)
        if batch is None:
            return 0
        self._write(version, [_PartitionWrite(replay.state, batch, replay.state.checkpoint)])
        self._replays[partition] = replay
        return len(batch)

    def _read_checkpoints(self) -> tuple[int, dict[int, Checkpoint]]:
        """The version to write, and the checkpoints of all its partitions in one query."""
        with read_only(self._engine).connect() as connection:
            version = self._version or versions.version_of(connection, self._projection)
            self._skipped = skipped_accounts(read_stale(connection, self._projection, version))
            return version, versions.read_checkpoints(connection, self._projection, version)

    def _verified_checkpoint(self, partition: int, checkpoint: Checkpoint) -> Checkpoint:
        """The checkpoint with the generation of the log; the log is asked for it only every `CHECK_INTERVAL_S`."""
        if monotonic() >= self._next_checks.get(partition, 0.0):
            self._generation = self._log.generation(SCORES)
            end = self._log.end(SCORES, partition)
            if end < checkpoint.next_offset:
                why = f"was read up to offset {checkpoint.next_offset}, but {SCORES} ends at {end}"
                raise _wrong_log(self._projection, partition, why)
            self._next_checks[partition] = monotonic() + CHECK_INTERVAL_S
        if checkpoint.log not in (None, self._generation):
            raise _wrong_log(self._projection, partition, f"was read from an earlier topic {SCORES}")
        return checkpoint._replace(log=self._generation)

    def _write(self, version: int, writes: Sequence[_PartitionWrite]) -> None:
        """Write the batches in one transaction; if the database refuses values, without the accounts that have them."""
        writes = [each._replace(batch=without_accounts(each.batch, self._skipped)) for each in writes]
        try:
            self._commit(version, writes, [{} for _ in writes])
        except Exception as error:
            if data_error_code(error) is None:
                raise
            unwritable = [self._unwritable_accounts(version, each.batch) for each in writes]
            if not any(unwritable):
                raise
            self._commit(version, writes, unwritable)

    def _commit(self, version: int, writes: Sequence[_PartitionWrite], unwritable: Sequence[Mapping[str, str]]) -> None:
        """`unwritable`: for each batch the accounts to set aside, with the codes."""
        batches = [without_accounts(each.batch, codes) for each, codes in zip(writes, unwritable, strict=True)]
        with self._engine.begin() as connection:
            self._move_checkpoints(connection, version, writes)
            write_batches(connection, read_models(version), batches)
            for each, codes in zip(writes, unwritable, strict=True):
                mark_stale(connection, version, each.batch, codes, self._projection)
            notify(connection, PROJECTED, ",".join(str(portion.state.partition) for portion in writes))

    def _unwritable_accounts(self, version: int, batch: UpdateBatch) -> dict[str, str]:
        def failure(accounts: Collection[str]) -> str | None:
            return trial_failure(self._engine, read_models(version), only_accounts(batch, accounts))

        return unwritable_accounts(accounts_of(batch), failure)

    def _move_checkpoints(self, connection: Connection, version: int, writes: Sequence[_PartitionWrite]) -> None:
        name = self._projection
        if self._version is None and versions.version_of(connection, name, lock=True) != version:
            raise versions.VersionSwitched
        if any(portion.state.checkpoint.next_offset == 0 for portion in writes):
            versions.insert_initial_checkpoints(connection, name, version, self._log.partitions(SCORES))
        moves = {portion.state.partition: (portion.state.checkpoint, portion.new) for portion in writes}
        versions.move_checkpoints(connection, name, version, moves)


def _partition_write(state: _PartitionState, records: Sequence[Record]) -> _PartitionWrite:
    batch, old = read_batch(state.partition, records), state.checkpoint
    reached = max(old.engagement_next, batch.engagement_next)
    return _PartitionWrite(state, batch, Checkpoint(batch.next_offset, reached, old.log))


def _wrong_log(name: str, partition: int, why: str) -> LogRefused:
    return LogRefused(
        f"partition {partition} of {name} {why}: this is another log, or it lost records. "
        f"Set STAFFEL_LOG to the log that was read, or STAFFEL_DATABASE to a new database; if the topics were created "
        f"again with the same facts, run `staffel rebuild {name}`"
    )
