"""Occurrences of a meeting, single or recurring, within a budget per series, organizer and file."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from intake.budgets import DEFAULT_BUDGETS, Budgets
from intake.calendar.events import CalendarEntry, InvalidEntry
from intake.calendar.recurrence import Recurrence


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One occurrence of a meeting. `planned` is its original start in the series; with the UID it identifies it."""

    entry: CalendarEntry
    start: datetime
    end: datetime
    planned: datetime


@dataclass(slots=True)
class _Spent:
    occurrences: int = 0
    seconds: float = 0.0


@dataclass(slots=True)
class ExpansionBudget:
    """What the recurring meetings of a file, and of each of its organizers, have used up.

    `clock`: processor time in seconds. An occurrence costs one for each attendee from outside, at least one: so many
    facts it may become.
    """

    budgets: Budgets = DEFAULT_BUDGETS
    clock: Callable[[], float] = time.thread_time
    _file: _Spent = field(default_factory=_Spent)
    _organizers: dict[str, _Spent] = field(default_factory=lambda: defaultdict(_Spent))
    _organizer: _Spent = field(default_factory=_Spent)
    _read_at: float = 0.0
    _count: int = 0

    def open_series(self, series: CalendarEntry) -> str | None:
        """Counts for this series from now on; the budget that is used up already, if any."""
        self._organizer = self._organizers[series.attendance.organizer or ""]
        self._read_at, self._count = self.clock(), 0
        return self._exceeded()

    def exceeded_by(self, entry: CalendarEntry) -> str | None:
        """Adds one occurrence; the budget that it exceeds, if any."""
        self._count += 1
        size = max(1, len(entry.attendance.outside))
        self._file.occurrences += size
        self._organizer.occurrences += size
        self.add_time()
        return self._exceeded()

    def add_time(self) -> None:
        """Also where a rule is searched in vain."""
        now = self.clock()
        self._file.seconds += now - self._read_at
        self._organizer.seconds += now - self._read_at
        self._read_at = now

    def _exceeded(self) -> str | None:
        budgets = self.budgets
        limits = (
            (self._count, budgets.occurrences_per_series, "occurrences in this series"),
            (self._organizer.occurrences, budgets.occurrences_per_organizer, "recurring occurrences of one organizer"),
            (self._file.occurrences, budgets.occurrences, "recurring occurrences in this file"),
            (self._organizer.seconds, budgets.seconds_per_organizer, "seconds for the series of one organizer"),
            (self._file.seconds, budgets.seconds, "seconds for the series of this file"),
        )
        return next((f"more than {most:,} {what}" for value, most, what in limits if value > most), None)


def occurrences(
    entries: list[CalendarEntry], until: datetime, budget: ExpansionBudget | None = None
) -> list[Occurrence | InvalidEntry]:
    """Every occurrence of one UID that starts before `until`, by start. A canceled series yields one occurrence.

    `entries`: the newest versions, the series and its changed occurrences.
    """
    series = next((entry for entry in entries if entry.recurrence_id is None), None)
    if series is None or series.canceled or (len(entries) == 1 and series.recurrence is None):
        singles = [_occurrence(entry) for entry in ([series] if series else entries)]
        return [*sorted((one for one in singles if one.start < until), key=lambda one: one.start)]
    changes = [entry for entry in entries if entry.recurrence_id is not None]
    expansion = _Expansion(series, changes, until, budget or ExpansionBudget())
    found = [*expansion.occurrences()]
    return [*sorted(found, key=lambda one: one.start), *expansion.problems]


class _Expansion:
    """A series while it is expanded."""

    def __init__(
        self, series: CalendarEntry, changes: list[CalendarEntry], until: datetime, budget: ExpansionBudget
    ) -> None:
        self._series, self._until, self._budget = series, until, budget
        self._by_instant = {_utc(one.recurrence_id): one for one in changes if not one.recurrence_day}
        self._by_day = {one.recurrence_day: one for one in changes if one.recurrence_day}
        self._lasting = sorted((one for one in changes if one.and_future), key=_replaced)
        self._future: CalendarEntry | None = None
        self.problems: list[InvalidEntry] = []

    def occurrences(self) -> Iterator[Occurrence]:
        why = self._budget.open_series(self._series)
        if why:
            self._reject("too_complex", f"{why}; this series is ignored")
            return
        try:
            yield from self._within_budget()
        except (ValueError, OverflowError, TypeError) as error:
            self._reject("bad_recurrence", f"cannot expand the recurrence: {str(error)[:200]}")
        self._budget.add_time()
        yield from self._unplanned()

    def _within_budget(self) -> Iterator[Occurrence]:
        for planned, duration in self._planned():
            one = self._at(planned, duration)
            why = self._budget.exceeded_by(one.entry)
            if why:
                self._reject("too_complex", f"{why}; the later ones are ignored")
                return
            if one.start < self._until:
                yield one
            if self._future is not None and self._future.canceled:
                return  # the rest of the series is canceled as a whole

    def _planned(self) -> Iterator[tuple[datetime, timedelta]]:
        """Planned starts in UTC, and durations."""
        zone, series = self._series.start.tzinfo, self._series
        recurrence = series.recurrence or _once(series)
        for start in recurrence.starts(self._until.astimezone(zone).replace(tzinfo=None)):
            planned = start.replace(tzinfo=zone).astimezone(UTC)
            if planned < self._until:
                yield planned, recurrence.durations.get(start, series.duration)

    def _at(self, planned: datetime, duration: timedelta) -> Occurrence:
        """The occurrence as its own change says, else the last change of it and the future, else the series."""
        while self._lasting and _replaced(self._lasting[0]) <= planned:
            self._future = self._lasting.pop(0)
        change = self._by_instant.pop(planned, None) or self._by_day.pop(self._day(planned), None)
        if change is not None:
            return _occurrence(change, planned)
        if self._future is not None:
            start = planned + (_utc(self._future.start) - _replaced(self._future))
            return _occurrence(self._future, planned, start=start)
        return _occurrence(self._series, planned, start=planned, duration=duration)

    def _day(self, planned: datetime) -> date:
        return planned.astimezone(self._series.start.tzinfo).date()

    def _unplanned(self) -> Iterator[Occurrence]:
        """Changes of occurrences that the series does not plan (any more) are meetings nevertheless."""
        canceled_from = _replaced(self._future) if self._future is not None and self._future.canceled else self._until
        for change in [*self._by_instant.values(), *self._by_day.values()]:
            if _utc(change.start) < self._until and _replaced(change) <= canceled_from:
                yield _occurrence(change)

    def _reject(self, code: str, why: str) -> None:
        self.problems.append(InvalidEntry(self._series.line, code, why))


def _once(entry: CalendarEntry) -> Recurrence:
    first = entry.start.replace(tzinfo=None)
    return Recurrence(first=first, rules=(), extra=(), durations={}, excluded_rules=(), excluded=frozenset())


def _occurrence(
    entry: CalendarEntry,
    planned: datetime | None = None,
    *,
    start: datetime | None = None,
    duration: timedelta | None = None,
) -> Occurrence:
    start = _utc(entry.start) if start is None else start
    planned = planned or _utc(entry.recurrence_id or entry.start)
    length = entry.duration if duration is None else duration
    return Occurrence(entry=entry, start=start, end=start + length, planned=planned)


def _replaced(change: CalendarEntry) -> datetime:
    return _utc(change.recurrence_id or change.start)


def _utc(moment: datetime | None) -> datetime:
    assert moment is not None
    return moment.astimezone(UTC)
