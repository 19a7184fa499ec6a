"""What may be written as a fact, and what the answer is where it may not."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.dead_letters import dead_letter_headers, dead_letter_id, parse_error_headers
from schemas.envelope import Fact, FactRecord, decode_fact, encode_fact, record_id
from schemas.facts.registry import (
    CONTROL_TYPES,
    ENGAGEMENT_FAMILIES,
    STRUCTURE_TYPES,
    TYPE_NAMES,
    TYPES,
    family,
    fields_of,
    is_engagement,
    known_type,
    unversioned,
)
from schemas.facts.upcasters import upcast
from schemas.facts.validation import MAX_DATA_BYTES, MAX_TEXT_LENGTH, FactProblem, check_fact

VIEW = "web.page_viewed.v1"


def problems_of(type_: str, data: dict[str, Any]) -> list[tuple[str, str]]:
    """Field and code of every problem."""
    answer = check_fact(type_, data)
    return [] if isinstance(answer, dict) else [(problem.field, problem.code) for problem in answer]


def test_good_data_comes_back_as_it_is() -> None:
    data = {"url": "https://example.com/pricing", "duration_s": 12, "something": {"else": [1, None]}}
    assert check_fact(VIEW, data) is data


def test_all_fields_are_optional_where_a_fact_says_enough_without_them() -> None:
    asking = {type_ for type_ in TYPES if problems_of(type_, {})}
    assert asking == {
        "account.domain_claimed.v1", "account.merged.v1", "account.split.v1", "contact.moved.v1", "custom.tracked.v1",
        "engagement.reinstated.v1", "handoff.accepted.v1", "handoff.assigned.v1", "handoff.converted.v1",
        "handoff.expired.v1",
        "handoff.recycled.v1", "handoff.rejected.v1", "model.activated.v1", "move.canceled.v1", "move.completed.v1",
        "move.undone.v1", "nps.answered.v1", "nps.answered.v2", "score.adjusted.v1",
    }  # fmt: skip


def test_an_unknown_type_or_version_is_named() -> None:
    why = "unknown event type 'web.page_viewed.v9'; see schemas/published/facts.json"
    assert check_fact("web.page_viewed.v9", {}) == (FactProblem("type", "unknown_type", why),)
    assert not known_type("web.page_viewed")


@pytest.mark.parametrize(
    ("data", "problems"),
    [
        ({"url": 5, "bot": "yes"}, [("bot", "bad_field"), ("url", "bad_field")]),
        ({"url": "x" * 1_000_000}, [("url", "too_long")]),
        ({"a": {"b": ["x" * (MAX_TEXT_LENGTH + 1)]}}, [("a.b[0]", "too_long")]),
        ({"k" * (MAX_TEXT_LENGTH + 1): 1}, [("k" * 40, "too_long")]),
        ({"a": ["x" * 10_000] * 30}, [("data", "too_large")]),
        ({"url": "a\0b"}, [("url", "bad_text")]),
        ({"url": "\ud800"}, [("url", "bad_text")]),
        ({"n": 10**40}, [("n", "bad_number")]),
        ({"n": -1e300}, [("n", "bad_number")]),
        ({"n": object}, [("data", "bad_data")]),
    ],
    ids=lambda given: str(given)[:30],
)
def test_what_cannot_be_kept_is_refused_with_its_field(data: dict[str, Any], problems: list[tuple[str, str]]) -> None:
    assert problems_of(VIEW, data) == problems


def test_a_problem_says_what_was_found_and_what_is_kept() -> None:
    assert check_fact(VIEW, {"title": "x" * 20_000}) == (
        FactProblem("title", "too_long", "title has 20000 characters; the maximum is 16384"),
    )


def test_the_longest_text_and_the_largest_data_are_kept() -> None:
    assert problems_of(VIEW, {"url": "x" * MAX_TEXT_LENGTH}) == []
    assert problems_of(VIEW, {f"f{n}": "x" * 16_000 for n in range(MAX_DATA_BYTES // 16_100)}) == []


def test_data_may_be_nested_but_not_without_end() -> None:
    deep: Any = {}
    for _ in range(40):
        deep = {"a": deep}
    [(_, code)] = problems_of(VIEW, deep)
    assert code == "too_deep"
    for _ in range(5000):
        deep = [deep]
    assert problems_of(VIEW, {"a": deep}) == [("data", "bad_data")]


def test_a_text_in_place_of_a_quantity_is_kept_as_text() -> None:
    data = {"count": "11"}
    assert check_fact("product.used.v1", data) is data


def test_firmographics_may_be_null_and_an_amount_is_a_number() -> None:
    assert problems_of("account.updated.v1", {"industry": None, "employees": None}) == []
    assert problems_of("opportunity.won.v1", {"amount": "48000"}) == [("amount", "bad_field")]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False) | st.text(max_size=50),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)


@given(st.sampled_from(sorted(TYPES)), st.dictionaries(st.text(max_size=10), json_values, max_size=6))
def test_the_check_answers_with_the_data_or_with_problems_and_never_raises(type_: str, data: dict[str, Any]) -> None:
    answer = check_fact(type_, data)
    assert answer is data or (answer and all(isinstance(problem, FactProblem) for problem in answer))


def test_the_first_nps_version_is_clamped_into_the_second() -> None:
    assert upcast("nps.answered.v1", {"score": 11.5, "x": 1}) == ("nps.answered.v2", {"score": 10, "x": 1})
    assert upcast("nps.answered.v1", {"score": -3}) == ("nps.answered.v2", {"score": 0})
    assert upcast("nps.answered.v1", {"score": "9"}) == ("nps.answered.v2", {"score": "9"})
    assert upcast("nps.answered.v2", {"score": 9}) == ("nps.answered.v2", {"score": 9})
    assert upcast(VIEW, {}) == (VIEW, {})


def test_families_say_what_is_engagement() -> None:
    outside = {family(type_) for type_ in TYPES if not is_engagement(type_)}
    assert outside == {
        "account",
        "contact",
        "handoff",
        "opportunity",
        "nps",
        "score",
        "model",
        "review",
        "engagement",
        "move",
    }
    assert {family(type_) for type_ in TYPES if is_engagement(type_)} == set(ENGAGEMENT_FAMILIES)


def test_control_and_structure_facts_are_known() -> None:
    assert {unversioned(type_) for type_ in CONTROL_TYPES} == {
        "model.activated", "review.due", "engagement.retracted", "engagement.reinstated",
        "move.completed", "move.canceled",
    }  # fmt: skip
    assert set(TYPES) >= STRUCTURE_TYPES
    assert unversioned("nps.answered.v2") == "nps.answered" == unversioned("nps.answered")
    assert "nps.answered" in TYPE_NAMES


def test_the_allow_list_of_a_type_is_what_it_declares() -> None:
    assert fields_of("web.form_submitted.v1") == {"form", "url", "bot"}


def test_the_two_envelopes_have_the_same_fields() -> None:
    assert tuple(Fact.model_fields) == FactRecord.__struct_fields__


def test_an_envelope_is_written_in_one_order_and_without_what_is_absent() -> None:
    written = encode_fact(
        id="f1",
        source="web",
        type=VIEW,
        subject="acme.com",
        time=0,
        recorded_at=1,
        contact="c_a",
        data={"b": 1, "a": 2},
    )
    assert written == (
        b'{"specversion":"1.0","id":"f1","source":"web","type":"web.page_viewed.v1","subject":"acme.com",'
        b'"time":"1970-01-01T00:00:00.000Z","recordedtime":"1970-01-01T00:00:00.001Z","contact":"c_a",'
        b'"data":{"a":2,"b":1}}'
    )
    assert decode_fact(written).data == {"a": 2, "b": 1}
    assert record_id("web", "f1") == "web\nf1"


def test_a_dead_letter_says_where_the_record_stands_and_keeps_no_header_of_its_own() -> None:
    headers = dead_letter_headers("engagement", 3, 17, code="not_json", why="no JSON", headers=[("x", b"1")])
    assert "x" not in dict(headers)
    assert parse_error_headers(headers) == {
        "topic": "engagement",
        "partition": "3",
        "offset": "17",
        "connector.name": "staffel",
        "stage": "VALUE_CONVERTER",
        "exception.class.name": "not_json",
        "exception.message": "no JSON",
    }
    assert dead_letter_id("engagement", 3, 17) == "engagement/3/17"


def test_a_dead_letter_of_a_dead_letter_says_the_last_place_alone() -> None:
    first = dead_letter_headers("engagement", 3, 17, code="not_json", why="no JSON")
    again = dead_letter_headers("engagement", 0, 1, code="too_large", why="…", headers=first)
    assert len(again) == len(first)
    assert parse_error_headers(again)["offset"] == "1"
