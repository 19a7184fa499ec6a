"""Appends the records of a role without duplicates, across crashes; only the holder of the role's lease appends.

A log that keeps each id once needs no more than append and mark. On a broker the ends of the partitions are stored as
notes before the append. A note found at the beginning is left over from a crash or an unanswered append: the records
after it are read, and those that were appended already are left out.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Engine, select

from database import Lease, LeaseLost, insert_missing
from projections.work.tables import append_notes
from schemas import identity_of
from streams import Log, NewRecord, scan

MarkAppended = Callable[[Connection], object]
"""Marks the records as appended, in the transaction of the caller."""
TopicPartition = tuple[str, int]
"""Topic and partition."""


class TopicBatch(NamedTuple):
    """Records of one topic, in order."""

    topic: str
    records: Sequence[NewRecord]


def append_once(
    engine: Engine, log: Log, lease: Lease, batches: Sequence[TopicBatch], mark_appended: MarkAppended
) -> None:
    """Append the missing records and mark them. The lease must have been acquired before the records were read.

    Raises `LeaseLost` before an append if the lease has run out.
    """
    if log.unique_ids:
        _append(log, lease, batches)
        with engine.begin() as connection:
            mark_appended(connection)
        return
    appended_ids = _note_ends(engine, log, lease.role, batches)
    _append(log, lease, _not_yet_appended(batches, appended_ids))
    with engine.begin() as connection:
        mark_appended(connection)
        if lease.is_valid:  # else the notes may belong to the next holder
            connection.execute(append_notes.delete().where(append_notes.c.role == lease.role))


def _append(log: Log, lease: Lease, batches: Iterable[TopicBatch]) -> None:
    for topic, records in batches:
        if not lease.is_valid:
            raise LeaseLost(f"the lease of {lease.role!r} ran out before everything was appended")
        log.append(topic, records)


def _note_ends(engine: Engine, log: Log, role: str, batches: Iterable[TopicBatch]) -> Mapping[TopicPartition, set[str]]:
    """Store the ends of the partitions; returns the ids that were appended after the existing notes."""
    ends = {place: log.end(*place) for place in _target_partitions(log, batches)}
    with engine.begin() as connection:
        old_notes = _read_notes(connection, role)
        new_notes = [(place, end) for place, end in ends.items() if place not in old_notes]
        insert_missing(connection, append_notes, [_note_row(role, place, end) for place, end in new_notes])
    return {place: set(_ids_from(log, place, start)) for place, start in old_notes.items() if place in ends}


def _target_partitions(log: Log, batches: Iterable[TopicBatch]) -> set[TopicPartition]:
    return {(topic, log.partition_of(topic, record.key)) for topic, records in batches for record in records}


def _read_notes(connection: Connection, role: str) -> dict[TopicPartition, int]:
    c = append_notes.c
    rows = connection.execute(select(c.topic, c.partition, c.end).where(c.role == role))
    return {(row.topic, row.partition): row.end for row in rows}


def _note_row(role: str, place: TopicPartition, end: int) -> dict[str, object]:
    return {"role": role, "topic": place[0], "partition": place[1], "end": end}


def _not_yet_appended(
    batches: Iterable[TopicBatch], appended_ids: Mapping[TopicPartition, set[str]]
) -> Iterator[TopicBatch]:
    appended = {(topic, id) for (topic, _), ids in appended_ids.items() for id in ids}
    for topic, records in batches:
        missing = [record for record in records if (topic, record.id) not in appended]
        if missing:
            yield TopicBatch(topic, missing)


def _ids_from(log: Log, place: TopicPartition, start: int) -> Iterator[str]:
    """The ids of the facts there; other records are of no interest."""
    identities = (identity_of(record.value) for record in scan(log, *place, start))
    return (identity.record_id for identity in identities if identity.record_id is not None)
