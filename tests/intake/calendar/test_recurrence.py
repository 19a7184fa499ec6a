"""The starts of a rule are those of dateutil, which is asked in years that have the same calendar."""

from datetime import date, datetime, timedelta
from itertools import takewhile

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.calendar.recurrence import Rule

PARTS = {
    "INTERVAL": ["1", "2", "5"],
    "BYDAY": ["MO", "TU,SU", "FR"],
    "BYMONTHDAY": ["1", "31", "-1", "29,30"],
    "BYMONTH": ["1", "2", "6,12"],
    "BYWEEKNO": ["1", "20,21", "53", "-1"],
    "BYYEARDAY": ["1", "60", "366", "-1"],
    "BYSETPOS": ["1", "-1"],
    "WKST": ["SU", "WE"],
}
rules = st.builds(
    lambda frequency, parts: ";".join([f"FREQ={frequency}", *(f"{name}={value}" for name, value in parts.items())]),
    st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]),
    st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in PARTS.items()}),
)
firsts = st.datetimes(datetime(1950, 1, 1), datetime(2020, 1, 1)).map(lambda moment: moment.replace(microsecond=0))


@given(rules, firsts, st.integers(0, 5_000))
@settings(max_examples=150, deadline=None)
def test_starts_are_those_of_dateutil(text: str, first: datetime, days: int) -> None:
    until = first + timedelta(days=days)
    rule = Rule(text=text, until=None, is_impossible=False)
    expected = takewhile(lambda start: start <= until, rrulestr(text, dtstart=first).xafter(first, count=400, inc=True))
    found = list(rule.starts(first, until))
    assert found[:400] == (list(expected) if found else [])


def test_a_rule_whose_next_start_would_lie_beyond_all_years_ends() -> None:
    rule = Rule(text="FREQ=WEEKLY;BYMONTHDAY=1", until=None, is_impossible=False)
    starts = rule.starts(datetime(1999, 9, 1), datetime(1999, 12, 1))
    assert [(start.month, start.day) for start in starts] == [(9, 1), (10, 1), (11, 1), (12, 1)]


@pytest.mark.parametrize("last", [date(1999, 12, 31), date(2027, 12, 31), date(2150, 1, 1)])
def test_an_end_stays_an_end_in_any_year(last: date) -> None:
    rule = Rule(text="FREQ=YEARLY", until=datetime(last.year, last.month, last.day), is_impossible=False)
    starts = list(rule.starts(datetime(1960, 1, 1), datetime(2300, 1, 1)))
    assert (starts[0], starts[-1].year, len(starts)) == (datetime(1960, 1, 1), last.year, last.year - 1959)
