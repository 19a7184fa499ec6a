"""Dead letters as people see them, and the fact that a repaired one becomes. Never records anything.

The original stands in the log under its own id for ever; so the fact that is recorded instead has the source
`staffel/dead-letters` and the letter's id, once for each letter, and names the original as its origin.
"""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec.structs import replace

from intake.cloudevents import observe
from intake.observations import Observation
from schemas.dead_letters import read_headers
from schemas.topics import DEAD_LETTERS
from staffel.session import Found
from streams.log import Log, Record

SOURCE = "staffel/dead-letters"
_AT_ONCE = 500
Json = dict[str, Any]


class _Said(msgspec.Struct):
    source: str = ""
    id: str = ""
    subject: str = ""


_said = msgspec.json.Decoder(_Said).decode


def all_letters(log: Log) -> Iterator[tuple[Json, bytes]]:
    """Each with its original bytes, partition by partition, oldest first."""
    for partition in range(log.partitions(DEAD_LETTERS)):
        start = 0
        while records := log.read(DEAD_LETTERS, partition, start, _AT_ONCE):
            yield from ((letter_json(log, partition, record), record.value) for record in records)
            start = records[-1].offset + 1


def letter_json(log: Log, partition: int, record: Record) -> Json:
    said = read_headers(record.headers)
    id = f"{said.get('topic')}/{said.get('partition')}/{said.get('offset')}"
    return {
        "id": id,
        "key": record.key,
        "code": said.get("exception.class.name"),
        "why": said.get("exception.message"),
        "retried": was_retried(log, id, record),
        "place": {"partition": partition, "offset": record.offset},
    }


def was_retried(log: Log, id: str, record: Record) -> bool:
    """Whether a fact that was made of the letter stands under its key, or under the subject that it names."""
    accounts = {record.key, read(record.value).subject}
    told = (read(fact.value) for account in accounts if account for fact in log.history(account))
    return any(fact.source == SOURCE and fact.id == id for fact in told)


def read(value: bytes) -> _Said:
    try:
        return _said(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _Said()


def fact_again(id: str, content: bytes) -> Observation:
    """What to record for a dead letter. Raises `Found` where the content still cannot be read."""
    item = observe(f"dead letter {id}", content, trusted=True)
    if not isinstance(item, Observation):
        raise Found(f"{id} still cannot be read: {item.why}; repair it and give the result with --file")
    return replace(item, source=SOURCE, id=id, origin=item.origin or item.id, recorded_at=None)
