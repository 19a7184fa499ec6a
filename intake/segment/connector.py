"""Calls of the Segment tracking API, from files and from bodies of live requests. Never attributes or keeps a person.

Nothing is lost silently: every call becomes an observation, filtered with a reason, or rejected with a code.
Format: https://segment.com/docs/connections/spec/ and https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypedDict

import msgspec

from intake.bots import is_bot
from intake.files.json_values import JSON_ERRORS, Value, decode_problem, json_values, taken_apart
from intake.files.text import Occurrences, patient
from intake.observation import Filtered, Item, Observation, Rejected
from intake.segment.calls import Call, Reading, call, first, part, text
from intake.segment.mapping import domain_of, firmographics, known_event, page, standing

_NO_CALLS = "{} holds no Segment calls as JSON Lines, an array or a batch"
_NOT_THE_CALL = frozenset({"sentAt", "receivedAt", "writeKey", "integrations", "_metadata", "channel", "version"})
_decode = msgspec.json.Decoder().decode
_canonical = msgspec.json.Encoder(order="deterministic").encode


class _Clues(TypedDict):
    """What tells whose call it is: fields of an observation."""

    account_hint: str | None
    email: str | None
    visitor: str | None
    person: str | None
    host: str | None
    ip: str | None


class _Meaning(NamedTuple):
    type: str
    content: dict[str, Any]


def read(path: Path, *, name: str | None = None, undated: int | None = None) -> Iterator[Item]:
    """The calls of a file in its order: objects, arrays and batches, on one line each or spread over many.

    The source is `segment/<name>`. `undated` is the time, in milliseconds since 1970, of calls that carry none.
    """
    reading = Reading(f"segment/{name}" if name else "segment", undated=undated)
    return patient(_items(json_values(path), reading, None), _NO_CALLS.format(path.name), path.name)


def observe(content: bytes, *, where: str, reading: Reading, type_: str | None = None) -> Iterator[Item]:
    """The calls of one request body; `type_` is the one its route names, None where bodies name their own."""
    return _items(taken_apart(where, content), reading, type_)


def _items(values: Iterator[Value | Rejected], reading: Reading, type_: str | None) -> Iterator[Item]:
    occurrences = Occurrences()
    for value in values:
        if isinstance(value, Rejected):
            yield value
            continue
        for where, body in _bodies(value):
            if isinstance(body, Rejected):
                yield body
                continue
            found = call(where, body, reading, type_)
            yield found if isinstance(found, Rejected) else _observed(found, reading.source, occurrences)


def _bodies(value: Value) -> Iterator[tuple[str, dict[str, Any] | Rejected]]:
    """The single calls of a value, with what the batch says of all of them."""
    try:
        whole = _decode(value.content)
    except JSON_ERRORS as error:
        yield value.where, decode_problem(value.where, error, value.content)
        return
    if not isinstance(whole, dict):
        yield value.where, _no_object(value.where, whole)
        return
    batch = whole.get("batch")
    if not isinstance(batch, list):
        yield value.where, whole
        return
    for number, body in enumerate(batch, 1):
        where = f"{value.where}#{number}"
        yield where, _merged(whole, body) if isinstance(body, dict) else _no_object(where, body)


def _merged(whole: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    shared = {name: whole[name] for name in ("sentAt", "receivedAt", "timestamp") if whole.get(name) is not None}
    if "originalTimestamp" in body:
        shared.pop("timestamp", None)
    context = part(whole, "context") | part(body, "context")
    own = {name: given for name, given in body.items() if given is not None}
    return shared | own | ({"context": context} if context else {})


def _no_object(where: str, given: Any) -> Rejected:
    return Rejected(
        where, "bad_json", f"a call is an object with type, userId or anonymousId, not {type(given).__name__}"
    )


def _observed(found: Call, source: str, occurrences: Occurrences) -> Item:
    meaning = _MEANINGS[found.type](found)
    if not isinstance(meaning, _Meaning):
        return meaning
    clues = _clues(found)
    if not any(clues.values()):
        why = "userId and anonymousId missing, and no e-mail address, groupId or ip either: nobody to credit"
        return Rejected(found.where, "missing_field", why)
    id_ = _id(found, occurrences)
    if id_ is None:
        return Rejected(found.where, "bad_json", "nested too deeply")
    return Observation(
        where=found.where,
        source=source,
        id=id_,
        type=meaning.type,
        time=found.time,
        data=meaning.content | _bot(found.part("context")),
        name=first(found.part("traits"), "name") if found.type == "identify" else None,
        **clues,
    )


def _clues(found: Call) -> _Clues:
    traits = found.part("traits")
    return {
        "account_hint": _account(found),
        "email": _email(found),
        "visitor": _visitor(found),
        "person": found.text("userId"),
        "host": domain_of(traits) if found.type == "group" else domain_of(part(traits, "company")),
        "ip": first(found.part("context"), "ip"),
    }


def _bot(context: dict[str, Any]) -> dict[str, bool]:
    agent = first(context, "userAgent", "user_agent")
    return {"bot": True} if agent is not None and is_bot(agent) else {}


def _page(found: Call) -> _Meaning | Filtered:
    return _Meaning("web.page_viewed.v1", page(found.text("name"), found.part("properties"), found.part("context")))


def _track(found: Call) -> _Meaning | Rejected:
    event, properties = found.text("event"), found.part("properties")
    if event is None:
        return Rejected(found.where, "missing_field", "event missing or empty: a track call names its event")
    known = known_event(event, properties)
    return _Meaning(*known) if known else _Meaning("custom.tracked.v1", {"name": event, "properties": properties})


def _identify(found: Call) -> _Meaning | Filtered:
    if found.text("userId") is None and _email(found) is None:
        return Filtered(found.where, "an identify call without userId or e-mail address names nobody")
    return _Meaning("contact.identified.v1", standing(found.part("traits")))


def _group(found: Call) -> _Meaning | Rejected:
    if found.text("groupId") is None:
        return Rejected(found.where, "missing_field", "groupId missing or empty: a group call names its account")
    return _Meaning("account.updated.v1", firmographics(found.part("traits")))


def _alias(found: Call) -> _Meaning | Rejected:
    if found.text("previousId") is None or found.text("userId") is None:
        return Rejected(found.where, "missing_field", "an alias call joins previousId to userId; both are needed")
    return _Meaning("contact.identified.v1", {})


_MEANINGS = {
    "page": _page,
    "screen": _page,
    "track": _track,
    "identify": _identify,
    "group": _group,
    "alias": _alias,
}


def _account(found: Call) -> str | None:
    own = found.text("groupId") if found.type == "group" else None
    company = found.part("traits").get("company")
    named = first(company, "id", "name") if isinstance(company, dict) else text(company)
    return own or first(found.part("context"), "groupId", "group_id") or named


def _email(found: Call) -> str | None:
    """The person's address; the traits of a group are the company's."""
    own = () if found.type == "group" else (found.part("traits"), found.part("properties"))
    known = next(
        (given for fields in (*own, part(found.part("context"), "traits")) if (given := first(fields, "email"))), None
    )
    ids = (found.text(name) for name in ("userId", "previousId"))
    return known or next((given for given in ids if given and "@" in given), None)


def _visitor(found: Call) -> str | None:
    """The anonymous id; for an alias the one that is joined, unless it is an e-mail address."""
    previous = found.text("previousId") if found.type == "alias" else None
    return previous if previous and "@" not in previous else found.text("anonymousId")


def _id(found: Call, occurrences: Occurrences) -> str | None:
    """The sender's id, else one of the content; None where that goes too deep to be written down."""
    if found.message is not None:
        return f"seg:{found.message}"
    own = {name: given for name, given in found.body.items() if name not in _NOT_THE_CALL and given is not None}
    try:
        return f"seg:{occurrences.content_id(_canonical(own))}"
    except RecursionError:
        return None
