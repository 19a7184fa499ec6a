"""Instants on the screen: in the zone of the viewer, with the year and the offset where they matter."""

import pytest

from schemas import parse_time
from staffel.cli.viewer import Viewer
from tests.staffel.cli.cli_runner import run_cli

BERLIN = Viewer("Europe/Berlin", parse_time("2026-01-05T09:12:00Z"))


def test_the_head_names_the_instant_with_its_year_and_the_zone() -> None:
    assert BERLIN.head == "Mon 5 Jan 2026 10:12 (Europe/Berlin)"


def test_an_instant_is_shown_on_the_clock_of_the_viewer() -> None:
    assert BERLIN.instant("2026-01-05T09:12:00.000Z") == "Mon 5 Jan 10:12"
    assert BERLIN.instant(parse_time("2026-01-05T09:12:00Z")) == "Mon 5 Jan 10:12"


def test_the_year_is_shown_where_it_is_another_one_for_the_viewer() -> None:
    assert BERLIN.instant("2025-12-31T22:59:00Z") == "Wed 31 Dec 2025 23:59"
    assert BERLIN.instant("2025-12-31T23:00:00Z") == "Thu 1 Jan 00:00"
    assert (BERLIN.day("2025-12-31T12:00:00Z"), BERLIN.day("2026-01-05T23:30:00Z")) == ("Wed 31 Dec 2025", "Tue 6 Jan")


@pytest.mark.parametrize(
    ("time", "shown"),
    [
        ("2026-10-25T00:30:00Z", "Sun 25 Oct 02:30+02:00"),
        ("2026-10-25T01:30:00Z", "Sun 25 Oct 02:30+01:00"),
        ("2026-10-25T02:30:00Z", "Sun 25 Oct 03:30"),
        ("2026-03-29T00:59:00Z", "Sun 29 Mar 01:59"),
        ("2026-03-29T01:00:00Z", "Sun 29 Mar 03:00"),
    ],
)
def test_only_the_hour_that_comes_twice_tells_its_offset(time: str, shown: str) -> None:
    assert BERLIN.instant(time) == shown


def test_no_instant_is_no_text() -> None:
    assert (BERLIN.instant(None), BERLIN.day(None)) == (None, None)


@pytest.mark.parametrize(
    ("zone", "why"),
    [
        ("Europe/Belin", "not a time zone (did you mean 'Europe/Berlin'?) (now 'Europe/Belin')"),
        ("../../etc/passwd", "not a time zone; write one like Europe/Berlin (now '../../etc/passwd')"),
    ],
)
def test_a_zone_that_does_not_exist_is_told_before_anything_is_done(
    zone: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAFFEL_ZONE", zone)
    assert run_cli("accounts").failure == (2, f"STAFFEL_ZONE: {why}")
