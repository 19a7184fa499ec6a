"""Time zones by the names that calendars give them: IANA, a VTIMEZONE of the file, Windows, Microsoft's display names.

Format: RFC 5545, sections 3.2.19 and 3.6.5. Windows names by the table of the Unicode CLDR in `icalendar`. A display
name such as `(UTC+01:00) Amsterdam, Berlin, Bern` is resolved by the first of its cities that names an IANA zone with
that offset, so in any language that writes one of the cities as IANA does.
"""

import re
import warnings
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache, lru_cache
from typing import cast
from zoneinfo import ZoneInfo, available_timezones

from icalendar import Timezone
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from intake.calendar.components import Component
from intake.calendar.content_lines import Property, parse_property

MOST_ZONES = 500
"""Of a file: real ones define a few."""
_MOST_ZONE_LINES = 2_000
_START_BEFORE_1970 = re.compile(r"(?i)^(DTSTART[^:]*:)(?:1[0-8]\d\d|19[0-6]\d)(?=\d{4}T)")
_DAYLIGHT = re.compile(r"\b(?:daylight|summer)\b")
"""Outlook shows the name of the half of the year; the zone is the same."""
_UTC_NAMES = frozenset({"utc", "z", "zulu", "gmt", "etc/utc", "tzone://microsoft/utc", "coordinated universal time"})
_OFFSET = re.compile(r"(?i)(?:UTC|GMT)?[ ]?([+-])(\d{1,2})(?:[:.]?(\d\d))?")
_DISPLAY_NAME = re.compile(r"(?i)\((?:UTC|GMT)(?:[ ]?([+-])(\d{1,2})[:.](\d\d))?\)(.{0,200})")
_OTHER_PLACES = {
    "abu dhabi": "Asia/Dubai",
    "alaska": "America/Anchorage",
    "aleutian islands": "America/Adak",
    "arizona": "America/Phoenix",
    "astana": "Asia/Almaty",
    "atlantic time (canada)": "America/Halifax",
    "azores": "Atlantic/Azores",
    "baja california": "America/Tijuana",
    "bern": "Europe/Zurich",
    "bougainville island": "Pacific/Bougainville",
    "brasilia": "America/Sao_Paulo",
    "cabo verde is.": "Atlantic/Cape_Verde",
    "cape verde is.": "Atlantic/Cape_Verde",
    "central america": "America/Guatemala",
    "central time (us & canada)": "America/Chicago",
    "chatham islands": "Pacific/Chatham",
    "chennai": "Asia/Kolkata",
    "chetumal": "America/Cancun",
    "chihuahua": "America/Chihuahua",
    "chokurdakh": "Asia/Srednekolymsk",
    "city of buenos aires": "America/Argentina/Buenos_Aires",
    "coordinated universal time": "UTC",
    "easter island": "Pacific/Easter",
    "eastern time (us & canada)": "America/New_York",
    "edinburgh": "Europe/London",
    "ekaterinburg": "Asia/Yekaterinburg",
    "georgetown": "America/Guyana",
    "greenland": "America/Nuuk",
    "greenwich mean time : dublin": "Europe/London",
    "haiti": "America/Port-au-Prince",
    "hanoi": "Asia/Bangkok",
    "hawaii": "Pacific/Honolulu",
    "indiana (east)": "America/Indiana/Indianapolis",
    "international date line west": "Etc/GMT+12",
    "islamabad": "Asia/Karachi",
    "kiritimati island": "Pacific/Kiritimati",
    "kyiv": "Europe/Kiev",
    "la paz": "America/La_Paz",
    "lord howe island": "Australia/Lord_Howe",
    "marquesas islands": "Pacific/Marquesas",
    "mid-atlantic - old": "Etc/GMT+2",
    "mountain time (us & canada)": "America/Denver",
    "mumbai": "Asia/Kolkata",
    "new caledonia": "Pacific/Noumea",
    "new delhi": "Asia/Kolkata",
    "newfoundland": "America/St_Johns",
    "norfolk island": "Pacific/Norfolk",
    "nuku'alofa": "Pacific/Tongatapu",
    "osaka": "Asia/Tokyo",
    "pacific time (us & canada)": "America/Los_Angeles",
    "petropavlovsk-kamchatsky": "Asia/Kamchatka",
    "port louis": "Indian/Mauritius",
    "pretoria": "Africa/Johannesburg",
    "saint pierre and miquelon": "America/Miquelon",
    "salvador": "America/Bahia",
    "samoa": "Pacific/Apia",
    "saskatchewan": "America/Regina",
    "solomon is.": "Pacific/Guadalcanal",
    "sri jayawardenepura": "Asia/Colombo",
    "st. petersburg": "Europe/Moscow",
    "turks and caicos": "America/Grand_Turk",
    "west bank": "Asia/Hebron",
    "west central africa": "Africa/Lagos",
    "yangon (rangoon)": "Asia/Yangon",
    "yukon": "America/Whitehorse",
}
"""Places of Microsoft's display names that are no city of an IANA name."""


class Zones:
    """The zones of one file: those it defines, and the known ones."""

    def __init__(self, components: Iterable[Component] = ()) -> None:
        self._components: dict[str, Component] = {}
        self._defined: dict[str, tzinfo | None] = {}
        for component in components:
            if len(self._components) < MOST_ZONES:
                self._define(component)

    def named(self, name: str | None) -> tzinfo | None:
        """The zone with this name: an IANA name first, then a definition of the file, then other names."""
        key = _folded(name or "")
        return (_iana_zone(key) or self._defined_zone(key.lower()) or known_zone(key)) if key else None

    def _define(self, component: Component) -> None:
        name = next((p.text for p in _properties(component) if p.name == "TZID"), "")
        if name and not _iana_zone(_folded(name)) and _is_harmless(component):
            self._components.setdefault(_folded(name).lower(), component)

    def _defined_zone(self, key: str) -> tzinfo | None:
        if key in self._components:
            self._defined[key] = _parsed(self._components.pop(key))
        return self._defined.get(key)


