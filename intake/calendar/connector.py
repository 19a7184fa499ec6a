"""Connector for iCalendar files: meetings with people from outside. Reads no descriptions, locations or attachments.

Format: RFC 5545 and 5546, and the habits of Google, Microsoft and Apple. A file is read as a whole, because the newest
version of an entry may be anywhere. Observations are sorted by time.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from hashlib import blake2b
from pathlib import Path

from intake.budgets import DEFAULT_BUDGETS, Budgets
from intake.calendar.attendees import Attendee
from intake.calendar.components import BrokenComponent, Component, read_components
from intake.calendar.events import CalendarEntry, EventContext, InvalidEntry, newest_versions, parse_entry
from intake.calendar.series import ExpansionBudget, Occurrence, occurrences
from intake.calendar.zones import Zones
from intake.observation import Filtered, Item, Observation, Rejected
from schemas import format_time, from_datetime

_REPLY_METHODS = frozenset({"REPLY", "COUNTER", "REFRESH", "DECLINECOUNTER"})


def read(
    path: Path,
    own_domains: frozenset[str] = frozenset(),
    *,
    now: int,
    horizon_days: int = 366,
    zone: tzinfo = UTC,
    source: str | None = None,
    budgets: Budgets = DEFAULT_BUDGETS,
) -> Iterator[Item]:
    """Rejections in file order, then everything else by time. No content of the file raises an exception.

    `own_domains`: their people are not from outside. `now`: milliseconds since 1970; a meeting that has ended by then
    was held, a later one is booked if it starts within the horizon. `zone`: for times and calendars without one.
    """
    own = frozenset(map(str.lower, own_domains))
    options = _ReadOptions(path.name, own, now, source or f"calendar/{path.stem}", zone, budgets)
    entries, items = _entries(path, options)
    yield from items
    until = datetime.fromtimestamp(now / 1000, UTC) + timedelta(days=horizon_days)
    newest, older = newest_versions(entries)
    meetings = _Meetings(options, until, ExpansionBudget(budgets), _keys_booked(older))
    dated: list[_Dated] = [(now, Filtered(options.where(entry.line), "an older version")) for entry in older]
    dated += [pair for group in _grouped_by_uid(newest) for pair in meetings.items_of_uid(group)]
    yield from (item for _, item in sorted(dated, key=lambda pair: pair[0]))


@dataclass(frozen=True, slots=True)
class _ReadOptions:
    file: str
    own_domains: frozenset[str]
    now: int
    source: str
    zone: tzinfo
    budgets: Budgets

    def where(self, line: int) -> str:
        return f"{self.file}:{line}"


_Dated = tuple[int, Item]
_Key = tuple[str, object]


def _entries(path: Path, options: _ReadOptions) -> tuple[list[CalendarEntry], list[Item]]:
    """The valid events, and the items of everything else."""
    components = list(read_components(path, options.budgets))
    zones = Zones(item for item in components if isinstance(item, Component) and item.kind == "VTIMEZONE")
    context = EventContext(zones=zones, zone=options.zone, own_domains=options.own_domains, budgets=options.budgets)
    entries: list[CalendarEntry] = []
    items: list[Item] = []
    for component in components:
        outcome = _parsed(component, context, options)
        if isinstance(outcome, CalendarEntry):
            entries.append(outcome)
        elif outcome is not None:
            items.append(outcome)
    return entries, items


def _parsed(
    component: Component | BrokenComponent, context: EventContext, options: _ReadOptions
) -> CalendarEntry | Item | None:
    if isinstance(component, BrokenComponent):
        return _rejected(component, options)
    where = options.where(component.line)
    if component.kind != "VEVENT":
        return None if component.kind == "VTIMEZONE" else Filtered(where, "not a meeting")
    if component.calendar.method in _REPLY_METHODS:
        return Filtered(where, "an answer to an invitation")
    entry = parse_entry(component, context)
    return Rejected(options.where(entry.line), entry.code, entry.why) if isinstance(entry, InvalidEntry) else entry


def _rejected(broken: BrokenComponent, options: _ReadOptions) -> Rejected:
    if broken.line is None:
        return Rejected(options.file, broken.code, broken.why, whole=True)
    return Rejected(options.where(broken.line), broken.code, broken.why)


def _grouped_by_uid(newest: list[CalendarEntry]) -> Iterable[list[CalendarEntry]]:
    groups: dict[str, list[CalendarEntry]] = defaultdict(list)
    for entry in newest:
        groups[entry.uid].append(entry)
    return groups.values()


def _keys_booked(older: list[CalendarEntry]) -> set[_Key]:
    """Entries that an older version shows as meetings that somebody of ours meant to go to."""
    return {entry.key for entry in older if _is_on(entry)}


def _keys_booked_by_series(group: list[CalendarEntry]) -> set[_Key]:
    """Changed occurrences of a series that somebody of ours means to go to."""
    is_booked = any(entry.recurrence_id is None and _is_on(entry) for entry in group)
    return {entry.key for entry in group if entry.recurrence_id is not None} if is_booked else set()


def _is_on(entry: CalendarEntry) -> bool:
    return not entry.canceled and not entry.attendance.declined_by_us


@dataclass(slots=True)
class _Meetings:
    """Turns entries into items."""

    options: _ReadOptions
    until: datetime
    budget: ExpansionBudget
    booked: set[_Key]

    def items_of_uid(self, group: list[CalendarEntry]) -> list[_Dated]:
        """Items of the occurrences that have ended or were canceled, and of the next one: the booking of the series."""
        found = occurrences(group, self.until, self.budget)
        if not found:
            where = self.options.where(group[0].line)
            return [(self.options.now, Filtered(where, "no occurrence within the horizon"))]
        self.booked |= _keys_booked_by_series(group)
        return [pair for occurrence in self._told(found) for pair in self._items_of(occurrence)]

    def _told(self, found: list[Occurrence | InvalidEntry]) -> Iterator[Occurrence | InvalidEntry]:
        booked = False
        for one in found:
            if isinstance(one, InvalidEntry) or one.entry.canceled or from_datetime(one.end) <= self.options.now:
                yield one
            elif not booked:
                booked = True
                yield one

    def _items_of(self, occurrence: Occurrence | InvalidEntry) -> Iterator[_Dated]:
        if isinstance(occurrence, InvalidEntry):
            where = self.options.where(occurrence.line)
            yield self.options.now, Rejected(where, occurrence.code, occurrence.why)
            return
        where, start = self.options.where(occurrence.entry.line), from_datetime(occurrence.start)
        reason = _filter_reason(occurrence.entry, start) or self._absence_reason(occurrence.entry)
        if reason:
            yield start, Filtered(where, reason)
            return
        kind, time, planned = self._classify(occurrence)
        for attendee in occurrence.entry.attendance.outside:
            yield time, self._observation(occurrence, attendee, kind, time, f"{occurrence.entry.uid}/{planned}")

    def _absence_reason(self, entry: CalendarEntry) -> str | None:
        """An invitation from outside that all of ours declined was no meeting, unless it was booked before."""
        booked = entry.attendance.organized_by_us or entry.key in self.booked or entry.canceled
        return "nobody of ours went" if entry.attendance.declined_by_us and not booked else None

    def _classify(self, occurrence: Occurrence) -> tuple[str, int, str]:
        """Kind, time and planned start of the event. A booking has `-` as planned start: one per UID."""
        entry, now, start = occurrence.entry, self.options.now, from_datetime(occurrence.start)
        planned = _formatted(occurrence.planned)
        if entry.canceled or entry.attendance.declined_by_us:
            return (
                "canceled",
                min(_change_time(entry, "LAST-MODIFIED", "DTSTAMP", "CREATED", default=start), now),
                planned,
            )
        if from_datetime(occurrence.end) > now:
            return "booked", min(_change_time(entry, "CREATED", "DTSTAMP", "LAST-MODIFIED", default=now), now), "-"
        return ("missed" if entry.missed else "held"), start, planned

    def _observation(
        self, occurrence: Occurrence, attendee: Attendee, kind: str, time: int, meeting: str
    ) -> Observation:
        entry, email = occurrence.entry, attendee.email or ""
        fields = {
            "meeting": entry.uid,
            "title": entry.title,
            "starts_at": _formatted(occurrence.start),
            "minutes": int((occurrence.end - occurrence.start).total_seconds() // 60),
            "attendees": entry.attendance.present,
        }
        return Observation(
            where=self.options.where(entry.line),
            source=self.options.source,
            id=f"{meeting}/{email}/{kind}",
            former_id=f"{meeting}/{_hash(email)}/{kind}",
            personal=_personal_fields(entry.uid),
            type=f"meeting.{kind}.v1",
            time=time,
            data={name: value for name, value in fields.items() if value is not None},
            email=attendee.email,
            name=attendee.name,
        )


def _filter_reason(entry: CalendarEntry, start: int) -> str | None:
    if entry.all_day:
        return "an all-day entry"
    if start < 0:
        return "before 1970"
    return None if entry.attendance.outside else "no outside attendee"


def _change_time(entry: CalendarEntry, *names: str, default: int) -> int:
    return next((entry.changed_at[name] for name in names if name in entry.changed_at), default)


def _personal_fields(uid: str) -> tuple[str, ...]:
    """The id holds the address. A UID often is one, too, and one made of the content hashes the attendees."""
    return ("id", "meeting") if "@" in uid or uid.startswith("content:") else ("id",)


def _formatted(moment: datetime) -> str:
    return format_time(from_datetime(moment))


def _hash(email: str) -> str:
    return blake2b(email.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
