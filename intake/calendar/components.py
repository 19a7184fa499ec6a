"""Splits an iCalendar file into its components, complete and broken ones, without interpreting properties.

Format: RFC 5545, section 3.1 (folded content lines) and 3.6 (components).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from intake.files.text import READ_ERRORS, open_bytes

_ENTRY_KINDS = frozenset({"VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VAVAILABILITY"})
_TOP_LEVEL_KINDS = _ENTRY_KINDS | {"VTIMEZONE", "VCALENDAR"}
_BOUNDARY = re.compile(r"(BEGIN|END)[ \t]*:[ \t]*([A-Za-z0-9-]+)[ \t]*$", re.IGNORECASE)
_PROPERTY = re.compile(r"([A-Za-z0-9-]+)[ \t]*(?=[;:])")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(slots=True)
class CalendarContext:
    """The calendar around a component: its METHOD, and the zone of times without one (X-WR-TIMEZONE)."""

    method: str = ""
    zone: str | None = None


@dataclass(slots=True)
class Component:
    """A component: kind, first line, and content lines with their numbers, without inner components."""

    kind: str
    line: int
    calendar: CalendarContext
    lines: list[tuple[int, str]] = field(default_factory=list)

    def line_of(self, name: str) -> int:
        """The line of a property, else the first line of the component."""
        return next((number for number, text in self.lines if property_name(text) == name), self.line)


@dataclass(frozen=True, slots=True)
class BrokenComponent:
    """An incomplete component or an unreadable part of the file."""

    line: int
    code: str
    why: str


def read_components(path: Path) -> Iterator[Component | BrokenComponent]:
    """The components of the file, in file order; VTIMEZONE with inner components. Does not raise."""
    line = 0
    parser = _ComponentParser()
    try:
        with open_bytes(path) as file:
            for line, text in _content_lines(file):
                yield from parser.feed(line, text)
        yield from parser.close(line)
    except READ_ERRORS as error:
        yield BrokenComponent(line + 1, "unreadable", f"cannot read {path.name} after line {line}: {error}")


def property_name(text: str) -> str:
    """The property name of a content line in capitals; empty if it has none."""
    match = _PROPERTY.match(text)
    return match[1].upper() if match else ""


class _ComponentParser:
    """Parser state: the open calendar and component."""

    def __init__(self) -> None:
        self._calendar = CalendarContext()
        self._component: Component | None = None
        self._inner_kinds: list[str] = []
        self._component_count = 0

    def feed(self, line: int, text: str) -> Iterator[Component | BrokenComponent]:
        boundary = _BOUNDARY.match(text)
        if boundary is None:
            self._add_property(line, text)
        elif boundary[1].upper() == "BEGIN":
            yield from self._open_component(line, boundary[2].upper(), text)
        else:
            yield from self._close_component(line, boundary[2].upper(), text)

    def close(self, line: int) -> Iterator[BrokenComponent]:
        yield from self._discard_unclosed("the end of the file")
        if self._component_count == 0:
            yield BrokenComponent(
                1, "no_calendar", f"not an iCalendar file: no BEGIN:VCALENDAR and no component in {line} lines"
            )

    def _add_property(self, line: int, text: str) -> None:
        if self._component is not None:
            if not self._inner_kinds or self._component.kind == "VTIMEZONE":
                self._component.lines.append((line, text))
        elif property_name(text) == "METHOD":
            self._calendar.method = text.partition(":")[2].strip().upper()
        elif property_name(text) == "X-WR-TIMEZONE":
            self._calendar.zone = text.partition(":")[2].strip()

    def _open_component(self, line: int, kind: str, text: str) -> Iterator[BrokenComponent]:
        self._component_count += 1
        if self._component is not None and kind not in _TOP_LEVEL_KINDS:
            self._inner_kinds.append(kind)
            self._add_zone_line(line, text)
            return
        yield from self._discard_unclosed(f"BEGIN:{kind} in line {line}")
        if kind == "VCALENDAR":
            self._calendar = CalendarContext()
        else:
            self._component = Component(kind, line, self._calendar)

    def _close_component(self, line: int, kind: str, text: str) -> Iterator[Component | BrokenComponent]:
        if self._component is not None and kind == self._component.kind:
            yield self._component
            self._component, self._inner_kinds = None, []
        elif kind in _TOP_LEVEL_KINDS:
            yield from self._unmatched_end(line, kind)
        elif self._inner_kinds:
            self._inner_kinds.pop()
            self._add_zone_line(line, text)

    def _unmatched_end(self, line: int, kind: str) -> Iterator[BrokenComponent]:
        if self._component is not None:
            yield from self._discard_unclosed(f"END:{kind} in line {line}")
        elif kind != "VCALENDAR":
            yield BrokenComponent(line, "bad_component", f"END:{kind} without a BEGIN:{kind} before it")

    def _add_zone_line(self, line: int, text: str) -> None:
        if self._component is not None and self._component.kind == "VTIMEZONE":
            self._component.lines.append((line, text))

    def _discard_unclosed(self, before: str) -> Iterator[BrokenComponent]:
        if self._component is not None:
            why = f"BEGIN:{self._component.kind} has no END:{self._component.kind} before {before}"
            yield BrokenComponent(self._component.line, "bad_component", why)
        self._component, self._inner_kinds = None, []


def _content_lines(file: Iterator[bytes]) -> Iterator[tuple[int, str]]:
    """Unfolded lines with the number of their first physical line; without empty ones."""
    unfolded, first = bytearray(), 1
    for number, raw in enumerate(file, 1):
        line = raw.rstrip(b"\r\n")
        if line[:1] in (b" ", b"\t") and unfolded:
            unfolded += line[1:]
            continue
        if unfolded:
            yield first, _text(bytes(unfolded))
        unfolded, first = bytearray(line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line), number
    if unfolded:
        yield first, _text(bytes(unfolded))


def _text(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")
