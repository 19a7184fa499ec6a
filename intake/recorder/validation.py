"""Checks that need only the observation itself: type, time, ids and texts. Reads neither database nor log."""

import re
from collections.abc import Callable
from operator import attrgetter

from intake.account_ids import RESERVED_WORDS, account_id, is_pseudonym
from intake.domains import normalized_email
from intake.observation import Observation, Rejected
from schemas import format_time, is_domain_text
from schemas.facts import CONTROL_TYPES, STRUCTURE_TYPES, TYPE_NAMES, known_type, unversioned

OWN_SOURCES = "staffel/"
"""How the sources of Staffel's own commands and reactors begin."""
MAX_CLOCK_SKEW_MS = 5 * 60_000
"""How far the time of a fact may be ahead of the time it is recorded."""
MAX_TIME_MS = 253_402_300_799_999
"""The end of the year 9999."""

_PLAIN_TEXT = re.compile(r"[!-~][ -~]{0,63}").fullmatch
"""Fast path: short enough for every field, printable ASCII."""
_FORBIDDEN_CHARACTER = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_MAX_LENGTHS = {
    "id": 512,
    "source": 200,
    "subject": 200,
    "contact": 64,
    "email": 320,
    "stated_email": 320,
    "visitor": 2_000,
    "person": 500,
    "previous_person": 500,
    "company": 500,
    "company name": 500,
    "name": 500,
    "host": 500,
    "ip": 100,
    "domain": 253,
    "attribution": 100,
    "origin": 1_000,
    "moves": 16_384,
}
_FIELDS = tuple(_MAX_LENGTHS)
_text_values_of = attrgetter(
    *"id source account contact email stated_email visitor person previous_person account_hint company_name".split(),
    *"name host ip domain attribution origin moves".split(),
)
_ACCOUNT_RULE = "an account id has no spaces and no `/`, does not begin with `~`, and `anon:` needs a pseudonym"
_MAY_BE_EMPTY = frozenset({"company", "company name", "name", "host", "ip"})

Problem = tuple[str, str]
"""Code and reason of a rejection."""


def rejection_of(observation: Observation, now: int, *, own: bool = False) -> Rejected | None:
    """The first problem of the observation, if any. `own`: whether Staffel itself records it."""
    problem = _type_problem(observation.type) or _time_problem(observation, now)
    problem = problem or (None if own else _source_problem(observation.source))
    problem = problem or _text_problem(observation) or _id_problem(observation) or _reference_problem(observation)
    return Rejected(observation.where, *problem) if problem else None


def _type_problem(type_: object) -> Problem | None:
    if not isinstance(type_, str) or len(type_) > 100:
        return "unknown_type", "type: not a fact type; for example web.page_viewed.v1"
    if type_ in STRUCTURE_TYPES:
        return "not_yet", f"type: {type_} changes the structure of accounts, which this version does not support yet"
    if type_ in CONTROL_TYPES:
        return "control_fact", f"type: {type_} controls the scoring; only Staffel itself records it, leave it out"
    if known_type(type_):
        return None
    return _unknown_type_problem(type_)


def _unknown_type_problem(type_: str) -> Problem:
    name = unversioned(type_)
    if name not in TYPE_NAMES:
        return (
            "unknown_type",
            f"type: unknown fact type {type_!r}; use custom.tracked.v1 with a name for your own events",
        )
    if name == type_:
        return "unknown_version", f"type: {type_!r} has no version; write {type_}.v1"
    return "unknown_version", f"type: unknown version {type_!r}; see schemas/published/facts.json"


def _source_problem(source: object) -> Problem | None:
    if not isinstance(source, str) or not source.lstrip().lower().startswith(OWN_SOURCES):
        return None
    why = f"source: {source[:80]!r} begins with `{OWN_SOURCES}`, which is Staffel's own; choose another name"
    return "reserved_source", why


def _time_problem(observation: Observation, now: int) -> Problem | None:
    time, recorded_at = observation.time, observation.recorded_at
    if not _is_instant(time):
        return "bad_time", "time: not a time between 1970 and 9999; for example 2026-01-05T09:12:00Z"
    if recorded_at is not None and not (_is_instant(recorded_at) and recorded_at <= now + MAX_CLOCK_SKEW_MS):
        return "bad_time", "recordedtime: not a time between 1970 and now; leave it out to have it set"
    known_since = now if recorded_at is None else recorded_at
    if time > known_since + MAX_CLOCK_SKEW_MS:
        late = f"{format_time(time)} is more than five minutes after it was recorded ({format_time(known_since)})"
        return "future_time", f"time: {late}; check the clock and the time zone of the source"
    return None


