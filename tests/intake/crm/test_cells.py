"""Cells of CRM exports: unambiguous dates and numbers are parsed, others rejected."""

from contextlib import suppress
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.crm.cells import DateOrder, boolean_of, date_order_of, time_of
from schemas.times import format_time


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("2026-01-05", "auto", "2026-01-05T00:00:00.000Z"),
        ("2026-01-05 09:12", "dmy", "2026-01-05T09:12:00.000Z"),
        ("2026-01-05 09:12:07", "auto", "2026-01-05T09:12:07.000Z"),
        ("2026-01-05T09:12:00+01:00", "auto", "2026-01-05T08:12:00.000Z"),
        ("20-10-16", "auto", "2016-10-20T00:00:00.000Z"),
        ("01-03-71", "dmy", "1971-03-01T00:00:00.000Z"),
        ("10-20-2016", "auto", "2016-10-20T00:00:00.000Z"),
        ("2016/10/20 9:12", "auto", "2016-10-20T09:12:00.000Z"),
        ("5.1.2026", "auto", "2026-01-05T00:00:00.000Z"),
        ("05.01.2026 09:12:07", "auto", "2026-01-05T09:12:07.000Z"),
        ("10/20/2016", "auto", "2016-10-20T00:00:00.000Z"),
        ("20/10/2016", "auto", "2016-10-20T00:00:00.000Z"),
        ("5/5/2026, 12:07 AM", "auto", "2026-05-05T00:07:00.000Z"),
        ("1/5/2026 1:07 pm", "mdy", "2026-01-05T13:07:00.000Z"),
        ("1/5/2026", "dmy", "2026-05-01T00:00:00.000Z"),
        ("1564113600000", "auto", "2019-07-26T04:00:00.000Z"),
    ],
)
def test_unambiguous_dates(text: str, order: DateOrder, expected: str) -> None:
    assert format_time(time_of(text, order)) == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1/5/2026", "ambiguous: add --dates dmy or --dates mdy"),
        ("01-03-71", "ambiguous: add --dates dmy or --dates mdy"),
        ("31.2.2026", "not a date: write it as 2026-01-05 or 2026-01-05 09:12"),
        ("5.1.2026 25:00", "not a date: write it as 2026-01-05 or 2026-01-05 09:12"),
        ("5.1.2026 soon", "not a date: write it as 2026-01-05 or 2026-01-05 09:12"),
        ("Q1 2026", "not a date: write it as 2026-01-05 or 2026-01-05 09:12"),
        ("42735", "not a date: write it as 2026-01-05 or 2026-01-05 09:12"),
    ],
)
def test_ambiguous_and_invalid_dates(text: str, why: str) -> None:
    with pytest.raises(ValueError) as error:
        time_of(text)
    assert str(error.value) == why


def test_times_without_a_zone_are_those_of_the_export() -> None:
    assert format_time(time_of("2026-07-05 09:12", zone=ZoneInfo("Europe/Berlin"))) == "2026-07-05T07:12:00.000Z"


@given(st.datetimes(datetime(1970, 1, 1), datetime(2069, 12, 31)), st.sampled_from([".", "-", "/"]))
def test_every_date_round_trips(day: datetime, separator: str) -> None:
    written = day.strftime(separator.join(("%d", "%m", "%y"))), day.strftime(separator.join(("%m", "%d", "%Y")))
    midnight = int(day.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=UTC).timestamp() * 1000)
    assert (time_of(written[0], "dmy"), time_of(written[1], "mdy")) == (midnight, midnight)


@given(st.text())
def test_any_text_is_parsed_or_rejected(text: str) -> None:
    with suppress(ValueError):
        assert isinstance(time_of(text), int)
    assert boolean_of(text) in (True, False, None)


def test_yes_and_no_in_the_languages_of_crms() -> None:
    assert [boolean_of(text) for text in ("TRUE", "1", "ja", "Sí", "0", "Nein", "falso", "perhaps")] == [
        True,
        True,
        True,
        True,
        False,
        False,
        False,
        None,
    ]


def test_a_date_shows_its_order_where_a_number_is_no_month() -> None:
    texts = ("20/10/2016", "10/20/2016", "20-10-16", "1/5/2026", "5/5/2026", "1.5.2026", "2026-01-05", "soon")
    assert [date_order_of(text) for text in texts] == ["dmy", "mdy", "dmy", "either", None, None, None, None]
