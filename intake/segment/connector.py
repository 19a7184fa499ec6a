"""Connector for calls of the Segment tracking API, from files or request bodies.

Every call becomes an observation, is filtered with a reason, or rejected with a code.
Format: https://segment.com/docs/connections/spec/ and https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from intake.bots import is_bot
from intake.files.json_values import JSON_ERRORS, JsonValue, json_values, rejected_json, split_array
from intake.files.text import MAX_LINE, ContentCounter, too_large, with_format_check
from intake.observation import Filtered, Item, Observation, Rejected
from intake.segment.calls import Call, CallOptions, first_text, object_at, parse_call
from intake.segment.identity import actor_of, company_hint
from intake.segment.mapping import company_domain, firmographics, job_fields, mapped_event, page_fields

_WRONG_FORMAT = "{} holds no Segment calls as JSON Lines, an array or a batch"
_TRANSPORT_FIELDS = frozenset({"sentAt", "receivedAt", "writeKey", "integrations", "_metadata", "channel", "version"})
_BATCH_TIMES = ("sentAt", "receivedAt", "timestamp")


class _LargeBatch(msgspec.Struct):
    batch: msgspec.Raw = msgspec.Raw(b"null")
    sentAt: Any = None  # noqa: N815
    receivedAt: Any = None  # noqa: N815
    timestamp: Any = None
    context: Any = None


_decode = msgspec.json.Decoder().decode
_decode_large = msgspec.json.Decoder(_LargeBatch).decode
_canonical = msgspec.json.Encoder(order="deterministic").encode


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
    if len(value.content) > MAX_LINE:
        yield from _large_batch(value)
        return
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
        yield where, _with_batch_fields(where, whole, body)


def _large_batch(value: JsonValue) -> Iterator[tuple[str, dict[str, Any] | Rejected]]:
    """The calls of a batch that is larger than an item may be, decoded one at a time."""
    try:
        whole = _decode_large(value.content)
    except JSON_ERRORS as error:
        yield value.where, rejected_json(value.where, error, value.content)
        return
    if not bytes(whole.batch).startswith(b"["):
        yield value.where, too_large(value.where, MAX_LINE)
        return
    shared = {name: getattr(whole, name) for name in (*_BATCH_TIMES, "context")}
    for item in split_array(value.where, bytes(whole.batch)):
        if isinstance(item, Rejected):
            yield item.where, item
            continue
        try:
            yield item.where, _with_batch_fields(item.where, shared, _decode(item.content))
        except JSON_ERRORS as error:
            yield item.where, rejected_json(item.where, error, item.content)


def _with_batch_fields(where: str, whole: dict[str, Any], body: Any) -> dict[str, Any] | Rejected:
    if not isinstance(body, dict):
        return _not_an_object(where, body)
    shared = {name: whole[name] for name in _BATCH_TIMES if whole.get(name) is not None}
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
    actor, hint, host = actor_of(call, mapped.type), company_hint(call), _company_host(call)
    if not any(actor) and hint is None and host is None:
        why = "no userId, anonymousId, e-mail address, groupId or ip, or only placeholders: the call identifies nobody"
        return Rejected(call.where, "missing_field", why)
    id_ = _observation_id(call, occurrences)
    if id_ is None:
        return Rejected(call.where, "bad_json", "nested too deeply")
    is_content_hash = call.message_id is None
    return Observation(
        where=call.where,
        source=source,
        id=id_,
        former_id=id_ if is_content_hash else None,
        personal=_personal_fields(mapped.content, is_content_hash),
        type=mapped.type,
        time=call.time,
        data=mapped.content | _bot_field(call.object_at("context")),
        name=first_text(call.object_at("traits"), "name") if call.type == "identify" else None,
        account_hint=hint,
        host=host,
        email=actor.email,
        stated_email=actor.stated_email,
        visitor=actor.visitor,
        person=actor.person,
        previous_person=actor.previous_person,
        ip=actor.ip,
    )


def _company_host(call: Call) -> str | None:
    traits = call.object_at("traits")
    if not traits:
        return None
    return company_domain(traits) if call.type == "group" else company_domain(object_at(traits, "company"))


def _personal_fields(content: dict[str, Any], is_content_hash: bool) -> tuple[str, ...]:
    """The hash of a call is one of the addresses in it; a Message-ID names the person who wrote the mail."""
    message = content.get("message")
    is_message_id = isinstance(message, str) and "@" in message
    return (*(("id",) if is_content_hash else ()), *(("message",) if is_message_id else ()))


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
    if not any(actor_of(call, "contact.identified.v1")[:2]) and call.id("userId") is None:
        return Filtered(call.where, "an identify call without userId or e-mail address")
    return _MappedFact("contact.identified.v1", job_fields(call.object_at("traits")))


def _map_group(call: Call) -> _MappedFact | Rejected:
    if call.id("groupId") is None:
        return Rejected(
            call.where, "missing_field", "groupId missing or empty, or a placeholder: a group call needs one"
        )
    return _MappedFact("account.updated.v1", firmographics(call.object_at("traits")))


def _map_alias(call: Call) -> _MappedFact | Rejected:
    if call.id("previousId") is None or call.id("userId") is None:
        why = "previousId or userId missing, or a placeholder: an alias call needs both"
        return Rejected(call.where, "missing_field", why)
    return _MappedFact("contact.identified.v1", {})


_MAPPERS = {
    "page": _map_page,
    "screen": _map_page,
    "track": _map_track,
    "identify": _map_identify,
    "group": _map_group,
    "alias": _map_alias,
}


def _observation_id(call: Call, occurrences: ContentCounter) -> str | None:
    """The sender's message id, else a hash of the content; None if that is nested too deeply."""
    if call.message_id is not None:
        return f"seg:{call.message_id}"
    own = {name: value for name, value in call.body.items() if name not in _TRANSPORT_FIELDS and value is not None}
    try:
        return f"seg:{occurrences.content_id(_canonical(own))}"
    except RecursionError:
        return None