def _is_instant(time: object) -> bool:
    return type(time) is int and 0 <= time <= MAX_TIME_MS


def _text_problem(observation: Observation) -> Problem | None:
    for field, text in zip(_FIELDS, _text_values_of(observation), strict=True):
        if text is None or (type(text) is str and _PLAIN_TEXT(text)):
            continue
        if problem := _field_problem(field, text):
            return problem
    if observation.id is None or observation.source is None:
        return "empty", "id, source: both are required; together they identify the fact"
    return None


def _field_problem(field: str, text: object) -> Problem | None:
    if not isinstance(text, str):
        return "bad_text", f"{field}: expected a string, got {type(text).__name__}; write it in quotes"
    if not text.strip():
        return None if field in _MAY_BE_EMPTY else ("empty", f"{field}: empty; give a value or omit the field")
    if len(text) > _MAX_LENGTHS[field]:
        return "too_long", f"{field}: {len(text)} characters, at most {_MAX_LENGTHS[field]} allowed"
    if not text.isprintable() and _FORBIDDEN_CHARACTER.search(text):
        return "bad_text", f"{field}: contains a control character or an unpaired surrogate; remove it"
    return None


def _id_problem(observation: Observation) -> Problem | None:
    account, contact, email = observation.account, observation.contact, observation.email
    return _subject_problem(account) or _contact_problem(contact) or _email_problem(email)


def _subject_problem(account: str | None) -> Problem | None:
    if account is None or account_id(account) is not None:
        return None
    if account.strip().lower() in RESERVED_WORDS:
        return "bad_account", f"subject: {account!r} is a reserved word; choose another id"
    return "bad_account", f"subject: {account[:80]!r} is not a valid account id; {_ACCOUNT_RULE}"


def _contact_problem(contact: str | None) -> Problem | None:
    if contact is None or is_pseudonym(contact):
        return None
    return "bad_contact", f"contact: {contact!r} is neither an e-mail address nor a pseudonym `c_…` or `v_…`"


def _reference_problem(observation: Observation) -> Problem | None:
    """Of the data: what names an account, a person or a domain, and becomes a key where it is folded."""
    if not observation.type.startswith(_FAMILIES_WITH_REFERENCES) or not isinstance(observation.data, dict):
        return None
    data = observation.data
    named = ((field, data[field]) for field in _REFERENCES if isinstance(data.get(field), str))
    problems = (_REFERENCES[field](f"data.{field}", text) for field, text in named)
    return next((problem for problem in problems if problem), None) or _domains_problem(data.get("domains"))


def _domains_problem(domains: object) -> Problem | None:
    listed = domains if isinstance(domains, list | tuple) else ()
    problems = (_domain_problem("data.domains", domain) for domain in listed if isinstance(domain, str))
    return next((problem for problem in problems if problem), None)


def _account_problem(field: str, text: str) -> Problem | None:
    if account_id(text) is not None:
        return None
    return "bad_account", f"{field}: {text[:80]!r} is not a valid account id; {_ACCOUNT_RULE}"


def _pseudonym_problem(field: str, text: str) -> Problem | None:
    if is_pseudonym(text):
        return None
    return "bad_contact", f"{field}: not a pseudonym `c_…` or `v_…`; give an address as `contact` of the event itself"


def _parent_problem(field: str, text: str) -> Problem | None:
    if len(text) <= _MAX_LENGTHS["company"] and not _FORBIDDEN_CHARACTER.search(text):
        return None
    return "bad_account", f"{field}: at most {_MAX_LENGTHS['company']} characters, no control characters"


def _domain_problem(field: str, text: str) -> Problem | None:
    if is_domain_text(text) and "@" not in text and not _FORBIDDEN_CHARACTER.search(text):
        return None
    return "bad_domain", f"{field}: {text[:80]!r} is not a domain; for example acme.com"


_REFERENCES: dict[str, Callable[[str, str], Problem | None]] = {
    "to": _account_problem,
    "into": _account_problem,
    "parent": _parent_problem,
    "contact": _pseudonym_problem,
    "visitor": _pseudonym_problem,
    "domain": _domain_problem,
}
_FAMILIES_WITH_REFERENCES = ("account.", "contact.")


def _email_problem(email: str | None) -> Problem | None:
    if email is None or normalized_email(email) is not None:
        return None
    return "bad_email", f"email: {email[:80]!r} is not an e-mail address; for example pat@acme.com"
