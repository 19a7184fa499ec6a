"""A log and the work beside it, copied to another log and database. Never changes what it copies from.

Records go in log order into the partition of their key, so that each account keeps its order whatever the number of
partitions. A copy that was ended anywhere goes on where it stopped: the ends of the partitions are noted before each
append, position and notes are moved in one transaction after it, and where a note stands at the beginning, what was
appended since is looked for and not appended again.

Where the initial activations stand is not copied: the other log has its own, of the same model.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Engine, Integer, Table, Text, select, update

from database.columns import metadata
from database.engine import read_only
from database.statements import insert_missing
from intake.recorder.inbox import hash_of_value
from intake.recorder.inbox_rows import InboxRow, insert_rows
from projections.work.tables import append_notes
from schemas.dead_letters import ORIGINAL_ID_HEADER, dead_letter_id, dead_letter_id_from_headers, parse_error_headers
from schemas.topics import DEAD_LETTERS, ENGAGEMENT, SQA_HANDOFFS, SUPPRESSIONS
from staffel.migration.table_copy import require_empty_database
from streams.activation import MODEL_KEY, read_activation
from streams.log import Appended, Log, LogRefused, NewRecord, Record, scan

copy_positions = Table(
    "copied",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("log", Text, nullable=False),
    Column("next_offset", BigInteger, nullable=False),
)
"""How far an embedded log was copied to a broker: partition and offset of the log that is copied."""


COPY_ROLE = "copy"
"""Of the notes, with the partition that is copied behind it."""
COPIED_TOPICS = (SQA_HANDOFFS, SUPPRESSIONS, DEAD_LETTERS, ENGAGEMENT)
"""`engagement` last: whatever begins to work on it finds everything else there. `scores` are made anew."""
_COMPLETE = "everything"
BATCH_SIZE = 5_000
RecordContent = tuple[str, bytes, Any]


class LogCopy:
    """From one log to another, whose database keeps how far it came. `clock`: milliseconds since 1970.

    One at a time, which is the caller's affair.
    """

    def __init__(
        self, source: Log, target: Log, engine: Engine, clock: Callable[[], int], batch_size: int = BATCH_SIZE
    ) -> None:
        self._source, self._target, self._engine, self._clock, self._batch_size = (
            source,
            target,
            engine,
            clock,
            batch_size,
        )
        self._dead_letter_ids = dead_letter_ids_of(source)

    def start(self) -> None:
        """Begin or go on. Raises `LogRefused` or `DatabaseTrouble` where something else is held over there."""
        copied_logs = self._copied_logs()
        if not copied_logs:
            require_empty_database(self._engine)
            self._require_empty_topics()
            with self._engine.begin() as connection:
                insert_missing(connection, copy_positions, [*self._start_rows()])
        elif copied_logs != [self._log_pair()]:
            raise LogRefused(
                "the database to move to keeps how far a copy of another log came, or of this one into topics that are "
                "gone; name an empty database, and topics of their own (another `prefix`)"
            )

    def finish(self) -> None:
        """Everything is copied: nothing will be any more."""
        with self._engine.begin() as connection:
            insert_missing(connection, copy_positions, [self._position_row(_COMPLETE, 0)])

    def is_finished(self) -> bool:
        """Whether everything of this log was copied into that one."""
        condition = (copy_positions.c.topic == _COMPLETE, copy_positions.c.log == self._log_pair())
        with read_only(self._engine).connect() as connection:
            return connection.execute(select(copy_positions.c.log).where(*condition)).first() is not None

    def position(self, topic: str, partition: int) -> int:
        """The next offset to copy."""
        with read_only(self._engine).connect() as connection:
            condition = (copy_positions.c.topic == topic, copy_positions.c.partition == partition)
            return int(connection.execute(select(copy_positions.c.next_offset).where(*condition)).scalar_one())

    def advance(self, topic: str, partition: int) -> int:
        """Copy the next batch; answers how many records of the source were read."""
        start = self.position(topic, partition)
        records = self._source.read(topic, partition, start, self._batch_size)
        if records:
            new_records = [
                self._record_to_copy(topic, partition, record)
                for record in records
                if not is_initial_activation(topic, record)
            ]
            places = self._append(topic, f"{COPY_ROLE}/{partition}", new_records)
            self._commit_batch(topic, partition, records[-1].offset + 1, new_records, places)
        return len(records)

    def _record_to_copy(self, topic: str, partition: int, record: Record) -> NewRecord:
        """As it stands; what was set aside remembers as which dead letter, for it will be set aside again."""
        place = dead_letter_id(topic, partition, record.offset)
        dead_letter_header = (
            ((ORIGINAL_ID_HEADER, self._dead_letter_ids[place].encode()),) if place in self._dead_letter_ids else ()
        )
        other_headers = tuple(
            header for header in record.headers if not (dead_letter_header and header[0] == ORIGINAL_ID_HEADER)
        )
        return NewRecord(record.key, record.value, headers=(*other_headers, *dead_letter_header))

    def _append(self, topic: str, role: str, records: Sequence[NewRecord]) -> list[Appended]:
        existing = self._note_ends(topic, role, records)
        found_places = [_take_place(existing, content_of(record)) for record in records]
        missing = [record for record, place in zip(records, found_places, strict=True) if place is None]
        appended = iter(self._target.append(topic, missing) if missing else [])
        return [place or next(appended) for place in found_places]

    def _note_ends(self, topic: str, role: str, records: Iterable[NewRecord]) -> dict[RecordContent, deque[Appended]]:
        """Note where the partitions end; answers what came after the notes of before."""
        ends = {
            each: self._target.end(topic, each)
            for each in {self._target_partition(topic, record) for record in records}
        }
        with self._engine.begin() as connection:
            old_notes = _read_notes(connection, topic, role)
            rows = [_note_row(topic, role, each, end) for each, end in ends.items() if each not in old_notes]
            insert_missing(connection, append_notes, rows)
        existing: dict[RecordContent, deque[Appended]] = {}
        for partition, start in old_notes.items():
            for record in scan(self._target, topic, partition, start):
                place = Appended(partition, record.offset, True)
                existing.setdefault(content_of(record), deque()).append(place)
        return existing

    def _target_partition(self, topic: str, record: NewRecord) -> int:
        return self._target.partition_of(topic, record.key)

    def _commit_batch(
        self, topic: str, partition: int, next_offset: int, records: Sequence[NewRecord], places: Sequence[Appended]
    ) -> None:
        """Position, notes and the inbox that knows the facts again, at once."""
        condition = (copy_positions.c.topic == topic, copy_positions.c.partition == partition)
        with self._engine.begin() as connection:
            connection.execute(update(copy_positions).where(*condition).values(next_offset=next_offset))
            connection.execute(append_notes.delete().where(*_where_noted(topic, f"{COPY_ROLE}/{partition}")))
            facts = _inbox_rows(records, places) if topic == ENGAGEMENT else []
            if facts:
                insert_rows(connection, facts, self._clock())

    def _start_rows(self) -> Iterable[dict[str, Any]]:
        for topic in COPIED_TOPICS:
            yield from (self._position_row(topic, partition) for partition in range(self._source.partitions(topic)))

    def _position_row(self, topic: str, partition: int) -> dict[str, Any]:
        return {"topic": topic, "partition": partition, "log": self._log_pair(), "next_offset": 0}

    def _log_pair(self) -> str:
        """Which log is copied, and into which one."""
        return f"{self._source.generation(ENGAGEMENT)} into {self._target.generation(ENGAGEMENT)}"

    def _copied_logs(self) -> list[str]:
        with read_only(self._engine).connect() as connection:
            return list(connection.execute(select(copy_positions.c.log).distinct()).scalars())

    def _require_empty_topics(self) -> None:
        for topic in COPIED_TOPICS:
            for partition in range(self._target.partitions(topic)):
                if [r for r in self._target.read(topic, partition, 0, 2) if not is_initial_activation(topic, r)]:
                    raise LogRefused(
                        f"partition {partition} of {topic} holds records of another Staffel; name a broker without "
                        "them, or a prefix of their own for the topics: kafka://HOST:PORT?prefix=NAME."
                    )


def dead_letter_ids_of(log: Log) -> Mapping[str, str]:
    """Where a record was set aside -> the id of its dead letter."""
    ids = {}
    for partition in range(log.partitions(DEAD_LETTERS)):
        for record in scan(log, DEAD_LETTERS, partition):
            headers = parse_error_headers(record.headers)
            place = dead_letter_id(
                headers.get("topic", ""), int(headers.get("partition", -1)), int(headers.get("offset", -1))
            )
            ids[place] = dead_letter_id_from_headers(record.headers)
    return ids


def is_initial_activation(topic: str, record: Record) -> bool:
    """The activation that every partition of a log begins with."""
    if topic != ENGAGEMENT or record.key != MODEL_KEY or record.offset:
        return False
    try:
        read_activation(record)
    except msgspec.MsgspecError:
        return False
    return True


def content_of(record: NewRecord | Record) -> RecordContent:
    """All that a log keeps of a record; it tells two of them apart, whatever they hold."""
    return record.key, record.value, record.headers


def _take_place(existing: Mapping[RecordContent, deque[Appended]], content: RecordContent) -> Appended | None:
    """Of records alike each stands for one."""
    places = existing.get(content)
    return places.popleft() if places else None


def _read_notes(connection: Connection, topic: str, role: str) -> dict[int, int]:
    rows = connection.execute(select(append_notes.c.partition, append_notes.c.end).where(*_where_noted(topic, role)))
    return {row.partition: row.end for row in rows}


def _where_noted(topic: str, role: str) -> tuple[Any, ...]:
    return append_notes.c.role == role, append_notes.c.topic == topic


def _note_row(topic: str, role: str, partition: int, end: int) -> dict[str, Any]:
    return {"role": role, "topic": topic, "partition": partition, "end": end}


def _inbox_rows(records: Sequence[NewRecord], places: Sequence[Appended]) -> list[InboxRow]:
    """What of these is a fact, known for ever: an old file that is read again brings nothing new."""
    hashed = {hash_of_value(record.value): (record.key, place) for record, place in zip(records, places, strict=True)}
    return [
        InboxRow(id, key, place.partition, place.offset, place.offset, True)
        for id, (key, place) in sorted((id, entry) for id, entry in hashed.items() if id is not None)
    ]
