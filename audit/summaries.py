"""The facts of an account in words, and who of its contacts asked to be left alone: read from the log."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from schemas import parse_time
from schemas.facts import summary_of, unversioned
from streams import Record

TIME_PASSED = "time passed"
_RELEASED = "contact.released"
_MARKS = {
    "email.unsubscribed": "unsubscribed",
    "email.complained": "complained",
    "contact.suppressed": "asked",
}
"""Why somebody is neither called nor written to."""


class RecordedFact(msgspec.Struct):
    """What is read of a record; the fold alone decides whether it counts."""

    id: str
    type: str
    time: str
    contact: str | None = None
    recordedtime: str | None = None
    data: dict[str, Any] | None = None

    @property
    def summary(self) -> str:
        return summary_of(self.type, self.data)


_decode = msgspec.json.Decoder(RecordedFact).decode


def recorded_facts(records: Iterable[Record], until: int | None = None) -> Iterator[RecordedFact]:
    """The facts of readable records, as far as they were recorded by `until` (milliseconds)."""
    for record in records:
        fact = recorded_fact(record.value)
        if fact is not None and (until is None or was_recorded_by(fact, until)):
            yield fact


def recorded_fact(value: bytes) -> RecordedFact | None:
    try:
        return _decode(value)
    except msgspec.DecodeError:
        return None


def was_recorded_by(fact: RecordedFact, until: int) -> bool:
    try:
        return parse_time(fact.recordedtime or fact.time) <= until
    except ValueError:
        return False


def summaries_of(facts: Iterable[RecordedFact]) -> dict[str, str]:
    """Fact id -> what it tells in words."""
    return {fact.id: fact.summary for fact in facts}


def cause_text(cause: str, type: str | None, summaries: dict[str, str]) -> str:
    """The cause of a stage change in words; by its type alone where the log was not read."""
    if cause == "time":
        return TIME_PASSED
    return summaries.get(cause) or (summary_of(type) if type else cause)


def contacts_who_asked(facts: Iterable[RecordedFact]) -> dict[str, str]:
    """Contact -> `unsubscribed`, `complained` or `asked`: the newest of these; a later release takes it back."""
    marks: dict[str, str] = {}
    told = (each for each in facts if each.contact and unversioned(each.type) in {*_MARKS, _RELEASED})
    for fact in sorted(told, key=_time_of):
        name, contact = unversioned(fact.type), str(fact.contact)
        if name == _RELEASED:
            marks.pop(contact, None)
        else:
            marks[contact] = _MARKS[name]
    return marks


def mark_of(cause: str) -> str:
    """The mark by the type of the fact that asked: `unsubscribed`, `complained` or `asked`."""
    return _MARKS.get(unversioned(cause), "asked")


def _time_of(fact: RecordedFact) -> int:
    try:
        return parse_time(fact.time)
    except ValueError:
        return 0
