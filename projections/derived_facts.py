"""Facts and events that the reading side writes: reviews, expiries, handoff events, copies under another account.

Ids follow from what is told, so that telling it twice is telling it once. Never appends anything.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec
from msgspec.structs import replace

from schemas.envelope import FACT_HEADERS, FactRecord, decode_fact
from schemas.envelope import record_id as fact_record_id
from schemas.times import format_time
from streams.log import NewRecord

SOURCE = "staffel"
TIMERS = "staffel/timers"
DECISIONS = "staffel/handoffs"
"""The source of every decision about a handoff, by people and by time: of two at once, one wins by its id."""

_LONGEST_ID = 200
_NOT_YET = ""

encode = msgspec.json.Encoder(order="deterministic").encode


def event(source: str, id: str, type: str, account: str, time: int, data: Mapping[str, Any]) -> FactRecord:
    """Not recorded yet; `time` in milliseconds since 1970."""
    return FactRecord(
        id=id,
        source=source,
        type=type,
        subject=account,
        time=format_time(time),
        recordedtime=_NOT_YET,
        data=dict(data),
    )


def record_of(told: FactRecord, now: int) -> NewRecord:
    """The event as a record of the log, written at `now` (milliseconds)."""
    value = encode(replace(told, recordedtime=format_time(now)))
    return NewRecord(told.subject, value, record_id(told), FACT_HEADERS)


def record_id(told: FactRecord) -> str:
    """What a topic holds once: source and id."""
    return fact_record_id(told.source, told.id)


def review_due(account: str, falls_at: int) -> FactRecord:
    """Time has passed: the account's stage falls at that hour unless something happened."""
    return event(TIMERS, f"review:{account}:{format_time(falls_at)}", "review.due.v1", account, falls_at, {})


def handoff_expired(handoff: str, account: str, due_at: int) -> FactRecord:
    """The first step of a handoff that nobody decided in time."""
    return event(DECISIONS, decision_id(handoff, 1), "handoff.expired.v1", account, due_at, {"handoff": handoff})


def decision_id(handoff: str, step: int) -> str:
    """The id of the fact that takes a handoff's step, counted from 1."""
    return f"handoff:{handoff}:{step}"


def moved(fact: bytes, to: str, move: str) -> FactRecord:
    """The fact, to be recorded again under `to`: same time and content, naming its origin and the moves it made."""
    told = decode_fact(fact)
    return replace(
        told,
        id=moved_id(told.id, move),
        subject=to,
        recordedtime=_NOT_YET,
        origin=told.origin or told.id,
        moves=f"{told.moves} {move}" if told.moves else move,
    )


def moved_id(id: str, move: str) -> str:
    whole = f"{id}~{move}"
    if len(whole) <= _LONGEST_ID:
        return whole
    digest = sha256(whole.encode()).hexdigest()[:32]
    return f"{whole[: _LONGEST_ID - len(digest) - 1]}~{digest}"
