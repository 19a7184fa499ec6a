"""Appends of a role, each record once, whatever crash lies between. Never appends without the role's lease.

Where the log itself keeps an id once, append and mark is all. On a broker the ends of the partitions are noted first:
a note that stands there at the beginning was left by a crash, or by a log that did not answer, and what was appended
since is looked for from there.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Engine, select

from database.leases import Lease, LeaseLost
from database.statements import insert_missing
from projections.work.tables import append_notes
from schemas.envelope import identity_of
from streams.log import Log, NewRecord, scan

MarkAppended = Callable[[Connection], object]
"""Notes within a transaction that the records stand on the log."""
TopicPartition = tuple[str, int]
"""Topic and partition."""


class TopicBatch(NamedTuple):
    """Records of one topic, in order."""

    topic: str
    records: Sequence[NewRecord]


def append_once(
    engine: Engine, log: Log, lease: Lease, batches: Sequence[TopicBatch], mark_appended: MarkAppended
) -> None:
    """Append what does not stand there yet, and mark it. The lease has been taken before the records were read.

    Raises `LeaseLost` before it appends anything, where the term is over.
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
        if lease.is_valid:  # else the notes may be another's by now
            connection.execute(append_notes.delete().where(append_notes.c.role == lease.role))


def _append(log: Log, lease: Lease, batches: Iterable[TopicBatch]) -> None:
    for topic, records in batches:
        if not lease.is_valid:
            raise LeaseLost(f"the term of {lease.role!r} is over before everything was appended")
        log.append(topic, records)


def _note_ends(engine: Engine, log: Log, role: str, batches: Iterable[TopicBatch]) -> Mapping[TopicPartition, set[str]]:
    """Note where the partitions end; answers the ids that came after the notes of before."""
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
