"""The community calendar of a real foundation: 2,298 entries of six years, exported by Google."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from intake.calendar import connector as calendar_file
from intake.calendar.components import Component, read_components
from intake.calendar.events import CalendarEntry, EventContext, newest_versions, parse_entry
from intake.calendar.series import Occurrence, occurrences
from intake.observation import Filtered, Observation
from schemas.times import from_datetime
from tests.requirements import real_data

HALF_YEAR = datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 7, 1, tzinfo=UTC)
EXPORTED = datetime(2024, 9, 28, 18, tzinfo=UTC)


def finos() -> Path:
    return real_data() / "calendar_finos" / "finos_community_calendar.ics"


def test_every_entry_is_read_and_the_first_half_of_2024_holds_299_meetings() -> None:
    events = [block for block in read_components(finos()) if isinstance(block, Component) and block.kind == "VEVENT"]
    entries = [entry for block in events if isinstance(entry := parse_entry(block, EventContext()), CalendarEntry)]
    groups: dict[str, list[CalendarEntry]] = {}
    newest, _ = newest_versions(entries)
    for entry in newest:
        groups.setdefault(entry.uid, []).append(entry)
    begin, end = HALF_YEAR
    found = [one for group in groups.values() for one in occurrences(group, EXPORTED) if isinstance(one, Occurrence)]
    assert (len(events), len(entries), sum(begin <= one.start < end for one in found)) == (2_298, 2_298, 299)


def test_only_meetings_with_somebody_from_outside_are_engagement() -> None:
    items = list(calendar_file.read(finos(), frozenset({"finos.org"}), now=from_datetime(EXPORTED)))
    kinds = Counter(item.why if isinstance(item, Filtered) else type(item).__name__ for item in items)
    people = {item.email for item in items if isinstance(item, Observation)}
    assert kinds == {
        "no outside attendee": 2_097,
        "an all-day entry": 23,
        "no occurrence within the horizon": 51,
        "Observation": 27,
    }
    assert people == {"nick@openfin.co", "finos.emergingtech@gmail.com"}
