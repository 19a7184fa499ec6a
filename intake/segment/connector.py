"""Connector for calls of the Segment tracking API, from files or request bodies.

Every call becomes an observation, is filtered with a reason, or rejected with a code.
Format: https://segment.com/docs/connections/spec/ and https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypedDict

import msgspec

from intake.bots import is_bot
from intake.files.json_values import JSON_ERRORS, JsonValue, json_values, rejected_json, split_array
from intake.files.text import ContentCounter, with_format_check
from intake.observation import Filtered, Item, Observation, Rejected
from intake.segment.calls import Call, CallOptions, first_text, object_at, parse_call, text_of
from intake.segment.mapping import company_domain, firmographics, job_fields, mapped_event, page_fields

_WRONG_FORMAT = "{} holds no Segment calls as JSON Lines, an array or a batch"
_TRANSPORT_FIELDS = frozenset({"sentAt", "receivedAt", "writeKey", "integrations", "_metadata", "channel", "version"})
_decode = msgspec.json.Decoder().decode
_canonical = msgspec.json.Encoder(order="deterministic").encode


class _IdentityFields(TypedDict):
    """The fields of an observation that identify person and account."""

    account_hint: str | None
    email: str | None
    visitor: str | None
    person: str | None
    host: str | None
    ip: str | None


class _MappedFact(NamedTuple):
    type: str
    content: dict[str, Any]


def read(path: Path, *, name: str | None = None, default_time: int | None = None) -> Iterator[Item]:
    """The calls of a file, in file order: objects, arrays and batches, each on one line or on several.

    The source is `segment/<name>`. `undated` is the time, in milliseconds since 1970, of calls that carry none.
    """
    options = CallOptions(f"segment/{name}" if name else "segment", default_time=default_time)
    return with_format_check(_items(json_values(path), options, None), _WRONG_FORMAT.format(path.name), path.name)


def parse_body(content: bytes, *, where: str, options: CallOptions, type_: str | None = None) -> Iterator[Item]:
    """The calls of a request body. `type_`: the type by the route; None if the body names it."""
    return _items(split_array(where, content), options, type_)


def _items(values: Iterator[JsonValue | Rejected], options: CallOptions, type_: str | None) -> Iterator[Item]:
    occurrences = ContentCounter()
    for value in values:
        if isinstance(value, Rejected):
            yield value
            continue
        for where, body in _call_bodies(value):
            if isinstance(body, Rejected):
                yield body
                continue
            call = parse_call(where, body, options, type_)
            yield call if isinstance(call, Rejected) else _observation(call, options.source, occurrences)


def _call_bodies(value: JsonValue) -> Iterator[tuple[str, dict[str, Any] | Rejected]]:
    """The single calls of a value, each with the shared fields of its batch."""
    try:
        whole = _decode(value.content)
    except JSON_ERRORS as error:
        yield value.where, rejected_json(value.where, error, value.content)
        return
    if not isinstance(whole, dict):
        yield value.where, _not_an_object(value.where, whole)
        return
    batch = whole.get("batch")
    if not isinstance(batch, list):
        yield value.where, whole
        return
    for number, body in enumerate(batch, 1):
        where = f"{value.where}#{number}"
        yield where, _with_batch_fields(whole, body) if isinstance(body, dict) else _not_an_object(where, body)


def _with_batch_fields(whole: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    shared = {name: whole[name] for name in ("sentAt", "receivedAt", "timestamp") if whole.get(name) is not None}
    if "originalTimestamp" in body:
        shared.pop("timestamp", None)
    context = object_at(whole, "context") | object_at(body, "context")
    own = {name: value for name, value in body.items() if value is not None}
    return shared | own | ({"context": context} if context else {})


def _not_an_object(where: str, value: Any) -> Rejected:
    return Rejected(
        where, "bad_json", f"a call is an object with type, userId or anonymousId, not {type(value).__name__}"
    )


def _observation(call: Call, source: str, occurrences: ContentCounter) -> Item:
    mapped = _MAPPERS[call.type](call)
    if not isinstance(mapped, _MappedFact):
        return mapped
    identity = _identity_fields(call)
    if not any(identity.values()):
        why = "userId and anonymousId missing, and no e-mail address, groupId or ip either: the call identifies nobody"
        return Rejected(call.where, "missing_field", why)
    id_ = _observation_id(call, occurrences)
    if id_ is None:
        return Rejected(call.where, "bad_json", "nested too deeply")
    return Observation(
        where=call.where,
        source=source,
        id=id_,
        type=mapped.type,
        time=call.time,
        data=mapped.content | _bot_field(call.object_at("context")),
        name=first_text(call.object_at("traits"), "name") if call.type == "identify" else None,
        **identity,
    )


def _identity_fields(call: Call) -> _IdentityFields:
    traits = call.object_at("traits")
    return {
        "account_hint": _account_hint(call),
        "email": _email(call),
        "visitor": _visitor(call),
        "person": call.text("userId"),
        "host": company_domain(traits) if call.type == "group" else company_domain(object_at(traits, "company")),
        "ip": first_text(call.object_at("context"), "ip"),
    }


def _bot_field(context: dict[str, Any]) -> dict[str, bool]:
    agent = first_text(context, "userAgent", "user_agent")
    return {"bot": True} if agent is not None and is_bot(agent) else {}


def _map_page(call: Call) -> _MappedFact | Filtered:
    properties, context = call.object_at("properties"), call.object_at("context")
    return _MappedFact("web.page_viewed.v1", page_fields(call.text("name"), properties, context))


def _map_track(call: Call) -> _MappedFact | Rejected:
    event, properties = call.text("event"), call.object_at("properties")
    if event is None:
        return Rejected(call.where, "missing_field", "event missing or empty: a track call needs one")
    known = mapped_event(event, properties)
    return _MappedFact(*known) if known else _MappedFact("custom.tracked.v1", {"name": event, "properties": properties})


def _map_identify(call: Call) -> _MappedFact | Filtered:
    if call.text("userId") is None and _email(call) is None:
        return Filtered(call.where, "an identify call without userId or e-mail address")
    return _MappedFact("contact.identified.v1", job_fields(call.object_at("traits")))


def _map_group(call: Call) -> _MappedFact | Rejected:
    if call.text("groupId") is None:
        return Rejected(call.where, "missing_field", "groupId missing or empty: a group call needs one")
    return _MappedFact("account.updated.v1", firmographics(call.object_at("traits")))


def _map_alias(call: Call) -> _MappedFact | Rejected:
    if call.text("previousId") is None or call.text("userId") is None:
        return Rejected(call.where, "missing_field", "previousId or userId missing: an alias call needs both")
    return _MappedFact("contact.identified.v1", {})


_MAPPERS = {
    "page": _map_page,
    "screen": _map_page,
    "track": _map_track,
    "identify": _map_identify,
    "group": _map_group,
    "alias": _map_alias,
}


def _account_hint(call: Call) -> str | None:
    own = call.text("groupId") if call.type == "group" else None
    company = call.object_at("traits").get("company")
    named = first_text(company, "id", "name") if isinstance(company, dict) else text_of(company)
    return own or first_text(call.object_at("context"), "groupId", "group_id") or named


def _email(call: Call) -> str | None:
    """The person's address. The traits of a group call are ignored: they describe the company."""
    own = () if call.type == "group" else (call.object_at("traits"), call.object_at("properties"))
    parts = (*own, object_at(call.object_at("context"), "traits"))
    known = next((email for fields in parts if (email := first_text(fields, "email"))), None)
    ids = (call.text(name) for name in ("userId", "previousId"))
    return known or next((value for value in ids if value and "@" in value), None)


def _visitor(call: Call) -> str | None:
    """The anonymous id; for an alias call the previous id, unless it is an e-mail address."""
    previous = call.text("previousId") if call.type == "alias" else None
    return previous if previous and "@" not in previous else call.text("anonymousId")


def _observation_id(call: Call, occurrences: ContentCounter) -> str | None:
    """The sender's message id, else a hash of the content; None if that is nested too deeply."""
    if call.message_id is not None:
        return f"seg:{call.message_id}"
    own = {name: value for name, value in call.body.items() if name not in _TRANSPORT_FIELDS and value is not None}
    try:
        return f"seg:{occurrences.content_id(_canonical(own))}"
    except RecursionError:
        return None
