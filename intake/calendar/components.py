"""Cuts an iCalendar file into its components, good and broken ones; never reads what a property means.

Format: RFC 5545, section 3.1 (folded content lines) and 3.6 (components).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from intake.files.text import READ_ERRORS, open_bytes

_ENTRIES = frozenset({"VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VAVAILABILITY"})
_OUTER = _ENTRIES | {"VTIMEZONE", "VCALENDAR"}
_BOUNDARY = re.compile(r"(BEGIN|END)[ \t]*:[ \t]*([A-Za-z0-9-]+)[ \t]*$", re.IGNORECASE)
_PROPERTY = re.compile(r"([A-Za-z0-9-]+)[ \t]*(?=[;:])")
_MARK = b"\xef\xbb\xbf"


@dataclass(slots=True)
class Frame:
    """What the calendar around a component says: its METHOD and the zone its times are meant in (X-WR-TIMEZONE)."""

    method: str = ""
    zone: str | None = None


@dataclass(slots=True)
class Block:
    """One component: its kind and first line, its content lines with their numbers; inner components left out."""

    kind: str
    line: int
    frame: Frame
    lines: list[tuple[int, str]] = field(default_factory=list)

    def line_of(self, name: str) -> int:
        """Where a property stands, else where the component begins."""
        return next((number for number, text in self.lines if property_name(text) == name), self.line)


@dataclass(frozen=True, slots=True)
class Broken:
    """What is no whole component."""

    line: int
    code: str
    why: str


def blocks(path: Path) -> Iterator[Block | Broken]:
    """The components of the file in its order; zones (VTIMEZONE) with all their lines. Never raises."""
    line = 0
    cut = _Cut()
    try:
        with open_bytes(path) as file:
            for line, text in _content_lines(file):
                yield from cut.take(line, text)
        yield from cut.end(line)
    except READ_ERRORS as error:
        yield Broken(line + 1, "unreadable", f"{path.name} cannot be read after line {line}: {error}")


def property_name(text: str) -> str:
    """The name of a content line in capitals; empty where the line has none."""
    match = _PROPERTY.match(text)
    return match[1].upper() if match else ""


class _Cut:
    """The state between two lines: the calendar and the component that are open."""

    def __init__(self) -> None:
        self._frame = Frame()
        self._block: Block | None = None
        self._inner: list[str] = []
        self._calendars = 0

    def take(self, line: int, text: str) -> Iterator[Block | Broken]:
        boundary = _BOUNDARY.match(text)
        if boundary is None:
            self._keep(line, text)
        elif boundary[1].upper() == "BEGIN":
            yield from self._begin(line, boundary[2].upper(), text)
        else:
            yield from self._finish(line, boundary[2].upper(), text)

    def end(self, line: int) -> Iterator[Broken]:
        yield from self._unclosed("the end of the file")
        if self._calendars == 0:
            yield Broken(
                1, "no_calendar", f"no BEGIN:VCALENDAR and no component in {line} lines: not an iCalendar file"
            )

    def _keep(self, line: int, text: str) -> None:
        if self._block is not None:
            if not self._inner or self._block.kind == "VTIMEZONE":
                self._block.lines.append((line, text))
        elif property_name(text) == "METHOD":
            self._frame.method = text.partition(":")[2].strip().upper()
        elif property_name(text) == "X-WR-TIMEZONE":
            self._frame.zone = text.partition(":")[2].strip()

    def _begin(self, line: int, kind: str, text: str) -> Iterator[Broken]:
        self._calendars += 1
        if self._block is not None and kind not in _OUTER:
            self._inner.append(kind)
            self._keep_zone_line(line, text)
            return
        yield from self._unclosed(f"BEGIN:{kind} in line {line}")
        if kind == "VCALENDAR":
            self._frame = Frame()
        else:
            self._block = Block(kind, line, self._frame)

    def _finish(self, line: int, kind: str, text: str) -> Iterator[Block | Broken]:
        if self._block is not None and kind == self._block.kind:
            yield self._block
            self._block, self._inner = None, []
        elif kind in _OUTER:
            yield from self._misplaced(line, kind)
        elif self._inner:
            self._inner.pop()
            self._keep_zone_line(line, text)

    def _misplaced(self, line: int, kind: str) -> Iterator[Broken]:
        if self._block is not None:
            yield from self._unclosed(f"END:{kind} in line {line}")
        elif kind != "VCALENDAR":
            yield Broken(line, "bad_component", f"END:{kind} without a BEGIN:{kind} before it")

    def _keep_zone_line(self, line: int, text: str) -> None:
        if self._block is not None and self._block.kind == "VTIMEZONE":
            self._block.lines.append((line, text))

    def _unclosed(self, before: str) -> Iterator[Broken]:
        if self._block is not None:
            why = f"BEGIN:{self._block.kind} has no END:{self._block.kind} before {before}"
            yield Broken(self._block.line, "bad_component", why)
        self._block, self._inner = None, []


def _content_lines(file: Iterator[bytes]) -> Iterator[tuple[int, str]]:
    """Unfolded lines with the number of their first physical line; empty ones are passed over."""
    held, first = bytearray(), 1
    for number, raw in enumerate(file, 1):
        line = raw.rstrip(b"\r\n")
        if line[:1] in (b" ", b"\t") and held:
            held += line[1:]
            continue
        if held:
            yield first, _text(bytes(held))
        held, first = bytearray(line.removeprefix(_MARK) if number == 1 else line), number
    if held:
        yield first, _text(bytes(held))


def _text(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")
