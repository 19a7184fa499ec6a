"""Dead letters: listing them, dropping them, and the observation that a repaired one becomes.

A letter refers to a record, which stays in the log at its place; letters of earlier versions hold its bytes instead.
The fact recorded in its place has the source `staffel/dead-letters` and the id of the letter, which makes a second
retry a duplicate; its origin is the original. A letter that was dropped stays in the topic, too, followed by a record
that names it and the reason.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from msgspec.structs import replace

from intake import Observation, parse_event
from schemas import (
    DEAD_LETTERS,
    DROPPED_HEADER,
    ENGAGEMENT,
    ORIGINAL_ID_HEADER,
    REASON_HEADER,
    RETRIED_HEADER,
    TOPICS,
    dead_letter_id_from_headers,
    dropped_headers,
    header_text,
    identity_of,
    is_key,
    is_letter,
    parse_error_headers,
    retried_headers,
)
from staffel.errors import ProblemFound
from streams import Log, NewRecord, Record, scan

SOURCE = "staffel/dead-letters"
_SOURCE_BYTES = SOURCE.encode()
Json = dict[str, Any]


class Letter(NamedTuple):
    """`record`: that of the topic `dead-letters`; `drop_reason` is None unless it was dropped."""

    id: str
    partition: int
    record: Record
    drop_reason: str | None = None


def letter_rows(log: Log) -> Iterator[tuple[Json, bytes]]:
    """All dead letters, partition by partition, oldest first; with the bytes that letters of before hold."""
    letters = list(unique_letters(log))
    retried = retried_ids(log, letters)
    yield from ((letter_json(letter, letter.id in retried), letter.record.value) for letter in letters)


def find_letter(log: Log, id: str) -> tuple[Json, bytes]:
    """One dead letter with the bytes of the record it refers to.

    Raises `ProblemFound` if the id is unknown, or if the record is not in the log any more.
    """
    record = referenced_record(log, _letter_of(log, id))
    if record is None:
        raise ProblemFound(f"the record of dead letter {id} is not in the log any more; drop it, or pass --file")
    return known_letter(log, id), record.value


def known_letter(log: Log, id: str) -> Json:
    """One dead letter, wherever its record is. Raises `ProblemFound` if the id is unknown."""
    letter = _letter_of(log, id)
    return letter_json(letter, id in retried_ids(log, [letter]))


def drop_letter(log: Log, id: str, reason: str) -> Json:
    """Record that a dead letter needs no more work. Raises `ProblemFound` if the id is unknown."""
    letter = _letter_of(log, id)
    if letter.drop_reason is None:
        drop = NewRecord(letter.record.key, b"", f"{id}/dropped", dropped_headers(id, reason))
        log.append(DEAD_LETTERS, [drop], letter.partition)
    return known_letter(log, id)


def mark_retried(log: Log, id: str) -> None:
    """Record that a fact of another account stands in place of a dead letter, unless it is found without that."""
    letter = _letter_of(log, id)
    if id not in retried_ids(log, [letter]):
        mark = NewRecord(letter.record.key, b"", f"{id}/retried", retried_headers(id))
        log.append(DEAD_LETTERS, [mark], letter.partition)


def letters_with_content(log: Log) -> Iterator[Letter]:
    """Letters of earlier versions, which hold the bytes of their record, and so perhaps personal data."""
    return (letter for letter in _all_letters(log) if letter.record.value)


def unique_letters(log: Log) -> Iterator[Letter]:
    """Each letter once, in the order in which each came first.

    A log without unique ids may hold a letter twice after a crash, and a copied log holds the letter of the first log
    and that of its own scorer, which knows where the record is now: the last one holds.
    """
    drops = dict(_drops(log))
    letters = {letter.id: letter for letter in _all_letters(log)}
    return (letter._replace(drop_reason=drops.get(letter.id)) for letter in letters.values())


def referenced_record(log: Log, letter: Letter) -> Record | None:
    """The record that the letter refers to; None if it is not in the log any more."""
    if letter.record.value:
        return letter.record
    copied_id = header_text(letter.record.headers, ORIGINAL_ID_HEADER)
    found = _record_at_place(log, letter.record)
    if found is not None and copied_id in (None, header_text(found.headers, ORIGINAL_ID_HEADER)):
        return found
    if copied_id is None:
        return None
    # In a copied log the place is that of the first log; there the record carries the id of its letter.
    history = log.history(letter.record.key)
    return next((each for each in history if header_text(each.headers, ORIGINAL_ID_HEADER) == copied_id), None)


def letter_json(letter: Letter, retried: bool) -> Json:
    headers = parse_error_headers(letter.record.headers)
    return {
        "id": letter.id,
        "key": letter.record.key,
        "code": headers.get("exception.class.name"),
        "why": headers.get("exception.message"),
        "retried": retried,
        "dropped": letter.drop_reason,
        "reference": _reference(headers),
        "place": {"partition": letter.partition, "offset": letter.record.offset},
    }


def _reference(headers: dict[str, str]) -> Json:
    """Where the record stands; numbers as far as they are some."""
    parts = {name: headers.get(name) for name in ("topic", "partition", "offset")}
    return {name: int(part) if part and part.isdecimal() else part for name, part in parts.items()}


def _letter_of(log: Log, id: str) -> Letter:
    letter = next((letter for letter in unique_letters(log) if letter.id == id), None)
    if letter is None:
        raise ProblemFound(f"no dead letter {id}; `staffel dead-letters list` shows all")
    return letter


def _all_letters(log: Log) -> Iterator[Letter]:
    for partition, record in _records(log):
        if is_letter(record.headers):
            yield Letter(dead_letter_id_from_headers(record.headers), partition, record)


def _drops(log: Log) -> Iterator[tuple[str, str]]:
    """The ids of dropped letters, with the reasons."""
    for _, record in _records(log):
        id = header_text(record.headers, DROPPED_HEADER)
        if id is not None:
            yield id, header_text(record.headers, REASON_HEADER) or ""


def _records(log: Log) -> Iterator[tuple[int, Record]]:
    for partition in range(log.partitions(DEAD_LETTERS)):
        yield from ((partition, record) for record in scan(log, DEAD_LETTERS, partition))


def _record_at_place(log: Log, record: Record) -> Record | None:
    headers = parse_error_headers(record.headers)
    topic, partition, offset = (headers.get(name, "") for name in ("topic", "partition", "offset"))
    if topic not in TOPICS or not (partition.isdecimal() and offset.isdecimal()):
        return None
    if int(partition) >= log.partitions(topic):
        return None
    found = log.read(topic, int(partition), int(offset), 1)
    return found[0] if found and found[0].offset == int(offset) else None


def retried_ids(log: Log, letters: Sequence[Letter]) -> set[str]:
    """The ids of the letters that were retried: the topic says so, or the log holds a fact with the letter's id."""
    marked = {id for _, record in _records(log) if (id := header_text(record.headers, RETRIED_HEADER)) is not None}
    candidates = (record.value for record in _candidate_records(log, letters) if _SOURCE_BYTES in record.value)
    return marked | {fact.id for fact in map(identity_of, candidates) if fact.source == SOURCE}


def _candidate_records(log: Log, letters: Sequence[Letter]) -> Iterator[Record]:
    """Records among which the facts of retried letters are.

    A log with an index by key is asked for the keys and subjects of the letters; another one is read in one pass.
    """
    if not letters:
        return
    if log.unique_ids:
        referenced = (referenced_record(log, letter) for letter in letters)
        subjects = {identity_of(record.value).subject for record in referenced if record is not None}
        keys = {letter.record.key for letter in letters} | subjects
        yield from (record for key in keys if is_key(key) for record in log.history(key))
        return
    for partition in range(log.partitions(ENGAGEMENT)):
        yield from scan(log, ENGAGEMENT, partition)


def repaired_observation(id: str, content: bytes) -> Observation:
    """The observation to record for a dead letter. Raises `ProblemFound` if its content is still invalid."""
    item = parse_event(f"dead letter {id}", content, trusted=True)
    if not isinstance(item, Observation):
        raise ProblemFound(f"{id} is still invalid: {item.why}; pass a repaired file with --file")
    return replace(item, source=SOURCE, id=id, origin=item.origin or item.id, recorded_at=None)
