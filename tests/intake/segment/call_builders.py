"""Builders of calls, and of the observations they become."""

import json
from typing import Any

from intake.observation import Item, Observation
from intake.segment import connector as segment
from intake.segment.calls import CallOptions
from schemas.times import parse_time

NINE_OCLOCK = "2026-01-05T09:00:00.000Z"
READING = CallOptions("segment/shop")


def call(type_: str, **fields: Any) -> dict[str, Any]:
    return {"type": type_, "messageId": "m1", "anonymousId": "a1", "timestamp": NINE_OCLOCK, **fields}


def observe(body: Any, reading: CallOptions = READING, type_: str | None = None) -> list[Item]:
    return list(segment.parse_body(json.dumps(body).encode(), where="body", options=reading, type_=type_))


def observe_one(body: Any, reading: CallOptions = READING) -> Observation:
    (item,) = observe(body, reading)
    assert isinstance(item, Observation), item
    return item


def expected_observation(type_: str, data: dict[str, Any], **fields: Any) -> Observation:
    rest = {"where": "body", "source": "segment/shop", "id": "seg:m1", "time": parse_time(NINE_OCLOCK), "visitor": "a1"}
    return Observation(**{**rest, "type": type_, "data": data, **fields})
