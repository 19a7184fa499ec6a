"""Facts and events that the projector and the reactors derive: reviews, expiries, handoff events, moved facts.

Their ids are derived from their content, so that writing one twice adds nothing.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec
from msgspec.structs import replace

from schemas import FACT_HEADERS, FactEnvelope, FactRecord, decode_envelope, format_time, is_indexed_text, stored_text
from schemas import record_id as fact_record_id
from streams import NewRecord

STAFFEL_SOURCE = "staffel"
TIMERS_SOURCE = "staffel/timers"
DECISIONS_SOURCE = "staffel/handoffs"
"""The source of all decisions about handoffs, of people and of timers: of two at once, the log keeps one by its id."""

_MAX_ID_LENGTH = 200
_MAX_BEGINNING = 60
_NOT_RECORDED = ""
Event = FactRecord | FactEnvelope

encode = msgspec.json.Encoder(order="deterministic").encode


def new_event(source: str, id: str, type: str, account: str, time: int, data: Mapping[str, Any]) -> FactRecord:
    """An event that is not recorded yet; `time` in milliseconds since 1970."""
    return FactRecord(
        id=id,
        source=source,
        type=type,
        subject=account,
        time=format_time(time),
        recordedtime=_NOT_RECORDED,
        data=dict(data),
    )


def record_of(fact: Event, now: int) -> NewRecord:
    """The event as a record of the log, written at `now` (milliseconds)."""
    value = encode(replace(fact, recordedtime=format_time(now)))
    return NewRecord(fact.subject, value, record_id(fact), FACT_HEADERS)


def record_id(fact: Event) -> str:
    """Source and id: a topic holds each combination once."""
    return fact_record_id(fact.source, fact.id)


def review_due(account: str, falls_at: int) -> FactRecord:
    """The account drops out of a stage at that hour unless something happened: the scorer has to look again."""
    return new_event(TIMERS_SOURCE, f"review:{account}:{format_time(falls_at)}", "review.due.v1", account, falls_at, {})


def handoff_expired(handoff: str, account: str, due_at: int) -> FactRecord:
    """The fact that a handoff was not decided in time."""
    return new_event(
        DECISIONS_SOURCE, f"handoff:{handoff}:expired", "handoff.expired.v1", account, due_at, {"handoff": handoff}
    )


def decision_id(handoff: str, step: int) -> str:
    """The id of the fact of a handoff's step; steps are counted from 1, without expiries and assignments."""
    return f"handoff:{handoff}:{step}"


def assignment_id(handoff: str, number: int, to: str) -> str:
    """The id of the fact that somebody is to answer; `number`: from 1, of the handoff's assignments.

    The same assignment at once, or tried again, is one fact; two different ones are two.
    """
    return f"handoff:{handoff}:assigned:{number}:{to.casefold()}"


def moved_fact(fact: bytes, to: str, move: str) -> FactEnvelope:
    """A copy of the fact for the account `to`: same time and content, with its origin and all of its moves."""
    original = decode_envelope(fact)
    earlier_moves = original.moves if isinstance(original.moves, str) else None
    return replace(
        original,
        id=moved_fact_id(original.id, move),
        subject=to,
        recordedtime=_NOT_RECORDED,
        origin=original.origin_id,
        moves=f"{earlier_moves} {move}" if earlier_moves else move,
    )


def moved_fact_id(id: str, move: str) -> str:
    full_id = f"{id}~{move}"
    if len(full_id) <= _MAX_ID_LENGTH:
        return full_id
    digest = _digest(full_id)
    return f"{full_id[: _MAX_ID_LENGTH - len(digest) - 1]}~{digest}"


def index_key(text: str) -> str:
    """The text; its beginning and a digest if it cannot stand in an index beside an account."""
    return text if is_indexed_text(text) else f"{stored_text(text[:_MAX_BEGINNING])}~{_digest(text)}"


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
