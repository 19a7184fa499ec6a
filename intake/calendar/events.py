"""Reads VEVENTs: their times, people and titles. Tells the newest version of each from the older ones."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from hashlib import blake2b

from intake.budgets import DEFAULT_BUDGETS, Budgets
from intake.calendar.attendees import Attendance, attendance
from intake.calendar.components import Component
from intake.calendar.content_lines import DateOrTime, Property, parse_property, time_value
from intake.calendar.recurrence import Recurrence, RecurrenceError, parse_recurrence
from intake.calendar.titles import Title
from intake.calendar.zones import Zones
from schemas import from_datetime

_ALL_DAY_FLAGS = ("X-MICROSOFT-CDO-ALLDAYEVENT", "X-MICROSOFT-MSNCALENDAR-ALLDAYEVENT", "X-FUNAMBOL-ALLDAY")
_BUSY_STATUSES = ("X-MICROSOFT-CDO-INTENDEDSTATUS", "X-MICROSOFT-CDO-BUSYSTATUS")
_NOT_BUSY = frozenset({"FREE", "OOF", "WORKINGELSEWHERE"})
_TRUE = frozenset({"TRUE", "YES", "1"})
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarEntry:
    """A valid VEVENT. With a `recurrence_id` it replaces that occurrence of a series."""

    line: int
    uid: str
    revision: tuple[int, int, int]
    """SEQUENCE, DTSTAMP, line: the highest is the newest."""
    start: datetime
    """With a zone: that of DTSTART, else of the calendar."""
    duration: timedelta
    all_day: bool
    recurrence_id: datetime | None
    recurrence_day: date | None
    """The RECURRENCE-ID, if it is a date."""
    and_future: bool
    """RANGE=THISANDFUTURE: it replaces the later occurrences, too."""
    recurrence: Recurrence | None
    attendance: Attendance
    title: str | None
    canceled: bool
    missed: bool
    changed_at: dict[str, int]
    """CREATED, DTSTAMP and LAST-MODIFIED in milliseconds since 1970, if given."""

    @property
    def key(self) -> tuple[str, datetime | date | None]:
        return self.uid, self.recurrence_day or self.recurrence_id


@dataclass(frozen=True, slots=True)
class InvalidEntry:
    """Why a VEVENT is invalid, and in which line."""

    line: int
    code: str
    why: str


class _InvalidError(Exception):
    def __init__(self, line: int, code: str, why: str) -> None:
        super().__init__(why)
        self.entry = InvalidEntry(line, code, why)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventContext:
    """What a VEVENT is read with."""

    zones: Zones = field(default_factory=Zones)
    zone: tzinfo = UTC
    """Of times without one, where the calendar names none."""
    own_domains: frozenset[str] = frozenset()
    budgets: Budgets = DEFAULT_BUDGETS


def parse_entry(component: Component, context: EventContext) -> CalendarEntry | InvalidEntry:
    """Parse and validate a VEVENT."""
    try:
        return _Event(component, context).entry()
    except _InvalidError as error:
        return error.entry


def newest_versions(entries: Iterable[CalendarEntry]) -> tuple[list[CalendarEntry], list[CalendarEntry]]:
    """The newest version of each UID and RECURRENCE-ID, in order of first appearance, and all older versions."""
    newest: dict[tuple[str, datetime | date | None], CalendarEntry] = {}
    older: list[CalendarEntry] = []
    for entry in entries:
        known = newest.get(entry.key)
        if known is None or entry.revision >= known.revision:
            newest[entry.key] = entry
            older += [known] if known else []
        else:
            older.append(entry)
    return list(newest.values()), older


class _Event:
    """One VEVENT while it is read."""

    def __init__(self, component: Component, context: EventContext) -> None:
        self._component, self._zones, self._own_domains = component, context.zones, context.own_domains
        self._zone = self._calendar_zone = context.zones.named(component.calendar.zone) or context.zone
        self._properties: dict[str, list[Property]] = {}
        for line, text in component.lines:
            one = parse_property(line, text)
            self._properties.setdefault(one.name, []).append(one)
        most = context.budgets.attendees
        if len(self._all("ATTENDEE")) > most:
            raise _InvalidError(self._all("ATTENDEE")[most].line, "too_complex", f"more than {most:,} attendees")

    def entry(self) -> CalendarEntry:
        first, start = self._moment("DTSTART")
        self._zone = start.tzinfo or self._zone  # of an end or an exception that names none
        replaced = self._moment("RECURRENCE-ID") if self._all("RECURRENCE-ID") else (None, None)
        title = Title(self._text("SUMMARY"))
        duration = self._duration(first, start)
        return CalendarEntry(
            line=self._component.line,
            uid=self._uid(),
            revision=(self._sequence(), self._stamp("DTSTAMP") or 0, self._component.line),
            start=start,
            duration=duration,
            all_day=not isinstance(first, datetime) or self._is_marked_all_day(start, duration),
            recurrence_id=replaced[1],
            recurrence_day=None if replaced[0] is None or isinstance(replaced[0], datetime) else replaced[0],
            and_future=any(
                one.parameters.get("RANGE", "").upper() == "THISANDFUTURE" for one in self._all("RECURRENCE-ID")
            ),
            recurrence=self._recurrence(first, start),
            attendance=attendance(self._all("ATTENDEE"), self._all("ORGANIZER"), self._own_domains),
            title=title.text,
            canceled=self._is_canceled(title),
            missed=title.missed or self._text("X-STAFFEL-NO-SHOW").strip().upper() in _TRUE,
            changed_at=self._stamps(),
        )

    def _all(self, name: str) -> list[Property]:
        return self._properties.get(name, [])

    def _text(self, name: str) -> str:
        return self._all(name)[0].text if self._all(name) else ""

    def _is_canceled(self, title: Title) -> bool:
        status = self._text("STATUS").strip().upper()
        return self._component.calendar.method == "CANCEL" or title.canceled or status in ("CANCELLED", "CANCELED")

    def _moment(self, name: str) -> tuple[DateOrTime, datetime]:
        """The value of a property as written, and as a time with a zone."""
        found = self._all(name)
        value = time_value(found[0].value) if len(found) == 1 else None
        if isinstance(value, datetime) and found[0].parameters.get("VALUE", "").upper() == "DATE":
            value = value.date()
        if not isinstance(value, date):
            raise _InvalidError(
                self._component.line_of(name),
                "bad_time",
                f"{name} is missing, repeated, or not a date-time like 20240131T090000Z",
            )
        if not 1900 <= value.year <= 9000:
            raise _InvalidError(found[0].line, "bad_time", f"{name}: implausible year {value.year}")
        return value, self._zoned(value, found[0])

    def _zoned(self, value: DateOrTime, one: Property) -> datetime:
        """A date at midnight; UTC if the time says so, else the zone of the property, else that of the calendar."""
        moment = value if isinstance(value, datetime) else datetime.combine(value, time())
        if moment.tzinfo is not None:
            return moment.replace(tzinfo=UTC)
        name = one.parameters.get("TZID") if isinstance(value, datetime) else None
        zone = self._zones.named(name) if name else self._zone
        if zone is None:
            shown = (name or "")[:100]
            why = f"{one.name}: unknown TZID {shown!r}; add its VTIMEZONE"
            raise _InvalidError(one.line, "unknown_zone", why)
        return moment.replace(tzinfo=zone)

    def _duration(self, first: DateOrTime, start: datetime) -> timedelta:
        """By DTEND, else DURATION, else one day for a date and zero for a time."""
        if self._all("DTEND"):
            duration = self._moment("DTEND")[1].astimezone(UTC) - start.astimezone(UTC)
        elif self._all("DURATION"):
            value = time_value(self._all("DURATION")[0].value)
            if not isinstance(value, timedelta):
                why = "DURATION is not a duration like PT30M"
                raise _InvalidError(self._component.line_of("DURATION"), "bad_time", why)
            duration = value
        else:
            duration = timedelta(0) if isinstance(first, datetime) else _DAY
        if duration < timedelta(0):
            raise _InvalidError(self._component.line_of("DTEND"), "bad_time", "the event ends before it starts")
        if duration > 3_660 * _DAY:
            raise _InvalidError(self._component.line_of("DTEND"), "bad_time", "the event lasts longer than ten years")
        return duration

    def _is_marked_all_day(self, start: datetime, duration: timedelta) -> bool:
        """By the flag of Outlook and others, or from midnight to midnight and marked as no time of work."""
        flags = {self._text(name).strip().upper() in _TRUE for name in _ALL_DAY_FLAGS if self._all(name)}
        if flags:
            return True in flags
        whole_days = any(_is_whole_days(start, duration, zone) for zone in (start.tzinfo, self._calendar_zone))
        statuses = {self._text(name).strip().upper() for name in _BUSY_STATUSES}
        return whole_days and (self._text("TRANSP").strip().upper() == "TRANSPARENT" or bool(statuses & _NOT_BUSY))

    def _recurrence(self, first: DateOrTime, start: datetime) -> Recurrence | None:
        if not any(self._all(name) for name in ("RRULE", "RDATE")) or self._all("RECURRENCE-ID"):
            return None
        try:
            return parse_recurrence(self._properties, first, start, self._zoned)
        except RecurrenceError as error:
            raise _InvalidError(error.line, error.code, str(error)) from None

    def _stamps(self) -> dict[str, int]:
        stamps = {name: self._stamp(name) for name in ("CREATED", "DTSTAMP", "LAST-MODIFIED")}
        return {name: stamp for name, stamp in stamps.items() if stamp is not None and stamp >= 0}

    def _stamp(self, name: str) -> int | None:
        value = time_value(self._all(name)[0].value) if self._all(name) else None
        try:
            return from_datetime(self._zoned(value, self._all(name)[0])) if isinstance(value, date) else None
        except (_InvalidError, OverflowError, ValueError):
            return None

    def _sequence(self) -> int:
        text = self._text("SEQUENCE").strip()[:12]
        return int(text) if text.isascii() and text.isdigit() else 0

    def _uid(self) -> str:
        """The UID without spaces; a hash of the content if it is missing, a hash of the UID if it is too long."""
        uid = "".join(self._text("UID").split())
        if 0 < len(uid) <= 300:
            return uid
        return f"content:{_hash(uid) if uid else self._component.digest}"


def _is_whole_days(start: datetime, duration: timedelta, zone: tzinfo | None) -> bool:
    first, end = (moment.astimezone(zone) for moment in (start, start.astimezone(UTC) + duration))
    return first.time() == end.time() == time() and duration > timedelta(0)


def _hash(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=10).hexdigest()
