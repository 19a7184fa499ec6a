"""Clicks of scanners are marked: of one message and contact, three different links within ten seconds."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.observation import Observation
from intake.scanners import ClickSurvey, with_machine_clicks
from tests.intake.recorder.fakes import NOW, new_observation

PAT = "pat@acme.com"


def click(second: float, link: str | None, /, message: str | None = "spring", **fields: Any) -> Observation:
    """A click of Pat's, so many seconds after the first."""
    named = {"message": message, "url": link} | fields.pop("data", {})
    data = {name: value for name, value in named.items() if value is not None}
    values: dict[str, Any] = {"email": PAT, "data": data} | fields
    id = f"{second}/{link}/{message}/{values['email']}/{fields}"
    return new_observation(id, "email.clicked.v1", time=NOW - 3_600_000 + int(second * 1_000), **values)


def scan(message: str | None = "spring", **fields: Any) -> list[Observation]:
    """What a scanner does within four seconds."""
    return [click(2 * number, f"/{number}", message, **fields) for number in range(3)]


def machine_flags(observations: Sequence[Observation]) -> list[Any]:
    return [each.data.get("machine") for each in with_machine_clicks(observations)]


def test_three_different_links_within_ten_seconds_are_a_scanner() -> None:
    assert machine_flags([click(0, "/a"), click(5, "/b"), click(10, "/c")]) == [True, True, True]


@pytest.mark.parametrize(
    "clicks",
    [
        [click(0, "/a"), click(5, "/b"), click(10.001, "/c")],
        [click(0, "/a"), click(1, "/b"), click(2, "/a"), click(3, "/b")],
        [click(0, "/a"), click(1, "/b"), click(2, None)],
        [click(0, "/a"), click(1, "/b"), click(2, "/c", "autumn")],
        [click(0, "/a"), click(1, "/b"), click(2, "/c", email="kim@acme.com")],
        [click(0, "/a"), click(1, "/b"), click(2, "/c", source="another")],
    ],
    ids=["slower", "two links", "a click without a link", "two messages", "two people", "two sources"],
)
def test_anything_less_is_a_person(clicks: list[Observation]) -> None:
    assert machine_flags(clicks) == [None] * len(clicks)


def test_all_clicks_of_the_message_and_contact_are_marked_before_and_after_the_scan() -> None:
    clicks = [click(-3_000, "/a"), *scan(), click(3_000, "/a"), click(3_000, None)]
    assert machine_flags(clicks) == [True] * 6


def test_other_messages_and_other_people_stay_as_they_are() -> None:
    others = [click(1, "/1", "autumn"), click(1, "/1", email="kim@acme.com"), new_observation("view", email=PAT)]
    assert machine_flags([*scan(), *others]) == [True, True, True, None, None, None]


def test_the_order_of_the_clicks_does_not_matter() -> None:
    assert machine_flags([click(8, "/c"), click(0, "/a"), click(900, "/d"), click(4, "/b")]) == [True] * 4


def test_a_link_counts_with_the_parameters_that_are_not_kept() -> None:
    links = [f"https://www.example.com/offer?link={number}" for number in range(3)]
    assert machine_flags([click(number, link) for number, link in enumerate(links)]) == [True] * 3


def test_a_link_may_be_called_link() -> None:
    assert machine_flags([click(n, None, data={"link": f"/{n}"}) for n in range(3)]) == [True] * 3


def test_one_address_is_one_person_however_it_is_written() -> None:
    clicks = [click(n, f"/{n}", email=email) for n, email in enumerate((PAT, "Pat@ACME.com", " pat@acme.com"))]
    assert machine_flags(clicks) == [True] * 3


def test_a_verdict_of_the_source_that_a_person_clicked_does_not_hold_against_a_scan() -> None:
    assert machine_flags([*scan(), click(99, "/0", data={"machine": False})]) == [True] * 4


@pytest.mark.parametrize(
    ("data", "marked"),
    [({"campaign": "launch", "subject": "Hello"}, [True] * 4), ({}, [True, True, True, None])],
    ids=["one campaign and subject", "no name: one day"],
)
def test_clicks_without_a_message_are_of_one_if_their_source_names_them_alike(
    data: dict[str, str], marked: list[bool | None]
) -> None:
    clicks = [*scan(None, data=data), click(-48 * 3_600, "/0", None, data=data)]
    flags = [each.data.get("machine") for each in with_machine_clicks(clicks)]
    assert flags == marked


@pytest.mark.parametrize(
    "field", [{"type": 7}, {"time": "now"}, {"data": []}, {"email": 7}, {"contact": {}}, {"data": {"message": [1]}}]
)
def test_what_is_not_valid_is_left_to_its_rejection(field: dict[str, Any]) -> None:
    odd = Observation(**{"where": "x", "source": "s", "id": "1", "type": "email.clicked.v1", "time": NOW} | field)
    assert list(with_machine_clicks([odd, odd, odd, odd])) == [odd, odd, odd, odd]


@given(st.lists(st.tuples(st.integers(0, 40), st.sampled_from("abcd")), max_size=12))
def test_a_scan_is_found_exactly_where_three_links_fall_within_ten_seconds(clicks: list[tuple[int, str]]) -> None:
    def links_from(start: int) -> int:
        return len({link for second, link in clicks if start <= second <= start + 10})

    is_scan = any(links_from(start) >= 3 for start, _ in clicks)
    assert machine_flags([click(second, link) for second, link in clicks]) == [is_scan or None] * len(clicks)


def test_a_survey_keeps_the_messages_that_were_clicked_last() -> None:
    survey = ClickSurvey(most_messages=2)
    for each in [click(0, "/a"), click(1, "/b"), *(click(n, "/a", f"m{n}") for n in range(2)), click(2, "/c")]:
        survey.look(each)
    assert not survey.scanned


def test_a_survey_of_any_number_of_messages_finds_each_scan() -> None:
    survey = ClickSurvey(most_messages=2)
    for number in range(100):
        for each in scan(f"m{number}"):
            survey.look(each)
    assert len(survey.scanned) == 100
