"""Facts and events that the reading side writes: reviews, expiries, handoff events, copies under another account.

CloudEvents 1.0 in structured mode; ids follow from what is told, so that telling it twice is telling it once.
Never appends anything.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec

from schemas.times import format_time
from streams.log import NewRecord

SOURCE = "staffel"
TIMERS = "staffel/timers"
DECISIONS = "staffel/handoffs"
"""The source of every decision about a handoff, by people and by time: of two at once, one wins by its id."""

HEADERS = (("content-type", b"application/cloudevents+json"),)
_LONGEST_ID = 200
_ORDER = ("specversion", "id", "source", "type", "subject", "time", "recordedtime", "contact", "attribution")
_ORDER_LATER = ("confidence", "origin", "moves")

Event = dict[str, Any]

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(Event).decode


def record_id(event: Mapping[str, Any]) -> str:
    """What a topic holds once: source and id."""
    return f"{event['source']}\n{event['id']}"


def record(event: bytes, now: int) -> NewRecord:
    """The event as a record, written at `now` (milliseconds)."""
    told = decode(event)
    value = encode(in_order({**told, "recordedtime": format_time(now)}))
    return NewRecord(told["subject"], value, record_id(told), HEADERS)


def in_order(event: Event) -> Event:
    """The envelope's keys in the order of every fact, `data` last."""
    known = {key: event[key] for key in (*_ORDER, *_ORDER_LATER) if key in event}
    others = {key: value for key, value in event.items() if key not in known and key != "data"}
    data = {"data": event["data"]} if "data" in event else {}
    return {**known, **others, **data}


def event(source: str, id: str, type: str, account: str, time: int, data: Mapping[str, Any]) -> Event:
    told = {"specversion": "1.0", "id": id, "source": source, "type": type, "subject": account}
    return {**told, "time": format_time(time), "data": dict(data)}


def review_due(account: str, falls_at: int) -> Event:
    """Time has passed: the account's stage falls at that hour unless something happened."""
    return event(TIMERS, f"review:{account}:{format_time(falls_at)}", "review.due.v1", account, falls_at, {})


def handoff_expired(handoff: str, account: str, due_at: int) -> Event:
    """The first step of a handoff that nobody decided in time."""
    return event(DECISIONS, decision_id(handoff, 1), "handoff.expired.v1", account, due_at, {"handoff": handoff})


def decision_id(handoff: str, step: int) -> str:
    """The id of the fact that takes a handoff's step, counted from 1."""
    return f"handoff:{handoff}:{step}"


def moved(fact: Event, to: str, move: str) -> Event:
    """The fact recorded again under `to`: same time and content, naming its origin and the moves it made."""
    moves = f"{fact['moves']} {move}" if fact.get("moves") else move
    told = {key: value for key, value in fact.items() if key != "recordedtime"}
    origin = fact.get("origin") or fact["id"]
    return {**told, "subject": to, "origin": origin, "moves": moves, "id": moved_id(str(fact["id"]), move)}


def moved_id(id: str, move: str) -> str:
    whole = f"{id}~{move}"
    if len(whole) <= _LONGEST_ID:
        return whole
    digest = sha256(whole.encode()).hexdigest()[:32]
    return f"{whole[: _LONGEST_ID - len(digest) - 1]}~{digest}"
