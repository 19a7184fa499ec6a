"""The attendees of a meeting, and which of them are people from outside.

Format: RFC 5545, sections 3.8.4.1 and 3.8.4.3, and how calendars miss it: no `mailto:`, the address in CN or EMAIL,
an X.400 or LDAP name in its place.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from intake.calendar.content_lines import Property
from intake.calendar.robots import is_nobody
from intake.domains import is_own_domain

_BETWEEN = re.compile(r"[\s<>()\[\],;:\"]+")
_ADDRESS = re.compile(r"[^@]{1,64}@[^@.]+(?:\.[^@.]+)+")
_READ_CHARACTERS = 2_000
"""Of a value; an address that begins later is none."""
_NON_PERSON_TYPES = frozenset({"ROOM", "RESOURCE", "GROUP"})
_DECLINED_STATUSES = frozenset({"DECLINED", "DELEGATED"})


@dataclass(frozen=True, slots=True)
class Attendee:
    """A person invited: lower-case address, if given, and name."""

    email: str | None
    name: str | None
    declined: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendance:
    """The people of a meeting, each once: no rooms, resources, groups, robots, and nobody who is informed only."""

    present: int
    """How many have not declined, our own people included."""
    outside: tuple[Attendee, ...]
    """Those with an address outside our domains who have not declined."""
    declined_by_us: bool
    """Of our people everybody has declined, and at least one was invited."""
    organizer: str | None
    """The organizer's address, also a robot's."""
    organized_by_us: bool


def attendance(
    attendees: Iterable[Property], organizers: Iterable[Property], own_domains: frozenset[str]
) -> Attendance:
    """The attendees, then the organizer, if it is not among them."""
    found: dict[str, Attendee | None] = {}
    organizer: str | None = None
    for one in attendees:
        _add(found, one, _email(one))
    for one in organizers:
        email = _email(one)
        organizer = organizer or email
        _add(found, one, email)
    return _attendance([person for person in found.values() if person], organizer, own_domains)


def _attendance(people: list[Attendee], organizer: str | None, own_domains: frozenset[str]) -> Attendance:
    ours = [one for one in people if one.email and _is_own(one.email, own_domains)]
    present = [one for one in people if not one.declined]
    return Attendance(
        present=len(present),
        outside=tuple(one for one in present if one.email and not _is_own(one.email, own_domains)),
        declined_by_us=bool(ours) and all(one.declined for one in ours),
        organizer=organizer,
        organized_by_us=organizer is not None and _is_own(organizer, own_domains),
    )


def _add(found: dict[str, Attendee | None], one: Property, email: str | None) -> None:
    """A first mention holds: an organizer who is a room or informed only does not come back as a person."""
    name = " ".join(one.parameters.get("CN", "").strip(" \"'").split())[:200]
    key = email or name
    if key and key not in found:
        person = Attendee(
            email, _proper_name(name, email), one.parameters.get("PARTSTAT", "").upper() in _DECLINED_STATUSES
        )
        found[key] = person if _is_person(one, email) else None


def _is_person(one: Property, email: str | None) -> bool:
    return (
        one.parameters.get("CUTYPE", "").upper() not in _NON_PERSON_TYPES
        and one.parameters.get("ROLE", "").upper() != "NON-PARTICIPANT"
        and not (email and is_nobody(email))
    )


def _email(one: Property) -> str | None:
    """The address in the value, with or without mailto:, else beside the parameters, in EMAIL, or in the name."""
    parameters = one.parameters
    texts = (one.value, parameters.get("", ""), parameters.get("EMAIL", ""), parameters.get("CN", ""))
    return next(filter(None, map(_address, texts)), None)


def _address(text: str) -> str | None:
    if "@" not in text and "%40" not in text:
        return None
    for word in _BETWEEN.split(unquote(text[:_READ_CHARACTERS])):
        if "@" in word and _ADDRESS.fullmatch(word.strip("'.")):
            return word.strip("'.").lower()
    return None


def _proper_name(name: str, email: str | None) -> str | None:
    lower = name.lower().removeprefix("mailto:").removeprefix("smtp:").strip()
    return None if lower == email else name or None


def _is_own(email: str, own_domains: frozenset[str]) -> bool:
    return is_own_domain(email.rpartition("@")[2], own_domains)
