"""Hours, local days and calendar windows for the oracle, found by looking, never by formula. Reads no clock."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
QUARTER_HOUR = timedelta(minutes=15)
END_OF_TIME = datetime.max.replace(tzinfo=UTC)


def read_time(text: str) -> datetime:
    """The instant, cut to whole milliseconds."""
    moment = datetime.fromisoformat(text).astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def write_time(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def read_duration(text: str) -> timedelta:
    """`36h` or `30d`."""
    count, unit = int(text[:-1]), text[-1]
    return count * {"h": HOUR, "d": DAY}[unit]


def whole_hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def hours_between(earlier: datetime, later: datetime) -> int:
    """Whole UTC hours, both sides rounded down first."""
    return (whole_hour(later) - whole_hour(earlier)) // HOUR


def local_day(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The first quarter of an hour that the zone's wall calendar calls `day` (clocks change on quarters only)."""
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC) - 16 * HOUR
    while local_day(moment, zone) < day:
        moment += QUARTER_HOUR
    return moment


def window_of(moment: datetime, kind: str, zone: ZoneInfo) -> tuple[date, date] | None:
    """First day of the calendar window that holds `moment`, and first day after it; None for `ever`."""
    day = local_day(moment, zone)
    if kind == "ever":
        return None
    if kind == "day":
        return day, day + DAY
    if kind == "week":
        monday = day - day.weekday() * DAY
        return monday, monday + 7 * DAY
    return _months(day, {"month": 1, "quarter": 3}[kind])


def end_of_window(window: tuple[date, date] | None, zone: ZoneInfo) -> datetime:
    return END_OF_TIME if window is None else start_of_day(window[1], zone)


def instants_after(moment: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """Every later instant at which time alone may change something: whole UTC hours and local midnights."""
    hour = whole_hour(moment) + HOUR
    day = local_day(moment, zone) + DAY
    midnight = start_of_day(day, zone)
    while True:
        yield min(hour, midnight)
        passed = min(hour, midnight)
        if hour == passed:
            hour += HOUR
        if midnight == passed:
            day += DAY
            midnight = start_of_day(day, zone)


def _months(day: date, length: int) -> tuple[date, date]:
    first = (day.month - 1) // length * length + 1
    start = date(day.year, first, 1)
    after = first + length
    return start, date(day.year + (after > 12), (after - 1) % 12 + 1, 1)
