"""Copies a log to another log. The source is not changed.

Records go in log order into the partition of their key, so that the order within an account is kept for any number of
partitions. An interrupted copy resumes where it stopped: before each append, the end offsets of the target partitions
are noted; after it, position and notes are updated in one transaction. If a note exists at the start, records appended
since are looked up and not appended again.

Initial activations are not copied: the target log has its own, of the same model.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Engine, Integer, Table, Text, select, update

from database import insert_missing, metadata, read_only
from intake.recorder import InboxRow, hash_of_value, insert_rows
from projections.work import append_notes
from schemas import (
    DEAD_LETTERS,
    ENGAGEMENT,
    ORIGINAL_ID_HEADER,
    SQA_HANDOFFS,
    SUPPRESSIONS,
    dead_letter_id,
    dead_letter_id_from_headers,
    header_text,
    is_letter,
    parse_error_headers,
)
from staffel.migration.table_copy import require_empty_database
from streams import MODEL_KEY, Appended, Log, LogRefused, NewRecord, Record, read_activation, scan

copy_positions = Table(
    "copied",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("log", Text, nullable=False),
    Column("next_offset", BigInteger, nullable=False),
)
"""Position of the copy in the source log: partition and offset."""


COPY_ROLE = "copy"
"""Prefix of the role of a note; the source partition follows."""
COPIED_TOPICS = (SQA_HANDOFFS, SUPPRESSIONS, DEAD_LETTERS, ENGAGEMENT)
"""`engagement` last, so that processes that start on it find the rest. `scores` are computed again."""
_COMPLETE = "everything"
BATCH_SIZE = 5_000
RecordContent = tuple[str, bytes, Any]


class LogCopy:
    """Copies from one log to another; the target database keeps the position. `clock`: milliseconds since 1970.

    Callers must not run two at a time.
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
        """Start or resume. Raises `LogRefused` or `DatabaseError` if the target holds other data."""
        copied_logs = self._copied_logs()
        if not copied_logs:
            require_empty_database(self._engine)
            self._require_empty_topics()
            with self._engine.begin() as connection:
                insert_missing(connection, copy_positions, [*self._start_rows()])
        elif copied_logs != [self._log_pair()]:
            raise LogRefused(
                "the target database holds the position of another copy (of another log, or to topics that no longer "
                "exist); name an empty database and new topics (another `prefix`)"
            )

    def finish(self) -> None:
        """Mark the copy as complete."""
        with self._engine.begin() as connection:
            insert_missing(connection, copy_positions, [self._position_row(_COMPLETE, 0)])

    def is_finished(self) -> bool:
        """Whether the copy is complete."""
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
        """Unchanged, except that a dead letter and the record it refers to carry the ID of the letter.

        By it the letter finds the record, and the record is the same letter where it is rejected again.
        """
        kept_id = id_to_keep(topic, record, self._dead_letter_ids, dead_letter_id(topic, partition, record.offset))
        dead_letter_header = () if kept_id is None else ((ORIGINAL_ID_HEADER, kept_id.encode()),)
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
        """Note the end offsets; returns what was appended after the previous notes."""
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
        """Update position, notes and inbox in one transaction."""
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
        """Identifies source and target."""
        return f"{self._source.generation(ENGAGEMENT)} into {self._target.generation(ENGAGEMENT)}"

    def _copied_logs(self) -> list[str]:
        with read_only(self._engine).connect() as connection:
            return list(connection.execute(select(copy_positions.c.log).distinct()).scalars())

    def _require_empty_topics(self) -> None:
        for topic in COPIED_TOPICS:
            for partition in range(self._target.partitions(topic)):
                if [r for r in self._target.read(topic, partition, 0, 2) if not is_initial_activation(topic, r)]:
                    raise LogRefused(
                        f"partition {partition} of {topic} holds records of another installation; name another broker, "
                        "or another prefix for the topics: kafka://HOST:PORT?prefix=NAME"
                    )


def dead_letter_ids_of(log: Log) -> Mapping[str, str]:
    """Place of a rejected record -> ID of its dead letter.

    A letter that was copied into this log names a place of the first log, and its record carries its ID already.
    """
    ids = {}
    for partition in range(log.partitions(DEAD_LETTERS)):
        for record in scan(log, DEAD_LETTERS, partition):
            if not is_letter(record.headers) or header_text(record.headers, ORIGINAL_ID_HEADER):
                continue
            headers = parse_error_headers(record.headers)
            place = dead_letter_id(
                headers.get("topic", ""), int(headers.get("partition", -1)), int(headers.get("offset", -1))
            )
            ids[place] = dead_letter_id_from_headers(record.headers)
    return ids


def id_to_keep(topic: str, record: Record, ids_by_place: Mapping[str, str], place: str) -> str | None:
    """The ID of the dead letter that a record is, or that refers to it; None if there is none."""
    if topic == DEAD_LETTERS:
        return dead_letter_id_from_headers(record.headers) if is_letter(record.headers) else None
    return header_text(record.headers, ORIGINAL_ID_HEADER) or ids_by_place.get(place)


def is_initial_activation(topic: str, record: Record) -> bool:
    """Whether it is the activation at the start of a partition."""
    if topic != ENGAGEMENT or record.key != MODEL_KEY or record.offset:
        return False
    try:
        read_activation(record)
    except msgspec.MsgspecError:
        return False
    return True


def content_of(record: NewRecord | Record) -> RecordContent:
    """Key, value and headers, which identify equal records."""
    return record.key, record.value, record.headers


def _take_place(existing: Mapping[RecordContent, deque[Appended]], content: RecordContent) -> Appended | None:
    """Take one of the places where an equal record is stored."""
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
    """Inbox rows of the facts among these, kept permanently, so that files imported again add nothing."""
    hashed = {hash_of_value(record.value): (record.key, place) for record, place in zip(records, places, strict=True)}
    return [
        InboxRow(id, key, place.partition, place.offset, place.offset, True)
        for id, (key, place) in sorted((id, entry) for id, entry in hashed.items() if id is not None)
    ]