@lru_cache(maxsize=10_000)
def known_zone(name: str) -> tzinfo | None:
    """The zone by a name that needs no definition."""
    key = _folded(name)
    if key.lower() in _UTC_NAMES:
        return UTC
    windows = _windows_names().get(_DAYLIGHT.sub("standard", key.lower()))
    return (
        _iana_zone(windows or key)
        or _vendor_zone(key)
        or _offset_zone(key)
        or _display_zone(key)
        or _american_zone(key)
    )


def _folded(name: str) -> str:
    return " ".join(name.replace("\\,", ",").strip(" \t\"'").split())[:300]


@lru_cache(maxsize=10_000)
def _iana_zone(name: str) -> tzinfo | None:
    found = _iana_names().get(name.lower())
    return ZoneInfo(found) if found else None


@cache
def _iana_names() -> dict[str, str]:
    return {name.lower(): name for name in sorted(available_timezones())}


@cache
def _windows_names() -> dict[str, str]:
    return {name.lower(): zone for name, zone in WINDOWS_TO_OLSON.items()}


def _vendor_zone(name: str) -> tzinfo | None:
    """A globally unique name such as `/freeassociation.sourceforge.net/Europe/Berlin`: its longest known end."""
    parts = name.strip("/").split("/")[-4:] if name.startswith("/") else []
    return next(filter(None, (_iana_zone("/".join(parts[start:])) for start in range(len(parts)))), None)


def _offset_zone(name: str) -> tzinfo | None:
    match = _OFFSET.fullmatch(name)
    offset = _offset(*match.groups()) if match else None
    return timezone(offset) if offset is not None else None


def _display_zone(name: str) -> tzinfo | None:
    match = _DISPLAY_NAME.fullmatch(name)
    offset = _offset(*match.groups()[:3]) if match else None
    if match is None or offset is None:
        return None
    if match[4].strip().lower().startswith("coordinated universal time") or not match[4].strip():
        return timezone(offset)
    places = re.split(r"[,/;]", match[4].lower())
    zones = (_zone_of_place(place.strip()) for place in (match[4].lower(), *places))
    return next((zone for zone in zones if zone and offset in _offsets(zone)), None)


def _american_zone(name: str) -> tzinfo | None:
    """`Eastern Time (US & Canada)`, a display name without its offset."""
    return _iana_zone(_OTHER_PLACES.get(name.lower(), "")) if name.lower().endswith("time (us & canada)") else None


def _offset(sign: str | None, hours: str | None, minutes: str | None) -> timedelta | None:
    size = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    return (-size if sign == "-" else size) if size < timedelta(hours=24) else None


def _zone_of_place(place: str) -> tzinfo | None:
    return _iana_zone(_OTHER_PLACES.get(place) or _cities().get(place.replace(" ", "_"), ""))


@cache
def _cities() -> dict[str, str]:
    """IANA names by their city. Of two with one city the one with a country is a duplicate of the other."""
    areas = ("Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")
    names = (name for name in sorted(available_timezones(), key=len, reverse=True) if name.startswith(areas))
    return {name.rpartition("/")[2].lower(): name for name in names}


@cache
def _offsets(zone: tzinfo) -> frozenset[timedelta]:
    """The offsets since 2012: a file may show the name that a zone had before its country changed the time."""
    moments = (datetime(year, month, 15, tzinfo=zone) for year in (2012, 2018, 2022, 2025) for month in (1, 7))
    return frozenset(moment.utcoffset() or timedelta(0) for moment in moments)


def _properties(component: Component) -> Iterator[Property]:
    return (parse_property(line, text) for line, text in component.lines)


def _is_harmless(component: Component) -> bool:
    """Whether the rules of a definition are those of real ones, one day a year: others could be expanded for long."""
    rules = [p.value.upper() for p in _properties(component) if p.name in ("RRULE", "EXRULE")]
    return len(component.lines) <= _MOST_ZONE_LINES and len(rules) <= 100 and all(map(_is_yearly, rules))


def _is_yearly(rule: str) -> bool:
    parts = dict(part.strip().partition("=")[::2] for part in rule.split(";"))
    days = re.findall(r"-?\d+", parts.get("BYMONTHDAY", ""))
    return (
        parts.get("FREQ") == "YEARLY"
        and len(rule) <= 200
        and not parts.keys() & {"BYWEEKNO", "BYYEARDAY", "BYHOUR", "BYMINUTE", "BYSECOND", "BYSETPOS", "BYEASTER"}
        and all(abs(int(day)) <= 28 for day in days)
        and len(days) <= 7
    )


def _recent_lines(component: Component) -> Iterator[str]:
    """The lines, with yearly rules that begin in 1970: Outlook lets them begin in 1601, and each year costs time."""
    observance: list[str] = []
    for _, text in component.lines:
        observance.append(text)
        if text.upper().startswith(("BEGIN", "END")):
            is_yearly = any(one.upper().startswith("RRULE") for one in observance)
            yield from (_START_BEFORE_1970.sub(r"\g<1>1970", one) if is_yearly else one for one in observance)
            observance = []
    yield from observance


def _parsed(component: Component) -> tzinfo | None:
    text = "\r\n".join(("BEGIN:VTIMEZONE", *_recent_lines(component), "END:VTIMEZONE", ""))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            zone: tzinfo = cast("Timezone", Timezone.from_ical(text)).to_tz(lookup_tzid=False)
            datetime(2025, 7, 1, tzinfo=zone).utcoffset()
        except Exception:
            return None
    return zone
