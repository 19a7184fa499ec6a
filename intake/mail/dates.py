"""Dates of mails: RFC 5322, its obsolete forms, and what programs write instead. A zone that is unknown is no UTC."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_tz
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from intake.mail.headers import Headers, first_value
from schemas import from_datetime, parse_time

_MAX_DATE_CHARS = 200
_MIN_TIME_MS = 31_536_000_000
"""1971. Earlier dates come from clocks that were never set."""
_MAX_TIME_MS = 253_402_300_800_000
_MAX_OFFSET_MINUTES = 24 * 60

_CLOCK = re.compile(r"(?<!\d)(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:[.,]\d{1,9})?)?(?: ?([ap])\.?m\b\.?)?", re.IGNORECASE)
_COMMENT = re.compile(r"\(([^()]{0,100})\)")
_YEAR = re.compile(r"(?<![\d+-])\d{4}$|^\d{4}(?![\d:])")
_OFFSET = re.compile(r"(?:gmt|utc|ut|z)? ?([+\-−]) ?(\d{1,2})(?::?(\d{2}))?(?![\d:])", re.IGNORECASE)
_ISO_DATE = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])-\d{2}")
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_AREA = re.compile(r"[A-Z][A-Za-z]{1,20}(?:/[A-Z][A-Za-z_+-]{1,30}){1,2}|Etc/(?:GMT|UTC)(?:[+-]\d{1,2})?")

_MINUTES = {
    "": 0, "z": 0, "ut": 0, "utc": 0, "gmt": 0, "wet": 0, "west": 60, "bst": 60, "cet": 60, "mez": 60, "met": 60,
    "wat": 60, "cest": 120, "mesz": 120, "mest": 120, "eet": 120, "cat": 120, "sast": 120, "eest": 180, "msk": 180,
    "eat": 180, "gst": 240, "pkt": 300, "ict": 420, "wib": 420, "awst": 480, "hkt": 480, "sgt": 480, "myt": 480,
    "pht": 480, "jst": 540, "kst": 540, "acst": 570, "aest": 600, "acdt": 630, "aedt": 660, "nzst": 720, "nzdt": 780,
    "brt": -180, "art": -180, "clst": -180, "clt": -240, "nst": -210, "ndt": -150, "ast": -240, "adt": -180,
    "est": -300, "edt": -240, "cst": -360, "cdt": -300, "mst": -420, "mdt": -360, "pst": -480, "pdt": -420,
    "met dst": 120, "cet dst": 120, "akst": -540, "akdt": -480, "hst": -600,
}  # fmt: skip
"""Abbreviations with one meaning, those of America as RFC 5322 has them. IST (India, Ireland, Israel) is unknown."""
_ZONES_WITH_SUMMER_TIME = {
    "est5edt": "America/New_York",
    "cst6cdt": "America/Chicago",
    "mst7mdt": "America/Denver",
    "pst8pdt": "America/Los_Angeles",
    "cet-1cest": "Europe/Berlin",
    "met-1mest": "Europe/Berlin",
    "mez-1mesz": "Europe/Berlin",
    "eet-2eest": "Europe/Athens",
    "gmt0bst": "Europe/London",
    "wet0west": "Europe/Lisbon",
}
_WEEKDAYS = frozenset({"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"})


@dataclass(frozen=True, slots=True)
class UnknownZone:
    """The date is readable, its zone is not, and nothing else gives the time."""


def sent_at(headers: Headers, envelope: str = "") -> int | UnknownZone | None:
    """Milliseconds since 1970 of Date, else of the newest Received, else of the `From ` line; None without any.

    A Date without a zone is in UTC. If its zone is unknown, only Received counts: the `From ` line has no zone either.
    """
    received = read_date(first_value(headers, "received").rpartition(";")[2], needs_zone=True)
    for text in headers.get("date", ()):
        at = read_date(text)
        if isinstance(at, UnknownZone):
            return received if isinstance(received, int) else at
        if at is not None:
            return at
    if isinstance(received, int):
        return received
    at = read_date(_envelope_date(envelope))
    return at if isinstance(at, int) else None


def read_date(text: str, *, needs_zone: bool = False) -> int | UnknownZone | None:
    """Milliseconds of a mail date or an ISO time; None if it is invalid or before 1971."""
    text = " ".join(text[:_MAX_DATE_CHARS].split())
    try:
        milliseconds = _instant(text, needs_zone)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
    if milliseconds is None:
        return UnknownZone()
    return milliseconds if _MIN_TIME_MS <= milliseconds < _MAX_TIME_MS else None


def _instant(text: str, needs_zone: bool) -> int | None:
    clock = _CLOCK.search(text)
    if clock is None or "T" in text[max(0, clock.start() - 1) : clock.start()]:
        return parse_time(text)
    before, after = text[: clock.start()].strip(), text[clock.end() :].strip()
    zone_name, year = _zone_and_year(after)
    if not zone_name and needs_zone:
        return None
    moment = _moment(f"{before} {year}".strip(), clock)
    zone = _zone(zone_name)
    return None if zone is None else from_datetime(moment.replace(tzinfo=zone).astimezone(UTC))


def _zone_and_year(after: str) -> tuple[str, str]:
    """The zone, without comments unless there is nothing else; the year, if it follows the clock (as in `asctime`)."""
    comment = _COMMENT.search(after)
    bare = _COMMENT.sub(" ", after).partition("(")[0].strip()
    year = _YEAR.search(bare)
    zone = f"{bare[: year.start()]} {bare[year.end() :]}".strip() if year else bare
    return zone or (comment[1].strip() if comment else ""), year[0] if year else ""


def _moment(date: str, clock: re.Match[str]) -> datetime:
    if _ISO_DATE.fullmatch(date):
        date = f"{date[8:]} {_MONTHS[int(date[5:7]) - 1]} {date[:4]}"
    fields = parsedate_tz(f"{date} {clock[1]}:{clock[2]}:{clock[3] or '00'} +0000")
    if fields is None:
        words = [word.strip(",") for word in date.split() if word.strip(",")[:3].title() not in _WEEKDAYS]
        # `Jan 5 2026`, as JavaScript writes it.
        day_first = [words[1], words[0], *words[2:]] if len(words) == 3 and words[0].isalpha() else words
        fields = parsedate_tz(f"{' '.join(day_first)} {clock[1]}:{clock[2]}:{clock[3] or '00'} +0000")
    if fields is None:
        raise ValueError("no date")
    hour = int(clock[1]) if clock[4] is None else int(clock[1]) % 12 + 12 * (clock[4] in "pP")
    return datetime(fields[0], fields[1], fields[2], hour, int(clock[2]), min(int(clock[3] or 0), 59))


def _zone(name: str) -> tzinfo | None:
    name = name.strip("\"'")
    offset = _OFFSET.match(name)
    if offset is not None:
        total, minutes = int(offset[2]) * 60 + int(offset[3] or "0"), int(offset[3] or "0")
        if total >= _MAX_OFFSET_MINUTES or minutes > 59:
            raise ValueError("the offset from UTC is too large")
        return timezone(timedelta(minutes=total if offset[1] == "+" else -total))
    key = name.lower().strip(".,;\"'")
    if key in _MINUTES:
        return timezone(timedelta(minutes=_MINUTES[key]))
    area = _ZONES_WITH_SUMMER_TIME.get(key) or (name if _AREA.fullmatch(name) else _area_of_windows(name))
    try:
        return ZoneInfo(area) if area else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _area_of_windows(name: str) -> str | None:
    """The IANA name of `W. Europe Standard Time`."""
    if not name.endswith("Time"):
        return None
    # Rare: a calendar library is loaded for it only then.
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

    area: str | None = WINDOWS_TO_OLSON.get(name.replace("Daylight", "Standard").replace("Summer", "Standard"))
    return area


def _envelope_date(envelope: str) -> str:
    """The end of a `From ` line, from the weekday or month on."""
    words = envelope[: 2 * _MAX_DATE_CHARS].split()
    days = [index for index, word in enumerate(words) if word[:3] in _WEEKDAYS]
    return " ".join(words[days[-1] :]) if days else " ".join(words[2:])
