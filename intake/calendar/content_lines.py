"""Content lines: name, parameters and value, also of lines that calendars write against the rules.

Format: RFC 5545, section 3.1; RFC 6868 (`^` in parameters). Every step costs time in proportion to the line.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from icalendar.prop import vDDDTypes

_PROPERTY = re.compile(r"([A-Za-z0-9-]+)[ \t]*(?=[;:])")
_QUOTED = re.compile(r'"[^"]*"')
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_ZONE_WITH_COLON = re.compile(r'(?i)(;TZID=)(\((?:UTC|GMT)[^)"]{0,12}\)[^;:"]{0,200}|tzone://[^;:"]{0,200})(?=[;:])')
_MAILTO = re.compile(r"(?i)[:;][ \t]*mailto:")

DateOrTime = datetime | date
TimeValue = datetime | date | timedelta | tuple[datetime, datetime | timedelta]


@dataclass(frozen=True, slots=True)
class Property:
    """A property: line number, name in capitals, parameters by name in capitals, and the value as written."""

    line: int
    name: str
    parameters: dict[str, str]
    value: str

    @property
    def text(self) -> str:
        """The value of a TEXT property, unescaped."""
        return _ESCAPED.sub(_unescaped, self.value)


def property_name(text: str) -> str:
    """The property name of a content line in capitals; empty if it has none."""
    match = _PROPERTY.match(text)
    return match[1].upper() if match else ""


def parse_property(line: int, text: str) -> Property:
    """The property of a content line. What belongs to no parameter stands in the parameter with the empty name."""
    match = _PROPERTY.match(text)
    name, rest = (match[1].upper(), text[match.end() :]) if match else ("", text)
    if "TZID" in rest.upper():
        rest = _ZONE_WITH_COLON.sub(r'\1"\2"', rest)
    head, value = _split(rest, is_person=name in ("ATTENDEE", "ORGANIZER"))
    return Property(line, name, _parameters(head) if head else {}, value.strip())


def time_value(text: str) -> TimeValue | None:
    """A date, date-time, duration or period; None if it is none of them."""
    try:
        value: object = vDDDTypes.from_ical(text.strip().upper())  # type: ignore[no-untyped-call]
    except (ValueError, OverflowError, AttributeError, TypeError):
        return None
    return value if isinstance(value, date | timedelta | tuple) else None


def _split(rest: str, *, is_person: bool) -> tuple[str, str]:
    """Parameters and value: divided by the last `mailto:` of a person, else by the first colon outside quotes."""
    masked = _QUOTED.sub(lambda quoted: "_" * len(quoted[0]), rest) if '"' in rest else rest
    if is_person:
        found = list(_MAILTO.finditer(masked))
        if found:
            return rest[: found[-1].start()], rest[found[-1].start() + 1 :]
    colon = masked.find(":")
    if colon < 0:
        colon = rest.find(":") if '"' in masked else -1
    return (rest[:colon], rest[colon + 1 :]) if colon >= 0 else (rest, "")


def _parameters(head: str) -> dict[str, str]:
    found: dict[str, str] = {}
    masked = _QUOTED.sub(lambda quoted: "_" * len(quoted[0]), head) if '"' in head else head
    start = 0
    for end in [*(index for index, character in enumerate(masked) if character == ";"), len(head)]:
        name, equals, value = head[start:end].partition("=")
        start = end + 1
        if name.strip():
            found.setdefault(name.strip().upper() if equals else "", _parameter_value(value if equals else name))
    return found


def _parameter_value(text: str) -> str:
    value = text.strip().strip('"')
    return value.replace("^n", " ").replace("^'", '"').replace("^^", "^") if "^" in value else value


def _unescaped(match: re.Match[str]) -> str:
    return "\n" if match[1] in "nN" else match[1]
