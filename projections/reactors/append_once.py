"""Appends of a role, each record once, whatever crash lies between. Never appends without the role's lease.

Where the log itself keeps an id once, append and mark is all. On a broker the ends of the partitions are noted first:
a note that stands there at the beginning was left by a crash, or by a log that did not answer, and what was appended
since is looked for from there.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, Engine, select

from database.leases import Lease, LeaseLost
from database.statements import add_missing
from projections.work.tables import append_notes
from schemas.envelope import record_id
from streams.log import Log, NewRecord

AT_ONCE = 5_000
Mark = Callable[[Connection], object]
"""Notes within a transaction that the records stand on the log."""
Place = tuple[str, int]
"""Topic and partition."""


class Portion(NamedTuple):
    """Records of one topic, in order."""

    topic: str
    records: Sequence[NewRecord]


def append_once(engine: Engine, log: Log, lease: Lease, portions: Sequence[Portion], mark: Mark) -> None:
    """Append what does not stand there yet, and mark it. The lease has been taken before the records were read.

    Raises `LeaseLost` before it appends anything, where the term is over.
    """
    if log.unique_ids:
        _append(log, lease, portions)
        with engine.begin() as connection:
            mark(connection)
        return
    standing = _note(engine, log, lease.role, portions)
    _append(log, lease, _missing(portions, standing))
    with engine.begin() as connection:
        mark(connection)
        if lease.is_sure:  # else the notes may be another's by now
            connection.execute(append_notes.delete().where(append_notes.c.role == lease.role))


def _append(log: Log, lease: Lease, portions: Iterable[Portion]) -> None:
    for topic, records in portions:
        if not lease.is_sure:
            raise LeaseLost(f"the term of {lease.role!r} is over before everything was appended")
        log.append(topic, records)


def _note(engine: Engine, log: Log, role: str, portions: Iterable[Portion]) -> Mapping[Place, set[str]]:
    """Note where the partitions end; answers the ids that came after the notes of before."""
    ends = {place: log.end(*place) for place in _places(log, portions)}
    with engine.begin() as connection:
        before = _notes(connection, role)
        new = [(place, end) for place, end in ends.items() if place not in before]
        add_missing(connection, append_notes, [_row(role, place, end) for place, end in new])
    return {place: set(_ids_from(log, place, start)) for place, start in before.items() if place in ends}


def _places(log: Log, portions: Iterable[Portion]) -> set[Place]:
    return {(topic, log.partition_of(topic, record.key)) for topic, records in portions for record in records}


def _notes(connection: Connection, role: str) -> dict[Place, int]:
    c = append_notes.c
    rows = connection.execute(select(c.topic, c.partition, c.end).where(c.role == role))
    return {(row.topic, row.partition): row.end for row in rows}


def _row(role: str, place: Place, end: int) -> dict[str, object]:
    return {"role": role, "topic": place[0], "partition": place[1], "end": end}


def _missing(portions: Iterable[Portion], standing: Mapping[Place, set[str]]) -> Iterator[Portion]:
    there = {(topic, id) for (topic, _), ids in standing.items() for id in ids}
    for topic, records in portions:
        missing = [record for record in records if (topic, record.id) not in there]
        if missing:
            yield Portion(topic, missing)


class _Identity(msgspec.Struct):
    source: str
    id: str


_identity = msgspec.json.Decoder(_Identity).decode


def _ids_from(log: Log, place: Place, start: int) -> Iterator[str]:
    while records := log.read(*place, start, AT_ONCE):
        for record in records:
            yield from _id_of(record.value)
        start = records[-1].offset + 1


def _id_of(value: bytes) -> Iterator[str]:
    """None where it is no event: whatever it is, it is not ours."""
    try:
        told = _identity(value)
    except msgspec.MsgspecError:
        return
    yield record_id(told.source, told.id)
