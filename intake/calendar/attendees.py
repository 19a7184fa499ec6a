"""Tells who was invited to a meeting, and who of them are people from outside; never keeps an answer as a fact."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from icalendar import Event

from intake.domains import is_ours

_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"@]+@[^\s<>()\[\],;:\"@]+\.[^\s<>()\[\],;:\"@]+")
_NO_PERSON = frozenset({"ROOM", "RESOURCE", "GROUP"})
_CALENDARS = frozenset({"calendar.google.com"})
"""Domains, with all below them, whose addresses are calendars and rooms."""
_ABSENT = frozenset({"DECLINED", "DELEGATED"})


@dataclass(frozen=True, slots=True)
class Guest:
    """Someone invited: lower-case address, where one is given, and name."""

    email: str | None
    name: str | None
    declined: bool


def guests(event: Event) -> list[Guest]:
    """Attendees, then the organizer, each once; rooms, resources, groups and calendars left out."""
    found: dict[str, Guest] = {}
    for value in _values(event, "ATTENDEE"):
        if _parameter(value, "CUTYPE").upper() not in _NO_PERSON:
            _add(found, value)
    for value in _values(event, "ORGANIZER"):
        _add(found, value)
    return [guest for guest in found.values() if not _is_calendar(guest)]


def outsiders(event: Event, ours: frozenset[str]) -> list[Guest]:
    """The guests with an address outside our domains who have not declined."""
    return [
        guest
        for guest in guests(event)
        if guest.email and not guest.declined and not is_ours(guest.email.rpartition("@")[2], ours)
    ]


def _add(found: dict[str, Guest], value: Any) -> None:
    name = " ".join(_parameter(value, "CN").strip(" \"'").split())[:200]
    email = _email(value, name)
    if email is None and not name:
        return
    declined = _parameter(value, "PARTSTAT").upper() in _ABSENT
    found.setdefault(email or name, Guest(email, name if name.lower() != email else None, declined))


def _email(value: Any, name: str) -> str | None:
    """From the value with or without mailto:, else from the parameter EMAIL, else from a name that is an address."""
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
    given = getattr(value, "params", {}).get(name, "")
    return str(given[0] if isinstance(given, list) and given else given)


def _is_calendar(guest: Guest) -> bool:
    return guest.email is not None and is_ours(guest.email.rpartition("@")[2], _CALENDARS)
