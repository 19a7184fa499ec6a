"""The log in the tables of SQLite or PostgreSQL, which a migration creates.

Offsets come from a counter row for each partition. It stays locked until the append is committed, so that records
become visible in order and without gaps.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from time import monotonic
from typing import Any, NamedTuple
from uuid import uuid4

from sqlalchemy import Connection, Engine

from database import APPENDED, dialect_of, notify
from schemas import DEAD_LETTERS, ENGAGEMENT, SCORES, TOPICS
from streams.log import Appended, LogError, LogRefused, NewRecord, PositionConflict, Record, Unit
from streams.partitioner import partition_of
from streams.sql import statements as sql
from streams.sql.append_signal import AppendSignal
from streams.sql.rows import PartitionOffset, assign_offsets, is_damaged, record_of, stored_id, stored_ids

_PAGE_SIZE = 2000
_COMPACT_BATCH_SIZE = 5000


class ChecksumMismatch(NamedTuple):
    """A stored record whose checksum does not match."""

    partition: int
    offset: int
    key: str


class SqlLog:
    """The port `streams.log.KeyedLog` on a migrated database. Thread-safe."""

    unique_ids = True

    def __init__(self, engine: Engine, partitions: int = 1) -> None:
        """Raises `LogRefused` if the log was created with another number of partitions."""
        self._engine = engine
        self._dialect = dialect_of(engine)
        self._read_engine = self._dialect.autocommit_reads(engine)
        self._append_signal = AppendSignal(engine)
        self._partitions = partitions
        self._generation = self._open()

    def partitions(self, topic: str) -> int:
        sql.table_of(topic)
        return self._partitions

    def generation(self, topic: str) -> str:
        sql.table_of(topic)
        return self._generation

    def partition_of(self, topic: str, key: str) -> int:
        return partition_of(key, self.partitions(topic))

    def append(self, topic: str, records: Sequence[NewRecord], partition: int | None = None) -> list[Appended]:
        with self._engine.begin() as connection:
            appended = self._append(connection, topic, records, partition)
        self._append_signal.notify()
        return appended

    def append_unit(self, unit: Unit) -> None:
        with self._engine.begin() as connection:
            self._move_position(connection, unit)
            self._append(connection, SCORES, unit.scores, unit.partition)
            self._append(connection, DEAD_LETTERS, unit.dead_letters, unit.partition)
        self._append_signal.notify()

    def position(self, partition: int) -> int:
        with self._read_engine.connect() as connection:
            found = connection.exec_driver_sql(self._sql(sql.POSITION), (partition,)).scalar()
        return int(self._require_partition(found, partition))

    def read(self, topic: str, partition: int, start: int, limit: int) -> list[Record]:
        rows = self._rows(self._sql(sql.READ, topic), (partition, start, limit))
        return [record_of(*row) for row in rows]

    def read_each(self, topic: str, starts: Mapping[int, int], limit: int) -> Mapping[int, list[Record]]:
        return {partition: self.read(topic, partition, start, limit) for partition, start in starts.items()}

    def end(self, topic: str, partition: int) -> int:
        return self._require_partition(self._ends(topic).get(partition), partition)

    def latest(self, topic: str, keys: Sequence[str]) -> Mapping[str, Record]:
        rows = self._rows(self._sql(sql.LATEST, topic), (self._dialect.key_list(keys),))
        return {row[1]: record_of(*row) for row in rows}

    def latest_in(self, topic: str, partition: int, key: str) -> Record | None:
        rows = self._rows(self._sql(sql.LATEST_IN, topic), (key, partition))
        return record_of(*rows[0]) if rows else None

    def latest_below(self, topic: str, key: str) -> list[Record]:
        below = (key, f"{key}/", f"{key}0")  # 0 is the character after /
        return [record_of(*row) for row in self._rows(self._sql(sql.LATEST_BELOW, topic), below)]

    def places_of(self, topic: str, ids: Sequence[str]) -> Mapping[str, tuple[str, int, int]]:
        """Record id -> key, partition and offset, for those ids that the topic contains."""
        wanted = {stored_id(id): id for id in ids}
        with self._read_engine.connect() as connection:
            statement = self._sql(sql.PLACES, topic)
            rows = self._dialect.rows_by_key(connection, statement, "bytea", wanted.keys())
            return {wanted[bytes(found)]: (key, partition, offset) for found, key, partition, offset in rows}

    def history(self, account: str) -> Iterator[Record]:
        partition, start = self.partition_of(ENGAGEMENT, account), 0
        # Page by page: a transaction left open while the caller folds would keep SQLite's WAL from shrinking.
        while rows := self._rows(self._sql(sql.HISTORY), (account, partition, start, _PAGE_SIZE)):
            yield from (record_of(*row) for row in rows)
            start = rows[-1][0] + 1

    def wait(self, seen: Mapping[int, int], timeout: float, topic: str = ENGAGEMENT) -> bool:
        deadline = monotonic() + timeout
        while True:
            append_count = self._append_signal.count
            if self._is_beyond(topic, seen):
                return True
            remaining = deadline - monotonic()
            if remaining <= 0:
                return False
            self._append_signal.wait(append_count, remaining)

    def close(self) -> None:
        """Close the connections; the engine opens new ones if it is used again."""
        self._append_signal.close()
        self._engine.dispose()

    def compact(self, keep_from: Mapping[int, int]) -> int:
        """Delete `scores` below these offsets that have a later record of the same key; returns how many."""
        return sum(self._compact(partition, below) for partition, below in keep_from.items())

    def verify_checksums(self, topic: str) -> Iterator[ChecksumMismatch]:
        """The records of a topic whose key, value or headers do not match their checksum, by partition."""
        for partition in range(self.partitions(topic)):
            start = 0
            while rows := self._rows(self._sql(sql.READ_WITH_CHECKSUMS, topic), (partition, start, _PAGE_SIZE)):
                yield from (ChecksumMismatch(partition, row[0], row[1]) for row in rows if is_damaged(*row[1:]))
                start = rows[-1][0] + 1

    def _open(self) -> str:
        # Read first: a process that only reads must not wait for the write lock.
        if not self._is_initialized():
            self._initialize()
        [[_, generation]] = self._rows(sql.META, ())
        return str(generation)

    def _is_initialized(self) -> bool:
        made = self._rows(sql.META, ())
        for partitions, _ in made:
            self._check_partitions(partitions)
        [[ends]] = self._rows(sql.COUNT_ENDS, ())
        return bool(made) and ends == self._partitions * len(TOPICS)

    def _initialize(self) -> None:
        with self._engine.begin() as connection:
            connection.exec_driver_sql(self._sql(sql.NEW_META), (self._partitions, uuid4().hex))
            partitions, _ = connection.exec_driver_sql(sql.META).one()
            self._check_partitions(partitions)
            for partition in range(partitions):
                self._open_partition(connection, partition)

    def _check_partitions(self, made_with: int) -> None:
        if made_with != self._partitions:
            raise LogRefused(
                f"this log was created with {made_with} partitions and cannot be opened with {self._partitions}: "
                "the partition of every account would change; set that number, or use a new database"
            )

    def _open_partition(self, connection: Connection, partition: int) -> None:
        connection.exec_driver_sql(self._sql(sql.NEW_POSITION), (partition,))
        for topic in TOPICS:
            connection.exec_driver_sql(self._sql(sql.NEW_END), (topic, partition))

    def _append(
        self, connection: Connection, topic: str, records: Sequence[NewRecord], partition: int | None
    ) -> list[Appended]:
        if not records:
            return []
        ends = self._lock_ends(connection, topic)
        if partition is not None:
            self._require_partition(ends.get(partition), partition)
        ids = stored_ids(records)
        record_ids = {each for each in ids if each is not None}
        existing = self._find_existing(connection, topic, record_ids) if record_ids else {}
        placed = assign_offsets(zip(self._partitions_of(records, partition), ids, records, strict=True), ends, existing)
        if placed.rows:
            self._dialect.write(connection, sql.table_of(topic), sql.COLUMN_TYPES, placed.rows)
            notify(connection, APPENDED)
        for changed, end in placed.ends.items():
            connection.exec_driver_sql(self._sql(sql.MOVE_END), (end, topic, changed))
        return placed.appended

    def _lock_ends(self, connection: Connection, topic: str) -> dict[int, int]:
        """The next offset of each partition; no other transaction assigns offsets until this one ends."""
        # On SQLite the transaction has locked the whole file already.
        return dict(connection.exec_driver_sql(self._sql(sql.ENDS + self._dialect.lock_rows), (topic,)).all())

    def _find_existing(self, connection: Connection, topic: str, ids: Set[bytes]) -> dict[bytes, PartitionOffset]:
        """The places of those ids that the topic contains."""
        rows = self._dialect.rows_by_key(connection, self._sql(sql.EXISTING_IDS, topic), "bytea", ids)
        return {found: (partition, offset) for found, partition, offset in rows}

    def _partitions_of(self, records: Sequence[NewRecord], partition: int | None) -> list[int]:
        if partition is not None:
            return [partition] * len(records)
        return [partition_of(record.key, self._partitions) for record in records]

    def _move_position(self, connection: Connection, unit: Unit) -> None:
        move = (unit.next, unit.partition, unit.start)
        if connection.exec_driver_sql(self._sql(sql.MOVE_POSITION), move).rowcount == 1:
            return
        raise PositionConflict(
            f"partition {unit.partition} of {ENGAGEMENT} is no longer at offset {unit.start}: "
            "another scorer writes it, so this one stops"
        )

    def _compact(self, partition: int, below: int) -> int:
        [[first]] = self._rows(self._sql(sql.FIRST_OFFSET, SCORES), (partition,))
        deleted = 0
        # In batches, so that appends do not wait for all of it.
        for start in range(below if first is None else first, below, _COMPACT_BATCH_SIZE):
            batch = (partition, start, min(start + _COMPACT_BATCH_SIZE, below))
            with self._engine.begin() as connection:
                deleted += connection.exec_driver_sql(self._sql(sql.COMPACT, SCORES), batch).rowcount
        return deleted

    def _is_beyond(self, topic: str, seen: Mapping[int, int]) -> bool:
        ends = self._ends(topic)
        return any(ends.get(partition, 0) > end for partition, end in seen.items())

    def _ends(self, topic: str) -> dict[int, int]:
        return {row[0]: row[1] for row in self._rows(self._sql(sql.ENDS, topic), (topic,))}

    def _require_partition(self, value: int | None, partition: int) -> int:
        if value is None:
            raise LogError(f"no partition {partition}; the log has 0 to {self._partitions - 1}")
        return value

    def _rows(self, statement: str, parameters: tuple[object, ...]) -> Sequence[Any]:
        with self._read_engine.connect() as connection:
            return connection.exec_driver_sql(statement, parameters).all()

    def _sql(self, template: str, topic: str = ENGAGEMENT) -> str:
        return sql.statement_of(template, topic, self._dialect)
