"""Dead letters: listing them, and the observation that a repaired one becomes.

The log keeps the original under its own id for good. The fact recorded in its place therefore has the source
`staffel/dead-letters` and the id of the letter, which makes a second retry a duplicate; its origin is the original.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from msgspec.structs import replace

from intake import Observation, parse_event
from schemas import DEAD_LETTERS, ENGAGEMENT, dead_letter_id_from_headers, identity_of, parse_error_headers
from staffel.errors import ProblemFound
from streams import Log, Record, scan

SOURCE = "staffel/dead-letters"
_SOURCE_BYTES = SOURCE.encode()
Json = dict[str, Any]


class Letter(NamedTuple):
    id: str
    partition: int
    record: Record


def letter_rows(log: Log) -> Iterator[tuple[Json, bytes]]:
    """All dead letters with their original bytes, partition by partition, oldest first."""
    letters = list(unique_letters(log))
    retried = retried_ids(log, letters)
    yield from ((letter_json(letter, letter.id in retried), letter.record.value) for letter in letters)


def find_letter(log: Log, id: str) -> tuple[Json, bytes]:
    """One dead letter with its original bytes. Raises `ProblemFound` if the id is unknown."""
    letter = next((letter for letter in unique_letters(log) if letter.id == id), None)
    if letter is None:
        raise ProblemFound(f"no dead letter {id}; `staffel dead-letters list` shows all")
    return letter_json(letter, id in retried_ids(log, [letter])), letter.record.value


def unique_letters(log: Log) -> Iterator[Letter]:
    """Each letter once: a log without unique ids may hold a letter twice after a crash."""
    seen = set()
    for partition in range(log.partitions(DEAD_LETTERS)):
        for record in scan(log, DEAD_LETTERS, partition):
            id = dead_letter_id_from_headers(record.headers)
            if id not in seen:
                seen.add(id)
                yield Letter(id, partition, record)


def letter_json(letter: Letter, retried: bool) -> Json:
    headers = parse_error_headers(letter.record.headers)
    return {
        "id": letter.id,
        "key": letter.record.key,
        "code": headers.get("exception.class.name"),
        "why": headers.get("exception.message"),
        "retried": retried,
        "place": {"partition": letter.partition, "offset": letter.record.offset},
    }


def retried_ids(log: Log, letters: Sequence[Letter]) -> set[str]:
    """The ids of the letters that were retried: the log holds a fact with the id of the letter."""
    candidates = (record.value for record in _candidate_records(log, letters) if _SOURCE_BYTES in record.value)
    return {fact.id for fact in map(identity_of, candidates) if fact.source == SOURCE}


def _candidate_records(log: Log, letters: Sequence[Letter]) -> Iterator[Record]:
    """Records among which the facts of retried letters are.

    A log with an index by key is asked for the keys and subjects of the letters; another one is read in one pass.
    """
    if not letters:
        return
    if log.unique_ids:
        keys = {letter.record.key for letter in letters} | {
            identity_of(letter.record.value).subject for letter in letters
        }
        yield from (record for key in keys if key for record in log.history(key))
        return
    for partition in range(log.partitions(ENGAGEMENT)):
        yield from scan(log, ENGAGEMENT, partition)


def repaired_observation(id: str, content: bytes) -> Observation:
    """The observation to record for a dead letter. Raises `ProblemFound` if its content is still invalid."""
    item = parse_event(f"dead letter {id}", content, trusted=True)
    if not isinstance(item, Observation):
        raise ProblemFound(f"{id} is still invalid: {item.why}; pass a repaired file with --file")
    return replace(item, source=SOURCE, id=id, origin=item.origin or item.id, recorded_at=None)
