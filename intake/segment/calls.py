"""Parses a Segment call: unifies field names and determines type and time.

Format: https://segment.com/docs/connections/spec/common/ and, for times, the HTTP Tracking API.
"""

from functools import lru_cache
from typing import Any, NamedTuple

from intake.files.json_values import parse_field_time
from intake.observation import Rejected

CALL_TYPES = frozenset({"track", "page", "screen", "identify", "group", "alias"})

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
_TYPE_OF_FIELD = (
    ("event", "track"),
    ("groupId", "group"),
    ("previousId", "alias"),
    ("traits", "identify"),
    ("name", "page"),
)
_MAX_ID_LENGTH = 200
_NOBODY = frozenset(
    # What programs write where they have no value.
    "undefined null nil none nan void (null) <null> (none) <none> (empty) empty [object object] [object undefined] "
    "undefined:undefined true false "
    # What people write where they have none.
    "n/a n.a. na not_set (not set) unset unknown missing default "
    # Roles and names of fields in place of an id.
    "anonymous anon guest nobody visitor user not_authenticated not_logged_in unauthenticated logged_out "
    "id user_id anonymous_id distinct_id distinctid group_id email "
    "ffffffff-ffff-ffff-ffff-ffffffffffff".replace("[object ", "[object_")
    .replace("(not set)", "(not_set)")
    .split()
)
"""Ids that stand for nobody, in lower case with `_` for spaces. Taken for ids, they make one person of thousands; tools
of the field refuse them, too: https://posthog.com/docs/product-analytics/identify#avoiding-bad-distinct-ids"""


class CallOptions(NamedTuple):
    """How calls are read: `source` of the observations, and times beyond those in the calls."""

    source: str
    received_at: int | None = None
    """When a live request arrived; with `sentAt` it corrects the sender's clock. None for files."""
    default_time: int | None = None
    """The time of calls without one; None rejects them."""


class Call(NamedTuple):
    where: str
    type: str
    message_id: str | None
    time: int
    body: dict[str, Any]

    def text(self, name: str) -> str | None:
        """A top-level field that is a text or integer, as text; None if it is empty or something else."""
        return text_of(self.body.get(name))

    def id(self, name: str) -> str | None:
        """A top-level field that holds an id; None if it is empty or stands for nobody."""
        return id_in(self.body, name)

    def object_at(self, name: str) -> dict[str, Any]:
        """`properties`, `traits` or `context`; empty if it is not an object."""
        return object_at(self.body, name)


_MAX_WHOLE = 1 << 53
"""Above it a float no longer holds every whole number."""


def object_at(whole: dict[str, Any], name: str) -> dict[str, Any]:
    inner = whole.get(name)
    return inner if isinstance(inner, dict) else {}


def text_of(value: Any) -> str | None:
    """A text or whole number (ids may be numbers) as text; None if it is empty or something else."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return str(int(value)) if isinstance(value, float) and value.is_integer() and abs(value) < _MAX_WHOLE else None


def id_in(whole: dict[str, Any], *names: str) -> str | None:
    """The first of these fields that holds an id."""
    for name in names:
        text = text_of(whole.get(name))
        if text is not None and not _stands_for_nobody(text):
            return text
    return None


def _is_placeholder(id_: str) -> bool:
    """Whether an id stands for nobody: `undefined`, `[object Object]`, `0`, the nil UUID, `---`."""
    bare = "_".join(id_.strip("\"'` ").lower().split())
    return bare in _NOBODY or not bare.strip("0-.:_{}[]()<>/\\*#?!,;|+= ")


_stands_for_nobody = lru_cache(maxsize=50_000)(_is_placeholder)
_MAX_PLACEHOLDER = 40


def first_text(whole: dict[str, Any], *names: str) -> str | None:
    """The first of these fields that has a text."""
    for name in names:
        value = whole.get(name)
        if value is not None and (text := text_of(value)) is not None:
            return text
    return None


def parse_call(where: str, body: dict[str, Any], options: CallOptions, type_: str | None = None) -> Call | Rejected:
    """The call, or its rejection: `unknown_type`, `bad_time`, `no_zone`, `missing_time`, `too_large`.

    `type_` is what the route of a live request said.
    """
    if not body.keys().isdisjoint(_SYNONYMS):
        body = {_SYNONYMS.get(name, name): value for name, value in body.items() if _SYNONYMS.get(name) not in body}
    kind = text_of(body.get("type")) or type_ or _inferred_type(body)
    if kind is None or kind.lower() not in CALL_TYPES:
        return _unknown_type(where, kind, body)
    message = text_of(body.get("messageId"))
    # Each occurs once, so that a cache is of no use, and most are longer than any placeholder.
    if message is not None and len(message) <= _MAX_PLACEHOLDER and _is_placeholder(message):
        message = None
    if message is not None and len(message) > _MAX_ID_LENGTH:
        return Rejected(
            where, "too_large", f"messageId has {len(message)} characters, at most {_MAX_ID_LENGTH} are taken"
        )
    time = _call_time(where, body, options)
    return time if isinstance(time, Rejected) else Call(where, kind.lower(), message, time, body)


def _inferred_type(body: dict[str, Any]) -> str | None:
    """The type of a call that does not name it, by fields that only one type has."""
    return next((type_ for field, type_ in _TYPE_OF_FIELD if body.get(field)), None)


def _unknown_type(where: str, kind: str | None, body: dict[str, Any]) -> Rejected:
    if str(body.get("schema", "")).startswith("iglu:"):
        return Rejected(where, "unknown_type", "a Snowplow payload, not a Segment call; not supported")
    named = f"type {kind[:40]!r}" if kind else f"type missing, fields {sorted(body)[:10]}"
    return Rejected(where, "unknown_type", f"{named}: expected one of {', '.join(sorted(CALL_TYPES))}")


def _call_time(where: str, body: dict[str, Any], options: CallOptions) -> int | Rejected:
    """`timestamp` if a server determined it, else the sender's time with its clock corrected."""
    has_server_time = body.get("receivedAt") is not None and body.get("timestamp") is not None
    read = {name: _time_field(where, name, body) for name in ("timestamp", "originalTimestamp", "sentAt", "receivedAt")}
    bad = next((moment for moment in read.values() if isinstance(moment, Rejected)), None)
    if bad is not None:
        return bad
    moments = {name: moment for name, moment in read.items() if isinstance(moment, int)}
    if has_server_time:
        return moments["timestamp"]
    client = moments.get("originalTimestamp", moments.get("timestamp"))
    received = options.received_at if options.received_at is not None else moments.get("receivedAt")
    return _clock_corrected(where, client, moments.get("sentAt"), received, options)


def _clock_corrected(
    where: str, client: int | None, sent: int | None, received: int | None, options: CallOptions
) -> int | Rejected:
    if client is not None and sent is not None and received is not None:
        return received - max(0, sent - client)
    known = (client, received, sent, options.default_time)
    time = next((moment for moment in known if moment is not None), None)
    why = "no timestamp, originalTimestamp, receivedAt or sentAt: set the time of such calls with --undated"
    return time if time is not None else Rejected(where, "missing_time", why)


def _time_field(where: str, name: str, body: dict[str, Any]) -> int | Rejected | None:
    value = body.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        return Rejected(where, "bad_time", f"{name} {str(value)[:40]} is not a text: write it as 2026-01-05T09:12:00Z")
    return parse_field_time(where, name, value)
