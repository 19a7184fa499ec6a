"""The tally counts every item once, names the reasons, and stays small."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake import Filtered, Rejected
from staffel.ingestion import MAX_REJECTED_KEPT, Tally

BAD_LINE = Rejected("a.log:1", "bad_line", "not a line of a log")


def test_reasons_are_counted_the_most_frequent_first() -> None:
    tally = Tally()
    for why in ("an image", "status 404", "an image"):
        tally.count_filtered(Filtered("a.log:1", why))
    tally.count_rejected(BAD_LINE)
    assert tally.as_json() == {
        "read": 0,
        "recorded": 0,
        "duplicates": 0,
        "filtered": 3,
        "filtered_by": {"an image": 2, "status 404": 1},
        "bots": 0,
        "machines": 0,
        "aliases": 0,
        "rejected_total": 1,
        "rejected_by": {"bad_line": 1},
        "rejected": [{"where": "a.log:1", "code": "bad_line", "why": "not a line of a log"}],
        "left_out": {},
    }


def test_rejections_are_all_counted_and_the_first_thousand_kept() -> None:
    tally = Tally()
    for number in range(MAX_REJECTED_KEPT + 5):
        tally.count_rejected(Rejected(f"a.log:{number}", "bad_line", "odd"))
    assert (tally.rejected_total, tally.rejected_by) == (1_005, {"bad_line": 1_005})
    assert [item.where for item in tally.rejected] == [f"a.log:{number}" for number in range(1_000)]


@given(st.lists(st.integers(0, 300).map(lambda number: f"reason {number}"), max_size=600))
def test_at_most_a_hundred_reasons_are_named_and_the_rest_is_other(reasons: list[str]) -> None:
    tally = Tally()
    for why in reasons:
        tally.count_filtered(Filtered("a.log:1", why))
    named = list(dict.fromkeys(reasons))[:100]
    expected = Counter(why if why in named else "other" for why in reasons)
    assert tally.filtered_by == expected
    assert tally.filtered == len(reasons)


@pytest.mark.parametrize(
    ("why", "shown"),
    [
        ("From: Pat <pat@acme.com> is odd", "From: Pat <[address]> is odd"),
        ("client '198.51.100.7' is odd", "client '[ip]' is odd"),
        ("email: 'pat@acme' is not an address; for example pat@acme.com",
         "email: [address] is not an address; for example pat@acme.com"),
        ("row 12: 3 cells, but the header has 4", "row 12: 3 cells, but the header has 4"),
        ("x" * 5_000, "x" * 2_000),
    ],
)  # fmt: skip
def test_a_reason_shows_no_person_and_stays_short(why: str, shown: str) -> None:
    tally = Tally()
    tally.count_rejected(Rejected("a.csv:2", "bad_row", why))
    assert tally.rejected == [Rejected("a.csv:2", "bad_row", shown)]


def test_a_file_that_was_refused_whole_is_counted() -> None:
    tally = Tally()
    tally.count_rejected(BAD_LINE)
    tally.count_rejected(Rejected("b.log", "wrong_format", "not a log", whole=True))
    assert tally.refused_files == 1
