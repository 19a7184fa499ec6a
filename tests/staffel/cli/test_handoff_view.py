"""How a handoff reads on the screen: distances from the instant of the head, in the viewer's zone."""

from pathlib import Path

import pytest

from schemas.times import parse_time
from staffel.cli.handoff_view import distance_text, print_handoff, quantity_of_handoffs
from staffel.cli.viewer import Viewer
from tests.staffel.cli.sales_home import ACQUISITION, Clock, sales_home

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000


@pytest.mark.parametrize(
    ("distance", "text"),
    [
        (0, "less than 1 min"),
        (59 * SECOND, "less than 1 min"),
        (MINUTE, "1 min"),
        (2 * HOUR + 10 * MINUTE + 59 * SECOND, "2 h 10 min"),
        (2 * HOUR, "2 h"),
        (24 * HOUR, "1 d"),
        (76 * HOUR + 30 * MINUTE, "3 d 4 h"),
        (-90 * MINUTE, "1 h 30 min"),
    ],
)
def test_distances_are_told_in_two_units(distance: int, text: str) -> None:
    now = parse_time("2026-01-05T12:00:00Z")
    assert distance_text(now, now + distance) == text


@pytest.mark.parametrize(
    ("now", "line"),
    [
        ("2026-01-05T10:50:00Z", "due in 2 h 10 min (Mon 5 Jan 14:00), to sdr"),
        ("2026-01-05T13:00:00Z", "due in less than 1 min (Mon 5 Jan 14:00), to sdr"),
        ("2026-01-05T15:10:00Z", "OVERDUE by 2 h 10 min (due Mon 5 Jan 14:00), to sdr"),
    ],
)
@pytest.mark.parametrize("with_timers", [True, False], ids=["a host ran", "single commands"])
def test_the_due_time_is_told_from_the_instant_of_the_head(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], now: str, line: str, with_timers: bool
) -> None:
    clock = Clock("2026-01-05T09:00:00Z")
    with sales_home(tmp_path, clock) as home:
        home.record("web.form_submitted", form="demo")
        clock.set(now)
        if with_timers and "OVERDUE" in line:
            home.run_timers()
        view = home.view(ACQUISITION)

    print_handoff(view, {}, Viewer("Europe/Berlin", clock()))

    assert capsys.readouterr().out.splitlines() == [
        ACQUISITION,
        f"  {line}",
        "  qualified Mon 5 Jan 10:00 (web form submitted), score 10.0",
        "      10.0  demo, c_pat",
    ]
    assert quantity_of_handoffs([view]) == "1 handoff, 1 overdue" if "OVERDUE" in line else "1 handoff"
