"""Conditions: whatever value they meet, the same answer as the oracle's plain questions, and never an exception."""

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scoring.model.loading import Condition
from scoring.plan.conditions import compile_account_conditions, compile_condition, url_path
from tests.scoring.oracle.operators import all_hold, meets_condition

values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 12) | st.sampled_from([1.0, 10.5, 1e300, "", "demo", "a demo", "/p/x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=4,
)
operators = st.one_of(
    st.sampled_from([True, False, 1, 10.5, "demo", ""]).map(lambda wanted: {"equals": wanted}),
    st.lists(st.sampled_from([True, 1, "demo", "x"]), min_size=1, max_size=3).map(lambda wanted: {"any_of": wanted}),
    st.sampled_from(["demo", 1, True]).map(lambda wanted: {"contains": wanted}),
    st.sampled_from(["de", "a "]).map(lambda wanted: {"prefix": wanted}),
    st.sampled_from(["/", "/p", "/p/"]).map(lambda wanted: {"path_prefix": wanted}),
    st.sampled_from(["^d", "o$", "em"]).map(lambda wanted: {"matches": wanted}),
    st.sampled_from([0, 10.5]).map(lambda wanted: {"above": wanted}),
    st.sampled_from([0, 10.5]).map(lambda wanted: {"below": wanted}),
    st.just({"between": [0, 10.5]}),
    st.booleans().map(lambda wanted: {"exists": wanted}),
)
conditions = operators | operators.map(lambda inner: {"not": inner}) | st.just({"above": 0, "below": 11})


@settings(max_examples=500)
@given(conditions, values)
@example({"path_prefix": "/"}, "")
def test_a_condition_holds_where_the_oracle_says_so(condition: dict[str, Any], value: Any) -> None:
    assert compile_condition(Condition.model_validate(condition))(value) == meets_condition(value, condition)


@given(st.dictionaries(st.sampled_from(["a", "b", "a.b", "b.a.b"]), operators, min_size=1, max_size=3), values)
def test_all_fields_have_to_hold_and_paths_go_into_objects(where: dict[str, Any], value: Any) -> None:
    content = value if isinstance(value, dict) else {"a": value}
    compiled = compile_account_conditions({field: Condition.model_validate(each) for field, each in where.items()})
    assert compiled(content) == all_hold(where, content)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://x.com/pricing?a=b#c", "/pricing"),
        ("//x.com/a", "/a"),
        ("https://x.com", "/"),
        ("https://x.com?next=/pricing", "/"),
        ("/pricing#top", "/pricing"),
        ("/a//b", "/a//b"),
        ("/Pri%63ing", "/Pri%63ing"),
        ("mailto:a@b.c", "mailto:a@b.c"),
        ("", ""),
    ],
)
def test_the_path_of_a_url_is_neither_decoded_nor_lower_cased(url: str, path: str) -> None:
    assert url_path(url) == path
