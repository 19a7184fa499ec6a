"""Splits an iCalendar file into its components, complete and broken ones, without interpreting properties.

Format: RFC 5545, section 3.1 (folded content lines) and 3.6 (components). Only what meetings are read from is kept:
descriptions and attachments cost no memory, however long they are.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from io import BufferedReader, TextIOWrapper
from pathlib import Path
from typing import Any, NamedTuple

from intake.budgets import DEFAULT_BUDGETS, Budgets
from intake.calendar.content_lines import property_name
from intake.files.text import READ_ERRORS, is_binary, not_text, open_bytes, unreadable

_ENTRY_KINDS = frozenset({"VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VAVAILABILITY"})
_TOP_LEVEL_KINDS = _ENTRY_KINDS | {"VTIMEZONE", "VCALENDAR"}
_BOUNDARY = re.compile(r"(BEGIN|END)[ \t]*:[ \t]*([A-Za-z0-9-]{1,40})[ \t]*$", re.IGNORECASE)
_BYTE_ORDER_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_CHUNK = 1 << 20
_EVENT_PROPERTIES = frozenset(
    "UID DTSTART DTEND DURATION RECURRENCE-ID RRULE RDATE EXRULE EXDATE STATUS TRANSP SUMMARY SEQUENCE DTSTAMP CREATED"
    " LAST-MODIFIED ORGANIZER ATTENDEE X-STAFFEL-NO-SHOW X-MICROSOFT-CDO-ALLDAYEVENT X-MICROSOFT-CDO-BUSYSTATUS"
    " X-MICROSOFT-CDO-INTENDEDSTATUS X-MICROSOFT-MSNCALENDAR-ALLDAYEVENT X-FUNAMBOL-ALLDAY".split()
)


@dataclass(slots=True)
class CalendarContext:
    """The calendar around a component: its METHOD, and the zone of times without one (X-WR-TIMEZONE)."""

    method: str = ""
    zone: str | None = None


@dataclass(slots=True)
class Component:
    """A component: kind, first line, and the content lines that are read, numbered, without inner components."""

    kind: str
    line: int
    calendar: CalendarContext
    lines: list[tuple[int, str]] = field(default_factory=list)
    too_large_at: int | None = None
    """The first line that is over its budget, of a property that is read."""
    _digest: Any = None

    def add_to_digest(self, text: str) -> None:
        line = text.encode("utf-8", "surrogatepass")
        if self._digest is None:
            self._digest = blake2b(line, digest_size=10)
        else:
            self._digest.update(b"\n" + line)

    @property
    def digest(self) -> str:
        """Of all content lines, joined by line feeds."""
        return (self._digest or blake2b(digest_size=10)).hexdigest()

    def line_of(self, name: str) -> int:
        """The line of a property, else the first line of the component."""
        return next((number for number, text in self.lines if property_name(text) == name), self.line)


@dataclass(frozen=True, slots=True)
class BrokenComponent:
    """An incomplete component or an unreadable part of the file. `line` is None if it is the whole file."""

    line: int | None
    code: str
    why: str


class ContentLine(NamedTuple):
    """An unfolded line and the number of its first physical line. `cut`: it is over its budget; the rest is gone."""

    number: int
    content: bytes
    cut: bool


def read_components(path: Path, budgets: Budgets = DEFAULT_BUDGETS) -> Iterator[Component | BrokenComponent]:
    """The components of the file, in file order; VTIMEZONE with inner components. Does not raise."""
    line = 0
    parser = _ComponentParser(budgets)
    try:
        with open_bytes(path, budgets) as file:
            if is_binary(file):
                yield BrokenComponent(None, "not_text", not_text(path).why)
                return
            for content in _content_lines(file, budgets.line_bytes):
                line = content.number
                yield from parser.feed(content)
                if parser.kept_bytes > budgets.document_bytes:
                    yield BrokenComponent(line, "too_large", _too_much(budgets))
                    return
        yield from parser.close(line)
    except READ_ERRORS as error:
        problem = unreadable(error, path.name)
        yield BrokenComponent(line + 1 if line else None, problem.code, problem.why)


def _too_much(budgets: Budgets) -> str:
    return f"the meetings up to here take more than {budgets.document_bytes:,} bytes; split the file"


class _ComponentParser:
    """Parser state: the open calendar and component, and how much was kept so far."""

    def __init__(self, budgets: Budgets) -> None:
        self._line_bytes = budgets.line_bytes
        self._calendar = CalendarContext()
        self._component: Component | None = None
        self._inner_kinds: list[str] = []
        self._component_count = 0
        self.kept_bytes = 0

    def feed(self, content: ContentLine) -> Iterator[Component | BrokenComponent]:
        if content.cut:
            yield from self._pass_over(content)
            return
        line, text = content.number, _text(content.content)
        boundary = _BOUNDARY.match(text)
        if boundary is None:
            self._add_property(line, text)
        elif boundary[1].upper() == "BEGIN":
            yield from self._open_component(line, boundary[2].upper(), text)
        else:
            yield from self._close_component(line, boundary[2].upper(), text)

    def close(self, line: int) -> Iterator[BrokenComponent]:
        yield from self._discard_unclosed("the end of the file")
        if self._component_count == 0 and line:
            why = f"not an iCalendar file: no BEGIN:VCALENDAR and no component in {line} lines"
            yield BrokenComponent(None, "no_calendar", why)

    def _pass_over(self, content: ContentLine) -> Iterator[BrokenComponent]:
        """A line over its budget: of no account in a description or attachment, else the component is too large."""
        if self._component is None:
            why = f"a line longer than {self._line_bytes:,} bytes outside any entry; it was skipped"
            yield BrokenComponent(content.number, "too_large", why)
        elif self._is_read(self._component, property_name(_text(content.content[:200]))):
            self._component.too_large_at = self._component.too_large_at or content.number

    def _is_read(self, component: Component, name: str) -> bool:
        if component.kind == "VTIMEZONE":
            return True
        return component.kind == "VEVENT" and not self._inner_kinds and name in _EVENT_PROPERTIES

    def _add_property(self, line: int, text: str) -> None:
        if self._component is not None:
            self._add_to_component(self._component, line, text)
        elif property_name(text) == "METHOD":
            self._calendar.method = text.partition(":")[2].strip().upper()
        elif property_name(text) == "X-WR-TIMEZONE":
            self._calendar.zone = text.partition(":")[2].strip()

    def _add_to_component(self, component: Component, line: int, text: str) -> None:
        if not self._inner_kinds:
            component.add_to_digest(text)
        if self._is_read(component, property_name(text)):
            component.lines.append((line, text))
            self.kept_bytes += len(text)

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
            yield self._whole(self._component)
            self._component, self._inner_kinds = None, []
        elif kind in _TOP_LEVEL_KINDS:
            yield from self._unmatched_end(line, kind)
        elif self._inner_kinds:
            self._inner_kinds.pop()
            self._add_zone_line(line, text)

    def _whole(self, component: Component) -> Component | BrokenComponent:
        if component.too_large_at is None:
            return component
        why = f"a line of this {component.kind} is longer than {self._line_bytes:,} bytes"
        return BrokenComponent(component.too_large_at, "too_large", why)

    def _unmatched_end(self, line: int, kind: str) -> Iterator[BrokenComponent]:
        if self._component is not None:
            yield from self._discard_unclosed(f"END:{kind} in line {line}")
        elif kind != "VCALENDAR":
            yield BrokenComponent(line, "bad_component", f"END:{kind} without a BEGIN:{kind} before it")

    def _add_zone_line(self, line: int, text: str) -> None:
        if self._component is not None and self._component.kind == "VTIMEZONE":
            self._component.lines.append((line, text))
            self.kept_bytes += len(text)

    def _discard_unclosed(self, before: str) -> Iterator[BrokenComponent]:
        if self._component is not None:
            why = f"BEGIN:{self._component.kind} has no END:{self._component.kind} before {before}"
            yield BrokenComponent(self._component.line, "bad_component", why)
        self._component, self._inner_kinds = None, []


def _content_lines(file: BufferedReader, limit: int) -> Iterator[ContentLine]:
    """Unfolded lines of at most `limit` bytes, without empty ones."""
    unfolded, first, cut = bytearray(), 1, False
    for number, (line, is_cut) in enumerate(_physical_lines(file, limit), 1):
        if line[:1] in (b" ", b"\t") and unfolded:
            cut = cut or is_cut or len(unfolded) + len(line) > limit + 1
            unfolded += b"" if cut else line[1:]
            continue
        if unfolded:
            yield ContentLine(first, bytes(unfolded), cut)
        unfolded, first, cut = bytearray(line), number, is_cut
    if unfolded:
        yield ContentLine(first, bytes(unfolded), cut)


def _physical_lines(file: BufferedReader, limit: int) -> Iterator[tuple[bytes, bool]]:
    """The lines without their ends, and whether they were cut at `limit` bytes."""
    read_line = _line_reader(file)
    while line := read_line(limit + 2):
        ended = line.endswith(b"\n")
        line = line.rstrip(b"\r\n")
        cut = len(line) > limit
        rest = b"" if ended else line
        while rest and not rest.endswith(b"\n"):
            rest = read_line(_CHUNK)
            cut = cut or bool(rest.strip(b"\r\n"))
        yield line[:limit], cut


def _line_reader(file: BufferedReader) -> Any:
    """Reads a line of at most so many bytes; UTF-16 with a byte order mark becomes UTF-8."""
    encoding = _BYTE_ORDER_MARKS.get(file.peek(2)[:2])
    if encoding:
        text = TextIOWrapper(file, encoding=encoding, newline="\n")
        return lambda size: text.readline(size).encode("utf-8", "surrogatepass")
    if file.peek(3)[:3] == b"\xef\xbb\xbf":
        file.read(3)
    return file.readline


def _text(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")
