"""Facts that cannot be recorded again because no log can hold the account they were sent to as a key.

They become dead letters that name the place of the original fact, so that those beside them go on. The original stays
in the log under the visitor it came from, where `staffel dead-letters retry` finds it.
"""

from collections.abc import Sequence

from schemas import (
    ENGAGEMENT,
    FactEnvelope,
    dead_letter_headers,
    dead_letter_id,
    identity_of,
    is_key,
    record_id,
)
from streams import Log, NewRecord

UNFIT_ACCOUNT = "unfit_account"
_WHY = (
    "the account that the visitor was identified with cannot be the key of a record; pass a repaired file with --file"
)
UNKNOWN_OFFSET = -1
"""Of an original that is not in the log any more."""


def is_appendable(topic: str, fact: FactEnvelope) -> bool:
    """Whether the topic can hold the fact under its account."""
    return topic != ENGAGEMENT or is_key(fact.subject)


def unfit_letters(log: Log, holder: str, facts: Sequence[FactEnvelope]) -> list[NewRecord]:
    """A dead letter for each of these facts; `holder`: the account in whose history the originals are."""
    partition, offsets = log.partition_of(ENGAGEMENT, holder), _offsets_by_id(log, holder)
    places = (offsets.get(record_id(fact.source, fact.origin_id), UNKNOWN_OFFSET) for fact in facts)
    return [_letter(holder, partition, offset) for offset in places]


def _offsets_by_id(log: Log, account: str) -> dict[str, int]:
    history = log.history(account) if is_key(account) else ()
    identities = ((identity_of(record.value).record_id, record.offset) for record in history)
    return {id: offset for id, offset in identities if id is not None}


def _letter(key: str, partition: int, offset: int) -> NewRecord:
    place = (ENGAGEMENT, partition, offset)
    return NewRecord(key, b"", dead_letter_id(*place), dead_letter_headers(*place, code=UNFIT_ACCOUNT, why=_WHY))
