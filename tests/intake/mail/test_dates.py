"""Dates of mails, their zones, and what stands in for them."""

import pytest

from intake.mail.dates import UnknownZone, read_date, sent_at
from schemas.times import format_time


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("Tue, 02 Jan 2024 11:30:00 +0100", "2024-01-02T10:30"),
        ("Tue, 02 Jan 2024 10:30:00 -0000", "2024-01-02T10:30"),
        ("2 Jan 24 10:30 GMT", "2024-01-02T10:30"),
        ("Tue, 2 Jan 2024 05:30:00 EST (somewhere)", "2024-01-02T10:30"),
        ("Tue Jan  2 10:30:00 2024", "2024-01-02T10:30"),
        ("2024-01-02T10:30:00Z", "2024-01-02T10:30"),
        ("2024-01-02 11:30:00 +01:00", "2024-01-02T10:30"),
        ("Tue, 30 Feb 2024 10:30:00 +0000", None),
        ("Tue, 02 Jan 2024 10:30:00 +9999", None),
        ("Thu, 01 Jan 1970 00:00:00 +0000", None),
        ("Tue, 02 Jan 99999 10:30:00 +0000", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_dates_in_all_formats(text: str, at: str | None) -> None:
    milliseconds = read_date(text)
    assert (format_time(milliseconds)[:16] if isinstance(milliseconds, int) else milliseconds) == at


@pytest.mark.parametrize(
    "text",
    [
        "11:30:00 +01:00",
        "11:30:00 +1",
        "11:30:00 +100",
        "11:30:00 GMT+01:00",
        "11:30:00 GMT+0100",
        "11:30:00 GMT +0100",
        "11:30:00 UTC+1",
        "11:30:00 CET",
        "11:30:00 MEZ",
        "11:30:00 (CET)",
        "11:30:00 Europe/Berlin",
        "11:30:00 +0100 (GMT+02:00)",
        "11:30:00 CET-1CEST",
        "05:30:00 EST5EDT",
        "2:30:00 AM PST8PDT",
        "16:00:00 +0530",
        "11:30:00 W. Europe Standard Time",
        "11:30:00 MET",
        '11:30:00 "GMT+01:00"',
        "11:30:00 Etc/GMT-1",
    ],
)
def test_zones_in_all_notations(text: str) -> None:
    assert format_time(read_date(f"Tue, 02 Jan 2024 {text}")) == "2024-01-02T10:30:00.000Z"


@pytest.mark.parametrize("date", ["Tue Jan 02 2024 11:30:00 GMT+0100 (CET)", "Tue Jan 02 11:30:00 CET 2024"])
def test_dates_as_javascript_and_java_write_them(date: str) -> None:
    assert format_time(read_date(date)) == "2024-01-02T10:30:00.000Z"


def test_a_zone_with_summer_time_has_it_in_summer() -> None:
    assert format_time(read_date("Tue, 02 Jul 2024 06:30:00 EST5EDT")) == "2024-07-02T10:30:00.000Z"


@pytest.mark.parametrize("zone", ["IST", "XYZ", "Martian Standard Time", "Mars/Olympus", "../../etc/passwd"])
def test_a_zone_that_nobody_can_tell_is_not_taken_for_utc(zone: str) -> None:
    assert read_date(f"Tue, 02 Jan 2024 10:30:00 {zone}") == UnknownZone()


def test_without_a_valid_date_received_then_the_envelope_gives_the_time() -> None:
    received = {
        "received": ["from a by b; Tue, 2 Jan 2024 10:31:00 +0000", "from x by a; Tue, 2 Jan 2024 10:30:00 +0000"]
    }
    assert format_time(sent_at({"date": ["soon"], **received}) or 0)[:16] == "2024-01-02T10:31"
    assert format_time(sent_at({}, "From ada@x.test Tue Jan  2 10:29:00 2024") or 0)[:16] == "2024-01-02T10:29"


def test_with_an_unknown_zone_the_newest_received_gives_the_time_and_nothing_else() -> None:
    unknown = {"date": ["Tue, 2 Jan 2024 16:00:00 IST"]}
    received = {"received": ["from a by b; Tue, 2 Jan 2024 11:31:00 +0100"]}
    assert format_time(sent_at({**unknown, **received})) == "2024-01-02T10:31:00.000Z"
    assert sent_at(unknown, "From ada@x.test Tue Jan  2 10:29:00 2024") == UnknownZone()
