"""The data of a fact as it may be recorded: the fields that its type declares, each reduced by a rule of its own.

Applies to all sources except CloudEvents files, which are trusted.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from typing import Any, NamedTuple

from intake.account_ids import is_pseudonym
from intake.recorder.redaction.texts import redacted_name, redacted_text
from intake.recorder.redaction.urls import redacted_url
from intake.sources import DEFAULT_SETTINGS, Keep, SourceSettings, folded_name, is_sensitive
from schemas.facts import fields_of

OWN_SOURCES = "staffel/"
"""Beginning of the sources of our own people: what they say by command is kept."""
MAX_NAME_LENGTH = 200
MAX_REASON_LENGTH = 60
_MAX_DEPTH = 40
"""Validation rejects deeper values."""

_RECORDER_FIELDS = frozenset({"visitor", "contact", "to"})
"""Of facts about contacts; the recorder sets them itself."""
_IDS = frozenset("message meeting campaign opportunity handoff id referred owner by author".split())
"""Kept as they are: the recorder replaces ids that hold a person; owner, by and author are accountable colleagues."""
_NUMBERS = frozenset("duration_s minutes count".split())
_NAMES = frozenset("form event kind ad feature stage direction role seniority system currency name".split())
_BOUNCE_WORDS = frozenset(
    "hard soft permanent transient temporary undetermined blocked block suppressed dropped invalid policy spam full "
    "mailbox_full unknown bounce general".split()
)
_ENHANCED_CODE = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.])")
"""Enhanced status code of RFC 3463."""
_REPLY_CODE = re.compile(r"(?<![\d.])[45]\d\d(?![\d.])")
"""Of RFC 5321."""
_NUMERIC_TEXT = re.compile(r"[-+]?[\d.,' ]{1,30}%?\+?(?: ?[-–] ?[\d.,]{1,30})?")
_TIME_TEXT = re.compile(r"[\dTtZz:.,+ /-]{4,40}")
_PLAIN_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,40}")


class Redacted(NamedTuple):
    """What may be recorded, and the names of the fields that were left out."""

    content: dict[str, Any]
    left_out: tuple[str, ...]


class _Reduction(NamedTuple):
    """What the reduction of a value needs, and where it notes what it leaves out."""

    keep: Keep
    left_out: list[str]


Reduce = Callable[[Any, _Reduction], Any]
_LEFT_OUT = object()
"""In place of a value: the field is left out."""


def redacted(
    type_: str, content: Mapping[str, Any], settings: SourceSettings = DEFAULT_SETTINGS, source: str = ""
) -> Redacted:
    """The part of the data that may be recorded. Raises KeyError for an unknown type."""
    reductions = _own_reductions(type_) if source.startswith(OWN_SOURCES) else _reductions(type_)
    reduction = _Reduction(settings.keep, [])
    kept = {}
    for field, value in content.items():
        reduce = reductions.get(field)
        reduced = value if value is None and reduce else reduce(value, reduction) if reduce else _LEFT_OUT
        if reduced is _LEFT_OUT:
            reduction.left_out.append(_shown(field))
        else:
            kept[field] = reduced
    return Redacted(kept, tuple(reduction.left_out))


@cache
def _reductions(type_: str) -> dict[str, Reduce]:
    """Field -> how its value is reduced."""
    declared = fields_of(type_) - (_RECORDER_FIELDS if type_.startswith("contact.") else frozenset())
    return {field: _reduction_of(type_, field) for field in declared}


@cache
def _own_reductions(type_: str) -> dict[str, Reduce]:
    """Of what our own people say: declared fields, without addresses of others in texts."""
    return {field: _id if field in _IDS else _nested for field in _reductions(type_) if field != "comment"}


def _reduction_of(type_: str, field: str) -> Reduce:
    if field == "reason":
        return _reason_reduction_of(type_)
    if field in _BY_FIELD:
        return _BY_FIELD[field]
    if field in _IDS:
        return _id
    if type_.startswith("account."):
        return _firmographic
    return _number if field in _NUMBERS else _name if field in _NAMES else _nested


def _reason_reduction_of(type_: str) -> Reduce:
    """Lists of reasons of a CRM, and of exclusion, are short and kept; connectors omit those that are free text."""
    if type_.startswith("email."):
        return _bounce_reason
    return _short_reason if type_.startswith(("opportunity.", "contact.", "account.")) else _reason


def _url(value: Any, reduction: _Reduction) -> Any:
    return _reduced_url(value, reduction, reduction.keep.query_names)


def _referrer(value: Any, reduction: _Reduction) -> Any:
    return _reduced_url(value, reduction, frozenset())


def _reduced_url(value: Any, reduction: _Reduction, allowed: frozenset[tuple[str, ...]]) -> Any:
    if not isinstance(value, str):
        return value
    url, left_out = redacted_url(value, allowed)
    reduction.left_out.extend(left_out)
    return url


def _title(value: Any, reduction: _Reduction) -> Any:
    return _nested(value, reduction) if reduction.keep.titles else _LEFT_OUT


def _subject(value: Any, reduction: _Reduction) -> Any:
    return _nested(value, reduction) if reduction.keep.subjects else _LEFT_OUT


def _search(value: Any, reduction: _Reduction) -> Any:
    return _nested(value, reduction) if reduction.keep.searches else _LEFT_OUT


def _comment(value: Any, reduction: _Reduction) -> Any:
    return _nested(value, reduction) if reduction.keep.comments else _LEFT_OUT


def _reason(value: Any, reduction: _Reduction) -> Any:
    return _nested(value, reduction) if reduction.keep.reasons else _LEFT_OUT


def _short_reason(value: Any, reduction: _Reduction) -> Any:
    is_short = isinstance(value, str) and len(value) <= MAX_REASON_LENGTH
    return _nested(value, reduction) if is_short else _reason(value, reduction)


def _bounce_reason(value: Any, reduction: _Reduction) -> Any:
    """The status code in what a mail server said, or one of the usual words for a kind of bounce."""
    if reduction.keep.reasons or not isinstance(value, str):
        return _nested(value, reduction)
    if value.strip().lower().replace(" ", "_") in _BOUNCE_WORDS:
        return value
    said = value[:2_000]
    code = _ENHANCED_CODE.search(said) or _REPLY_CODE.search(said)
    return code[0] if code else _LEFT_OUT


def _id(value: Any, reduction: _Reduction) -> Any:
    del reduction
    return value


def _name(value: Any, reduction: _Reduction) -> Any:
    if not isinstance(value, str):
        return _nested(value, reduction)
    return redacted_name(value[:MAX_NAME_LENGTH])


def _firmographic(value: Any, reduction: _Reduction) -> Any:
    del reduction
    if isinstance(value, list | tuple):
        return [redacted_name(item) if isinstance(item, str) else item for item in value]
    return redacted_name(value) if isinstance(value, str) else value


def _number(value: Any, reduction: _Reduction) -> Any:
    """A number; a text in its place only if it is numeric."""
    del reduction
    return _LEFT_OUT if isinstance(value, str) and not _NUMERIC_TEXT.fullmatch(value) else value


def _time(value: Any, reduction: _Reduction) -> Any:
    del reduction
    return _LEFT_OUT if isinstance(value, str) and not _TIME_TEXT.fullmatch(value) else value


def _attendees(value: Any, reduction: _Reduction) -> Any:
    """A number, unless all are pseudonyms."""
    if isinstance(value, list | tuple):
        return value if all(isinstance(who, str) and is_pseudonym(who) for who in value) else len(value)
    return _number(value, reduction)


def _properties(value: Any, reduction: _Reduction) -> Any:
    if not isinstance(value, Mapping):
        return value
    if not reduction.keep.properties:
        reduction.left_out.extend([_counted_property(key) for key in value])
        return {}
    return _allowed_properties(value, reduction, ())


def _allowed_properties(value: Mapping[Any, Any], reduction: _Reduction, path: tuple[str, ...]) -> dict[Any, Any]:
    """The properties that are allowed by name, and of objects those parts that are (`cart.total`)."""
    kept = {}
    for key, inner in value.items():
        parts = (*path, *folded_name(key)) if isinstance(key, str) else ()
        reduced = _allowed_property(inner, reduction, parts)
        if reduced is _LEFT_OUT:
            reduction.left_out.append(_counted_property(key))
        else:
            kept[key] = reduced
    return kept


def _allowed_property(value: Any, reduction: _Reduction, parts: tuple[str, ...], depth: int = 0) -> Any:
    """The settings allow no name of a secret or a person."""
    names = reduction.keep.property_names
    if isinstance(value, Mapping):
        is_within = len(parts) <= _MAX_DEPTH and any(name[: len(parts)] == parts for name in names)
        return _allowed_properties(value, reduction, parts) if parts and is_within else _LEFT_OUT
    if isinstance(value, list | tuple):
        if depth > _MAX_DEPTH:
            return _LEFT_OUT
        items = [_allowed_property(inner, reduction, parts, depth + 1) for inner in value]
        kept = [item for item in items if item is not _LEFT_OUT]
        return kept if kept or (parts in names and not value) else _LEFT_OUT
    return _nested(value, reduction) if parts in names else _LEFT_OUT


def _nested(value: Any, reduction: _Reduction, depth: int = 0) -> Any:
    """Texts without addresses, IP addresses and credentials, also inside lists and objects."""
    if isinstance(value, str):
        return redacted_text(value)
    if depth > _MAX_DEPTH:
        return value
    if isinstance(value, list | tuple):
        return [_nested(inner, reduction, depth + 1) for inner in value]
    if isinstance(value, Mapping):
        return {
            key: _nested(inner, reduction, depth + 1)
            for key, inner in value.items()
            if isinstance(key, str) and not is_sensitive(folded_name(key))
        }
    return value


def _shown(field: object) -> str:
    """The name of a field as it is counted; one that no program would choose is `…`."""
    return _counted_name(field) if isinstance(field, str) and len(field) < 50 else "…"


def _counted_property(key: object) -> str:
    return _counted_name(key, "properties.") if isinstance(key, str) and len(key) < 50 else "properties.…"


@lru_cache(maxsize=10_000)
def _counted_name(field: str, prefix: str = "") -> str:
    return prefix + (field if _PLAIN_KEY.fullmatch(field) and redacted_text(field) == field else "…")


_BY_FIELD: dict[str, Reduce] = {
    "url": _url,
    "referrer": _referrer,
    "domains": _id,
    "title": _title,
    "subject": _subject,
    "query": _search,
    "comment": _comment,
    "starts_at": _time,
    "attendees": _attendees,
    "properties": _properties,
}
