"""A Segment call as its sender wrote it: names made one, type and time worked out. Never what it means to us.

Format: https://segment.com/docs/connections/spec/common/ and, for times, the HTTP Tracking API.
"""

from typing import Any, NamedTuple

from intake.files.json_values import read_time
from intake.observation import Rejected

TYPES = frozenset({"track", "page", "screen", "identify", "group", "alias"})

_SYNONYMS = {
    "action": "type",
    "user_id": "userId",
    "anonymous_id": "anonymousId",
    "group_id": "groupId",
    "previous_id": "previousId",
    "message_id": "messageId",
    "sent_at": "sentAt",
    "received_at": "receivedAt",
    "original_timestamp": "originalTimestamp",
}
_TELLING = (("event", "track"), ("groupId", "group"), ("previousId", "alias"), ("traits", "identify"), ("name", "page"))
_LONGEST_ID = 200


class Reading(NamedTuple):
    """How calls are read: `source` of the observations, and what is known of the times."""

    source: str
    received_at: int | None = None
    """When a live request came in: corrects the sender's clock by `sentAt`. None for files."""
    undated: int | None = None
    """When calls that carry no time happened; None rejects them."""


class Call(NamedTuple):
    where: str
    type: str
    message: str | None
    time: int
    body: dict[str, Any]

    def text(self, name: str) -> str | None:
        """A text or whole number of the call itself as text, None where it is neither or empty."""
        return text(self.body.get(name))

    def part(self, name: str) -> dict[str, Any]:
        """`properties`, `traits` or `context`; empty where it is no object."""
        return part(self.body, name)


def part(whole: dict[str, Any], name: str) -> dict[str, Any]:
    inner = whole.get(name)
    return inner if isinstance(inner, dict) else {}


def text(given: Any) -> str | None:
    """Ids may come as whole numbers; what is empty is not there."""
    if isinstance(given, int) and not isinstance(given, bool):
        return str(given)
    return (given.strip() or None) if isinstance(given, str) else None


def first(whole: dict[str, Any], *names: str) -> str | None:
    """The first of these fields that holds a text."""
    return next((found for name in names if (found := text(whole.get(name)))), None)


def call(where: str, body: dict[str, Any], reading: Reading, type_: str | None = None) -> Call | Rejected:
    """The call, or why it is none: `unknown_type`, `bad_time`, `no_zone`, `missing_time`, `too_large`.

    `type_` is what the route of a live request said.
    """
    body = {_SYNONYMS.get(name, name): given for name, given in body.items() if _SYNONYMS.get(name) not in body}
    kind = text(body.get("type")) or type_ or _told(body)
    if kind is None or kind.lower() not in TYPES:
        return _unknown(where, kind, body)
    message = text(body.get("messageId"))
    if message is not None and len(message) > _LONGEST_ID:
        return Rejected(where, "too_large", f"messageId has {len(message)} characters, at most {_LONGEST_ID} are taken")
    time = _time(where, body, reading)
    return time if isinstance(time, Rejected) else Call(where, kind.lower(), message, time, body)


def _told(body: dict[str, Any]) -> str | None:
    """The type of a call that names none, by the fields that only one type has."""
    return next((type_ for field, type_ in _TELLING if body.get(field)), None)


def _unknown(where: str, kind: str | None, body: dict[str, Any]) -> Rejected:
    if str(body.get("schema", "")).startswith("iglu:"):
        return Rejected(where, "unknown_type", "a Snowplow payload, no Segment call; it is not read")
    named = f"type {kind[:40]!r}" if kind else f"type missing, fields {sorted(body)[:10]}"
    return Rejected(where, "unknown_type", f"{named}: expected one of {', '.join(sorted(TYPES))}")


def _time(where: str, body: dict[str, Any], reading: Reading) -> int | Rejected:
    """When it happened: `timestamp` where a server worked it out, else the sender's time, its clock corrected."""
    stored = body.get("receivedAt") is not None and body.get("timestamp") is not None
    read = {name: _moment(where, name, body) for name in ("timestamp", "originalTimestamp", "sentAt", "receivedAt")}
    bad = next((moment for moment in read.values() if isinstance(moment, Rejected)), None)
    if bad is not None:
        return bad
    moments = {name: moment for name, moment in read.items() if isinstance(moment, int)}
    if stored:
        return moments["timestamp"]
    client = moments.get("originalTimestamp", moments.get("timestamp"))
    received = reading.received_at if reading.received_at is not None else moments.get("receivedAt")
    return _corrected(where, client, moments.get("sentAt"), received, reading)


def _corrected(
    where: str, client: int | None, sent: int | None, received: int | None, reading: Reading
) -> int | Rejected:
    if client is not None and sent is not None and received is not None:
        return received - max(0, sent - client)
    known = (client, received, sent, reading.undated)
    time = next((moment for moment in known if moment is not None), None)
    why = "no timestamp, originalTimestamp, receivedAt or sentAt: give the time of undated calls with --undated"
    return time if time is not None else Rejected(where, "missing_time", why)


def _moment(where: str, name: str, body: dict[str, Any]) -> int | Rejected | None:
    given = body.get(name)
    if given is None or given == "":
        return None
    if not isinstance(given, str):
        return Rejected(where, "bad_time", f"{name} {str(given)[:40]} is no text: write it as 2026-01-05T09:12:00Z")
    return read_time(where, name, given)
