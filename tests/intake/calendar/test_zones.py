"""Zones by the names that calendars give them."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from intake.calendar.zones import Zones
from tests.intake.calendar.ics_files import calendar, event, problems, read, shown

WINTER = datetime(2026, 1, 5, 10)
VERY_OLD_ZONE = (
    "BEGIN:VTIMEZONE",
    "TZID:Berlin\\, as Outlook writes it",
    "BEGIN:STANDARD",
    "DTSTART:16011028T030000",
    "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10",
    "TZOFFSETFROM:+0200",
    "TZOFFSETTO:+0100",
    "END:STANDARD",
    "BEGIN:DAYLIGHT",
    "DTSTART:16010325T020000",
    "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3",
    "TZOFFSETFROM:+0100",
    "TZOFFSETTO:+0200",
    "END:DAYLIGHT",
    "END:VTIMEZONE",
)


@pytest.mark.parametrize(
    ("name", "hours"),
    [
        ("Europe/Berlin", 1),
        ("europe/berlin", 1),
        ("W. Europe Standard Time", 1),
        ("tzone://Microsoft/Utc", 0),
        ("UTC", 0),
        ("(UTC) Coordinated Universal Time", 0),
        ("(UTC-11:00) Coordinated Universal Time-11", -11),
        ("(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", 1),
        ("Eastern Time (US & Canada)", -5),
        ("(UTC+01:00) Amsterdam, Berlin, Bern, Rom, Stockholm, Wien", 1),
        ("(GMT+01:00) Brussels, Copenhagen, Madrid, Paris", 1),
        ("(GMT+01.00) Sarajevo/Warsaw/Zagreb", 1),
        ("(UTC-05:00) Eastern Time (US & Canada)", -5),
        ("(UTC+05:30) Chennai, Kolkata, Mumbai, New Delhi", 5.5),
        ("(UTC+00:00) Dublin, Edinburgh, Lisbon, London", 0),
        ("(UTC-03:00) Brasilia", -3),
        ("/freeassociation.sourceforge.net/Europe/Berlin", 1),
        ("/mozilla.org/20050126_1/America/Argentina/Buenos_Aires", -3),
        ("/Europe/Berlin", 1),
        ("W. Europe Daylight Time", 1),
        ("Pacific Daylight Time", -8),
        ("GMT+0100", 1),
    ],
)
def test_a_zone_is_known_by_many_names(name: str, hours: float) -> None:
    assert WINTER.replace(tzinfo=Zones().named(name)).utcoffset() == timedelta(hours=hours)


@pytest.mark.parametrize(
    "name",
    ["tzone://Microsoft/Custom", "(UTC+01:00) Nowhere", "(UTC+08:00) Berlin", "Mitteleuropäische Zeit", "../UTC", ""],
)
def test_a_name_that_tells_no_offset_for_sure_is_unknown(name: str) -> None:
    assert Zones().named(name) is None


@pytest.mark.parametrize("quote", ['"', ""])
@pytest.mark.parametrize("name", ["tzone://Microsoft/Utc", "(UTC+00:00) Monrovia, Reykjavik"])
def test_a_name_with_a_colon_is_read_with_and_without_quotes(tmp_path: Path, name: str, quote: str) -> None:
    path = calendar(tmp_path, event(f"DTSTART;TZID={quote}{name}{quote}:20240110T090000"))
    assert [start for _, _, start in shown(read(path))] == ["2024-01-10T09:00"]


def test_a_definition_of_the_file_comes_before_what_its_name_may_mean(tmp_path: Path) -> None:
    name = "(UTC+00:00) Monrovia\\, Reykjavik"
    defined = (VERY_OLD_ZONE[0], f"TZID:{name}", *VERY_OLD_ZONE[2:])
    meeting = event('DTSTART;TZID="(UTC+00:00) Monrovia, Reykjavik":20240710T110000', without="DTEND")
    assert [start for _, _, start in shown(read(calendar(tmp_path, meeting, defined)))] == ["2024-07-10T09:00"]


def test_rules_that_begin_in_1601_hold_today(tmp_path: Path) -> None:
    starts = ['DTSTART;TZID="Berlin, as Outlook writes it":20240110T110000', "DTEND:20240110T110000Z"]
    assert [start for _, _, start in shown(read(calendar(tmp_path, event(*starts), VERY_OLD_ZONE)))] == [
        "2024-01-10T10:00"
    ]


@pytest.mark.parametrize(
    "rule", ["FREQ=DAILY", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6"]
)
def test_a_definition_with_a_rule_that_no_zone_has_is_not_used(tmp_path: Path, rule: str) -> None:
    zone = [line if not line.startswith("RRULE") else f"RRULE:{rule}" for line in VERY_OLD_ZONE]
    path = calendar(tmp_path, event('DTSTART;TZID="Berlin, as Outlook writes it":20240110T110000'), tuple(zone))
    assert problems(read(path)) == [("meetings.ics:10", "unknown_zone")]


def test_the_zone_of_a_calendar_may_have_any_of_these_names(tmp_path: Path) -> None:
    head = ("X-WR-TIMEZONE:W. Europe Standard Time",)
    path = calendar(tmp_path, event("DTSTART:20240110T100000"), head=head)
    assert [start for _, _, start in shown(read(path))] == ["2024-01-10T09:00"]
