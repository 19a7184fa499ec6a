"""The attendees of a meeting, and which of them are from outside."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from icalendar import Event

from intake.domains import is_own_domain

_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"@]+@[^\s<>()\[\],;:\"@]+\.[^\s<>()\[\],;:\"@]+")
_NON_PERSON_TYPES = frozenset({"ROOM", "RESOURCE", "GROUP"})
_CALENDAR_DOMAINS = frozenset({"calendar.google.com"})
"""Domains, including subdomains, whose addresses are calendars and rooms."""
_DECLINED_STATUSES = frozenset({"DECLINED", "DELEGATED"})


@dataclass(frozen=True, slots=True)
class Attendee:
    """A person invited: lower-case address, if given, and name."""

    email: str | None
    name: str | None
    declined: bool


def attendees(event: Event) -> list[Attendee]:
    """Attendees, then the organizer, each once, without rooms, resources, groups and calendars."""
    found: dict[str, Attendee] = {}
    for value in _values(event, "ATTENDEE"):
        if _parameter(value, "CUTYPE").upper() not in _NON_PERSON_TYPES:
            _add_attendee(found, value)
    for value in _values(event, "ORGANIZER"):
        _add_attendee(found, value)
    return [attendee for attendee in found.values() if not _is_calendar(attendee)]


def external_attendees(event: Event, own_domains: frozenset[str]) -> list[Attendee]:
    """The attendees with an address outside our domains who have not declined."""
    return [
        attendee
        for attendee in attendees(event)
        if attendee.email
        and not attendee.declined
        and not is_own_domain(attendee.email.rpartition("@")[2], own_domains)
    ]


def _add_attendee(found: dict[str, Attendee], value: Any) -> None:
    name = " ".join(_parameter(value, "CN").strip(" \"'").split())[:200]
    email = _email(value, name)
    if email is None and not name:
        return
    declined = _parameter(value, "PARTSTAT").upper() in _DECLINED_STATUSES
    found.setdefault(email or name, Attendee(email, name if name.lower() != email else None, declined))


def _email(value: Any, name: str) -> str | None:
    """The address in the value, with or without mailto:, else in the parameter EMAIL, else in the name."""
    for text in (unquote(str(value)), _parameter(value, "EMAIL"), name):
        match = _ADDRESS.search(re.sub(r"(?i)^\s*mailto:", "", text))
        if match:
            return match[0].lower().strip("'.")
    return None


def _values(event: Event, name: str) -> Iterator[Any]:
    value = event.get(name)
    if value is not None:
        yield from value if isinstance(value, list) else [value]


def _parameter(value: Any, name: str) -> str:
    parameter = getattr(value, "params", {}).get(name, "")
    return str(parameter[0] if isinstance(parameter, list) and parameter else parameter)


def _is_calendar(attendee: Attendee) -> bool:
    return attendee.email is not None and is_own_domain(attendee.email.rpartition("@")[2], _CALENDAR_DOMAINS)
