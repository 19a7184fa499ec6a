"""Connector for facts in CloudEvents 1.0 JSON: JSON Lines, an array, or single events.

Input may be less complete than recorded facts: `contact` may be an e-mail address, `visitor` an anonymous id, and
`subject` and the version of the type may be missing. A file of facts is trusted, so data, pseudonyms and a given
`recordedtime` are kept. Control facts are always rejected.
Format: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
"""

from base64 import b64decode
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, field

from intake.domains import ascii_host
from intake.files.json_values import JSON_ERRORS, JsonValue, json_values, parse_field_time, rejected_json
from intake.files.text import MAX_LINE, too_large, with_format_check
from intake.observation import Item, Observation, Rejected
from schemas.facts import CONTROL_TYPES, known_type, unversioned

_WRONG_FORMAT = "{} does not contain CloudEvents as JSON Lines or an array"


class _Event(Struct, gc=False):
    specversion: str | None = None
    id: str | None = None
    source: str | None = None
    type: str | None = None
    subject: str | None = None
    time: str | None = None
    recordedtime: str | None = None
    contact: str | None = None
    visitor: str | None = None
    domain: str | None = None
    attribution: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.:-]{0,100}$")] | None = None
    confidence: Annotated[int, Meta(ge=0, le=100)] | None = None
    origin: str | None = None
    moves: str | None = None
    data: dict[str, Any] | None = None
    encoded_data: str | None = field(default=None, name="data_base64")


_decode = msgspec.json.Decoder(_Event).decode
_decode_object = msgspec.json.Decoder(dict[str, Any]).decode


def read(path: Path) -> Iterator[Item]:
    """The events of a file, in file order. Rejected: `bad_json`, `bad_field`, `missing_field`, `unknown_type`,
    `control_fact`, `bad_time`, `no_zone`, `bad_contact`, `bad_domain`, `too_large`.
    """
    return with_format_check(map(_parse_value, json_values(path)), _WRONG_FORMAT.format(path.name), path.name)


def parse_event(where: str, content: bytes, *, trusted: bool = False) -> Item:
    """One event in structured JSON. `trusted`: for files, not for events from the network."""
    if len(content) > MAX_LINE:
        return too_large(where, MAX_LINE)
    try:
        event = _decode(content)
    except msgspec.ValidationError as error:
        return Rejected(where, "bad_field", f"{error}; see the CloudEvents specification, 3.1")
    except JSON_ERRORS as error:
        return rejected_json(where, error, content)
    if event.specversion != "1.0" or not event.id or not event.source or not event.type or not event.time:
        return _missing_fields(where, event)
    type_ = _versioned_type(event.type)
    if type_ is None:
        return _unknown_type(where, event.type)
    return _observation(where, event, type_, event.time, trusted)


def _parse_value(value: JsonValue | Rejected) -> Item:
    return value if isinstance(value, Rejected) else parse_event(value.where, value.content, trusted=True)


def _observation(where: str, event: _Event, type_: str, time: str, trusted: bool) -> Item:
    occurred_at = parse_field_time(where, "time", time)
    if isinstance(occurred_at, Rejected):
        return occurred_at
    recorded_at = event.recordedtime and parse_field_time(where, "recordedtime", event.recordedtime)
    if isinstance(recorded_at, Rejected):
        return recorded_at
    content = _content(where, event)
    if isinstance(content, Rejected):
        return content
    domain = ascii_host(event.domain) if event.domain else None
    if event.domain and domain is None:
        return Rejected(where, "bad_domain", f"domain {event.domain[:60]!r} is not a domain; for example acme.com")
    contact, email = event.contact or None, None
    if contact and not contact.startswith(("c_", "v_")):
        if "@" not in contact:
            return _bad_contact(where, contact)
        contact, email = None, contact
    return Observation(
        where=where,
        source=event.source or "",
        id=event.id or "",
        type=type_,
        time=occurred_at,
        data=content,
        account=event.subject or None,
        contact=contact,
        email=email,
        visitor=event.visitor or None,
        domain=domain,
        trusted=trusted,
        recorded_at=recorded_at or None,
        attribution=event.attribution,
        confidence=event.confidence,
        origin=event.origin,
        moves=event.moves,
    )


def _content(where: str, event: _Event) -> dict[str, Any] | Rejected:
    """The data, also if it is encoded as bytes (JSON format, 3.1.1)."""
    if not event.encoded_data:
        return event.data or {}
    if event.data is not None:
        return Rejected(where, "bad_field", "data and data_base64: an event has one of them")
    try:
        return _decode_object(b64decode(event.encoded_data, validate=True))
    except (ValueError, *JSON_ERRORS) as error:
        return Rejected(where, "bad_field", f"data_base64: not a JSON object in Base64 ({error}); write it as data")


@lru_cache(maxsize=4_096)
def _versioned_type(type_: str) -> str | None:
    """The type with its version; None if it is unknown or a control fact."""
    full = type_ if unversioned(type_) != type_ else f"{type_}.v1"
    return full if known_type(full) and full not in CONTROL_TYPES else None


def _unknown_type(where: str, type_: str) -> Rejected:
    if f"{unversioned(type_)}.v1" in CONTROL_TYPES:
        why = f"{type_} is a control fact: only Staffel itself records those"
        return Rejected(where, "control_fact", why)
    return Rejected(where, "unknown_type", f"unknown fact type {type_[:100]!r}; see schemas/published/facts.json")


def _missing_fields(where: str, event: _Event) -> Rejected:
    if event.specversion not in (None, "1.0"):
        return Rejected(where, "bad_field", f"specversion {event.specversion[:20]!r}: only 1.0 is supported")
    fields = ("specversion", "id", "source", "type", "time")
    missing = ", ".join(field for field in fields if not getattr(event, field))
    return Rejected(where, "missing_field", f"missing or empty: {missing}; every CloudEvent needs {', '.join(fields)}")


def _bad_contact(where: str, text: str) -> Rejected:
    why = (
        f"contact {text[:60]!r} is neither an e-mail address nor a pseudonym c_… or v_…; put anonymous ids into visitor"
    )
    return Rejected(where, "bad_contact", why)
